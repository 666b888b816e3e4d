//! What an action of a script can use (dev layer): the wire, its session, the prompt's id, and how the turn may end.

use super::received::{Received, Receiving};
use super::sessions::Session;
use super::wire::{Reply, Wire};
use crate::surroundings;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Child;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often a waiting action looks whether it should stop.
const TICK: Duration = Duration::from_millis(5);

/// What the whole process shares.
#[derive(Debug, Default)]
pub(super) struct Process {
    /// The connection to the client.
    pub(super) wire: Wire,
    /// The folder that is kept between starts.
    pub(super) home: PathBuf,
    /// What came in.
    pub(super) receiving: Mutex<Receiving>,
    /// Whether SIGTERM is ignored.
    pub(super) ignores_sigterm: AtomicBool,
    /// Whether no input is read any more.
    pub(super) deaf: AtomicBool,
    /// Whether the end of the input is ignored.
    pub(super) ignores_end: AtomicBool,
    /// Numbers tool calls.
    pub(super) last_tool: AtomicU64,
    /// Children that nobody waits for; see [`Self::reap`].
    pub(super) children: Mutex<Vec<Child>>,
}

impl Process {
    /// Lets go of the children that have ended: a zombie would still count as a process.
    pub(super) fn reap(&self) {
        let mut children = self.children.lock().unwrap_or_else(PoisonError::into_inner);
        children.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
    }

    /// What came in so far.
    pub(super) fn received(&self) -> Received {
        self.receiving.lock().unwrap_or_else(PoisonError::into_inner).report()
    }
}

/// What follows after an action.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Flow {
    /// The next action.
    On,
    /// The turn ends with a stop reason.
    Stop(String),
    /// The request is answered by an error.
    Fail(Value),
}

/// The result of an action: what follows, or why it could not be done.
pub(super) type Done = Result<Flow, String>;

/// Does the actions of one turn.
#[derive(Debug, Clone)]
pub(super) struct Actor {
    /// What the process shares.
    pub(super) process: Arc<Process>,
    /// The session; actions before an answer to `initialize` and `session/new` have none on disk.
    pub(super) session: Arc<Session>,
    /// The id of the request that is being answered.
    pub(super) request: Value,
    /// Tokens that the answer to the prompt tells.
    pub(super) usage: Arc<Mutex<Option<Value>>>,
}

impl Actor {
    /// Sends an update and keeps it for a replay.
    pub(super) fn update(&self, update: &Value) -> Result<(), String> {
        self.session.remember(update);
        self.pass(update)
    }

    /// Sends an update that is not kept.
    pub(super) fn pass(&self, update: &Value) -> Result<(), String> {
        self.process.wire.notify("session/update", &json!({"sessionId": self.session.id, "update": update}))
    }

    /// Says something.
    pub(super) fn say(&self, text: &str) -> Result<(), String> {
        let content = json!({"type": "text", "text": text});
        self.update(&json!({"sessionUpdate": "agent_message_chunk", "content": content}))
    }

    /// A new id for a tool call.
    pub(super) fn tool_id(&self) -> String {
        format!("{}-tool-{}", self.session.id, self.process.last_tool.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Waits until something is there, the time is over (`None`), or the turn should stop (`None`).
    pub(super) fn wait<T>(&self, longest: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
        let begun = Instant::now();
        loop {
            if let Some(found) = look() {
                return Some(found);
            }
            let left = longest.saturating_sub(begun.elapsed());
            if left.is_zero() || self.session.should_stop() {
                return None;
            }
            surroundings::pause(left.min(TICK));
        }
    }

    /// Waits for the client's answer; `None` if the time is over or the turn should stop.
    pub(super) fn reply(&self, receiver: &Receiver<Reply>, longest: Duration) -> Option<Reply> {
        let begun = Instant::now();
        loop {
            match receiver.recv_timeout(TICK) {
                Ok(reply) => return Some(reply),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
            // After a cancel the client must still answer (`cancelled`), so that a little patience is right.
            let patience = if self.session.should_stop() { Duration::from_secs(2) } else { longest };
            if begun.elapsed() > patience {
                return None;
            }
        }
    }
}
