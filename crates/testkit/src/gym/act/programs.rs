//! Actions on programs and processes (dev layer).
//!
//! `{"shell": C, "timeoutMs": N}` runs `sh -c`, tells its output and exit code (kept to 64 KiB) and, with
//! `"into": PATH`, writes them to a file as JSON · `{"daemon": [PATH, MILLISECONDS]}` leaves a child in a session of its
//! own that writes the file later · `{"leak": SECONDS}` leaves one that holds this process's streams · `{"stderr": T}` · `{"exit": CODE}` · `{"signal": NUMBER}` ends this process.

use super::Verb;
use crate::gym::actor::{Actor, Done, Flow};
use crate::gym::script::Action;
use crate::surroundings;
use nix::sys::signal::{SigSet, Signal, raise};
use serde_json::json;
use std::fs;
use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

/// The most output of a command that is told, in bytes.
const MAX_OUTPUT: u64 = 64 << 10;

pub(super) const VERBS: &[Verb] = &[
    ("shell", shell),
    ("daemon", daemon),
    ("leak", leak),
    ("stderr", stderr),
    ("exit", exit),
    ("signal", signal),
];

/// A command that has none of this process's streams.
pub(in crate::gym) fn detached(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

fn shell(actor: &Actor, action: &Action) -> Done {
    let command = action.text()?;
    let id = actor.tool_id();
    actor.update(&json!({
        "sessionUpdate": "tool_call", "toolCallId": id, "title": command, "kind": "execute",
        "status": "in_progress", "rawInput": {"command": command},
    }))?;
    let longest = Duration::from_millis(action.option_number("timeoutMs", 600_000));
    let (code, output) = match finish(actor, command, longest) {
        Ok((status, output)) => (status.and_then(|status| status.code()), output),
        Err(error) => (None, format!("cannot run it: {error}")),
    };
    if let Some(path) = action.option_text("into") {
        let result = json!({"command": command, "code": code, "output": output});
        let written = fs::write(actor.session.path(path), result.to_string());
        written.map_err(|error| format!("cannot write {path}: {error}"))?;
    }
    let content = json!([{"type": "content", "content": {"type": "text", "text": output}}]);
    actor.update(&json!({
        "sessionUpdate": "tool_call_update", "toolCallId": id, "content": content, "rawOutput": {"exitCode": code},
        "status": if code == Some(0) { "completed" } else { "failed" },
    }))?;
    Ok(Flow::On)
}

/// Runs a command to its end; `None` if it had to be ended, because the time was over or the turn was cancelled.
fn finish(actor: &Actor, command: &str, longest: Duration) -> io::Result<(Option<ExitStatus>, String)> {
    let mut shell = surroundings::command("sh");
    shell.args(["-c", &format!("exec 2>&1\n{command}")]).current_dir(&actor.session.cwd);
    let mut child = shell.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let (sender, receiver) = channel();
    let stdout = child.stdout.take();
    std::thread::Builder::new().spawn(move || drop(sender.send(stdout.map(all_of).unwrap_or_default())))?;
    let status = actor.wait(longest, || child.try_wait().transpose()).transpose()?;
    if status.is_none() {
        end(&mut child)?;
    }
    // A grandchild may hold the pipe open after the shell has ended: its output is not waited for long.
    let output = receiver.recv_timeout(Duration::from_millis(500)).unwrap_or_default();
    Ok((status, output))
}

fn end(child: &mut Child) -> io::Result<()> {
    child.kill()?;
    child.wait().map(drop)
}

/// The head of a stream; the rest is read and thrown away, so that its writer is never blocked.
fn all_of(mut stream: impl Read) -> String {
    let mut kept = Vec::new();
    let read = stream.by_ref().take(MAX_OUTPUT).read_to_end(&mut kept);
    drop(read.and_then(|_| io::copy(&mut stream, &mut io::sink())));
    String::from_utf8_lossy(&kept).into_owned()
}

fn daemon(actor: &Actor, action: &Action) -> Done {
    let wrong = || "`daemon` wants a path and milliseconds".to_owned();
    let path = action.value.get(0).and_then(|path| path.as_str()).ok_or_else(wrong)?;
    let wait = action.value.get(1).and_then(serde_json::Value::as_u64).ok_or_else(wrong)?;
    let path = actor.session.path(path);
    let begun = surroundings::own_command().and_then(|mut command| {
        command.arg("daemon").arg(&path).arg(wait.to_string());
        detached(&mut command).status()
    });
    begun.map(|_| Flow::On).map_err(|error| format!("cannot start a daemon: {error}"))
}

/// Forks twice, so that nobody waits for it, and keeps the pipes of the agent open.
fn leak(_: &Actor, action: &Action) -> Done {
    let seconds = action.number()?;
    let command = format!("setsid sleep {seconds} & exit 0");
    let begun = surroundings::command("sh").args(["-c", &command]).stdin(Stdio::null()).status();
    begun.map(|_| Flow::On).map_err(|error| format!("cannot leave a child: {error}"))
}

fn stderr(_: &Actor, action: &Action) -> Done {
    let text = action.text()?;
    // A closed standard error is no reason to end the turn.
    drop(writeln!(io::stderr(), "{text}"));
    Ok(Flow::On)
}

#[expect(clippy::exit, reason = "ending the process at once is what the script asks for")]
fn exit(_: &Actor, action: &Action) -> Done {
    std::process::exit(i32::try_from(action.number()?).unwrap_or(1))
}

fn signal(_: &Actor, action: &Action) -> Done {
    let number = i32::try_from(action.number()?).map_err(|error| error.to_string())?;
    let signal = Signal::try_from(number).map_err(|error| format!("no such signal: {error}"))?;
    let mut set = SigSet::empty();
    set.add(signal);
    let raised = || raise(signal).map_err(|error| format!("cannot raise it: {error}"));
    set.thread_unblock().map_err(|error| format!("cannot unblock it: {error}"))?;
    raised()?;
    // Rust's own handler of memory faults takes the first one and leaves the second to the system.
    raised()?;
    Ok(Flow::On)
}
