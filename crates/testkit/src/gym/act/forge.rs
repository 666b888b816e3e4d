//! Actions of an agent that wants to be taken for its supervisor (dev layer).
//!
//! `{"forge": PATH}` tries everything that a process inside could try, and writes what came of it as JSON to the path:
//! frames of the supervisor's protocol into every descriptor that it has beyond its three streams and into those of its
//! ancestors, a look at their memory, signals to them, and a connection with an attachment to every socket that it can
//! find. `{"frames": true}` prints such frames on its own standard output.

use super::Verb;
use crate::gym::actor::{Actor, Done, Flow};
use crate::gym::script::Action;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use std::fs;
use std::io::{self, Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(super) const VERBS: &[Verb] = &[("forge", forge), ("frames", frames)];

/// How long a socket may take to answer.
const PATIENCE: Duration = Duration::from_millis(500);
/// Processes that are looked for.
const MAX_PIDS: i32 = 64;
/// Sockets that are tried.
const MAX_SOCKETS: usize = 200;
/// How deep a folder is looked into for sockets.
const MAX_DEPTH: u32 = 4;

/// What a supervisor would say of a process that ended well: a stream of the multiplexer that carries an exit, and the
/// request that attaches.
fn forged() -> Vec<u8> {
    let mut bytes = Vec::new();
    for body in [
        br#"{"reply":"status","status":{"processes":[]}}"#.as_slice(),
        br#"{"code":0,"signal":null,"outOfMemory":false}"#,
        br#"{"ask":"attach","version":1}"#,
    ] {
        let length = u32::try_from(body.len()).unwrap_or(0).to_be_bytes();
        // Version, type "data", flag "begin", stream 1, length: the header of the multiplexer.
        bytes.extend([0, 0, 0, 1, 0, 0, 0, 1]);
        bytes.extend(u32::try_from(body.len() + 5).unwrap_or(0).to_be_bytes());
        bytes.push(2);
        bytes.extend(length);
        bytes.extend(body);
    }
    bytes
}

fn frames(actor: &Actor, _: &Action) -> Done {
    actor.process.wire.raw(&forged())?;
    actor.process.wire.raw(b"\n")?;
    Ok(Flow::On)
}

/// Attempts and what came of them.
#[derive(Default)]
struct Attempts {
    made: u64,
    reached: Vec<String>,
}

impl Attempts {
    fn note<T>(&mut self, what: impl std::fmt::Display, outcome: &io::Result<T>) {
        self.made += 1;
        if outcome.is_ok() {
            self.reached.push(what.to_string());
        }
    }
}

fn forge(actor: &Actor, action: &Action) -> Done {
    let mut attempts = Attempts::default();
    own_descriptors(&mut attempts);
    for pid in 1..MAX_PIDS {
        let own_thread = Path::new(&format!("/proc/self/task/{pid}")).exists();
        if !own_thread && Path::new(&format!("/proc/{pid}")).exists() {
            another(&mut attempts, pid);
        }
    }
    for socket in sockets() {
        attempts.note(format!("socket {socket}"), &attach(&socket));
    }
    let report = json!({"attempts": attempts.made, "reached": attempts.reached});
    let written = fs::write(actor.session.path(action.text()?), report.to_string());
    written.map(|()| Flow::On).map_err(|error| format!("cannot write the report: {error}"))
}

/// Whatever was inherited by mistake.
fn own_descriptors(attempts: &mut Attempts) {
    let open = fs::read_dir("/proc/self/fd").map(|all| all.flatten().collect::<Vec<_>>()).unwrap_or_default();
    for entry in open {
        let name = entry.file_name();
        let number: u32 = name.to_string_lossy().parse().unwrap_or(0);
        let target = fs::read_link(entry.path()).unwrap_or_default();
        let ours = target.to_string_lossy().ends_with("/fd") || target.starts_with("/home/agent");
        if number > 2 && !ours {
            attempts.note(format!("descriptor {number} {}", target.display()), &write(&entry.path()));
        }
    }
}

/// A process that is not this one: its descriptors, its memory, and signals that would end it.
fn another(attempts: &mut Attempts, pid: i32) {
    let folder = PathBuf::from(format!("/proc/{pid}"));
    for number in 0..32 {
        attempts.note(
            format!("descriptor {number} of process {pid}"),
            &write(&folder.join(format!("fd/{number}"))),
        );
    }
    attempts.note(
        format!("memory of process {pid}"),
        &fs::OpenOptions::new().write(true).open(folder.join("mem")),
    );
    attempts.note(format!("root of process {pid}"), &fs::read_dir(folder.join("root")));
    if pid == 1 {
        for signal in [Signal::SIGSTOP, Signal::SIGKILL, Signal::SIGTERM] {
            // The first process of a namespace takes no signal from inside; being allowed to send one is no success.
            kill(Pid::from_raw(pid), signal).ok();
        }
    }
}

fn write(path: &Path) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).open(path)?;
    file.write_all(&forged())
}

/// Every socket that the system tells of, and every one that stands in a folder that can be seen.
fn sockets() -> Vec<String> {
    let told = fs::read_to_string("/proc/net/unix").unwrap_or_default();
    let mut all: Vec<String> =
        told.lines().skip(1).filter_map(|line| line.split_whitespace().nth(7)).map(str::to_owned).collect();
    for folder in ["/", "/run", "/tmp", "/var", "/dev", "/home/agent", "/opt"] {
        search(Path::new(folder), MAX_DEPTH, &mut all);
    }
    all.sort();
    all.dedup();
    all.truncate(MAX_SOCKETS);
    all
}

fn search(folder: &Path, depth: u32, found: &mut Vec<String>) {
    use std::os::unix::fs::FileTypeExt;
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_socket() {
            found.push(entry.path().display().to_string());
        } else if kind.is_dir()
            && depth > 0
            && !entry.path().starts_with("/proc")
            && !entry.path().starts_with("/usr")
        {
            search(&entry.path(), depth - 1, found);
        }
    }
}

/// Connects, asks to be attached, and counts it as reached if anything is answered.
fn attach(name: &str) -> io::Result<()> {
    let address = match name.strip_prefix('@') {
        Some(abstracted) => SocketAddr::from_abstract_name(abstracted)?,
        None => SocketAddr::from_pathname(name)?,
    };
    let mut socket = UnixStream::connect_addr(&address)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    socket.write_all(&forged())?;
    let mut answer = [0; 1];
    socket.read_exact(&mut answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_as_reached_and_silence_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let mut found = Vec::new();
        search(folder.path(), 1, &mut found);
        assert_eq!(found, [path.display().to_string()]);
        let answering = std::thread::spawn(move || {
            let (mut peer, _) = listener.accept().unwrap();
            let mut asked = [0; 12];
            peer.read_exact(&mut asked).unwrap();
            peer.write_all(b"!").unwrap();
            // Whoever comes next is turned away.
            drop(listener);
            asked
        });
        assert!(attach(&found[0]).is_ok());
        assert_eq!(answering.join().unwrap()[..4], [0, 0, 0, 1]);
        assert!(attach(&found[0]).is_err());
    }
}
