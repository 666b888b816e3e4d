//! Development tool, `demo --crash`: the server is killed twice in the middle of the task, and started again at once.

use std::process::ExitStatus;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::console;
use crate::process::pause;
use crate::server::Server;

/// How long the agent may take to come to the next kill.
const LONGEST: Duration = Duration::from_secs(300);
/// The time between two looks at the log.
const LOOK: Duration = Duration::from_millis(20);
/// After how many tool calls that have ended the server is killed.
const KILLS: [usize; 2] = [1, 2];

/// Runs a command that follows a session, and kills the server meanwhile.
pub(super) fn run(server: &mut Server, command: &[&str]) -> Result<ExitStatus> {
    let program = server.command(command);
    std::thread::scope(|scope| {
        let following = scope.spawn(|| program.status());
        for calls in KILLS {
            until_calls_ended(server, calls)?;
            console::note(&format!(
                "kill -9 {}: the server is gone, the agent goes on",
                server.process().pid()
            ));
            server.kill_and_start_again()?;
            console::note(&format!(
                "a new server (process {}) takes the session over",
                server.process().pid()
            ));
        }
        following.join().unwrap_or_else(|_| bail!("the thread that followed the session ended badly"))
    })
}

/// What is left, in words; an error where it is not what an undisturbed run leaves.
pub(super) fn left(server: &Server, session: &str) -> Result<String> {
    let mut client = server.client()?;
    let events: Vec<Value> = client.json(&format!("/api/sessions/{session}/events?limit=1000"))?;
    let numbers = events.iter().filter_map(|event| event["seq"].as_u64());
    ensure!(numbers.eq(1..=u64::try_from(events.len())?), "the events are not numbered without a gap");
    let pulls: Vec<Value> = client.json("/api/pulls")?;
    ensure!(pulls.len() == 1, "there are {} pull requests", pulls.len());
    Ok(format!("{} events, numbered without a gap or a double; one pull request", events.len()))
}

/// Waits until so many tool calls of the newest session have ended.
fn until_calls_ended(server: &Server, calls: usize) -> Result<()> {
    let start = Instant::now();
    let mut client = server.client()?;
    loop {
        let sessions: Vec<Value> = client.json("/api/sessions?limit=1")?;
        if let Some(id) = sessions.first().and_then(|session| session["id"].as_str()) {
            let events: Vec<Value> = client.json(&format!("/api/sessions/{id}/events?limit=1000"))?;
            let ended = events
                .iter()
                .filter(|event| event["type"] == "tool_update" && status(event) == Some("completed"));
            if ended.count() >= calls {
                return Ok(());
            }
            if let Some(done) = events.iter().find(|event| event["type"] == "done") {
                bail!(
                    "the session was over ({}) before the server could be killed",
                    status(done).unwrap_or_default()
                );
            }
        }
        if start.elapsed() > LONGEST {
            return Err(anyhow::anyhow!("{} s", LONGEST.as_secs())).context("no tool call ended within");
        }
        pause(LOOK);
    }
}

fn status(event: &Value) -> Option<&str> {
    event.pointer("/data/status")?.as_str()
}
