//! Port: store (layer 0): the one way in which a session changes.

use crate::decision::Decision;
use crate::event::EventBody;
use crate::id::{InstanceId, ProcessId, SessionId, TenantId, UserId};
use crate::session::Session;
use crate::time::Timestamp;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Proves that a writer still owns a session's job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// The server.
    pub instance: InstanceId,
    /// The epoch that it was given by the claim.
    pub epoch: u64,
}

/// How far a queued message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// It waits for a turn.
    Queued,
    /// It was given to the agent.
    Delivered,
    /// It was dropped by a stop.
    Dropped,
}

/// What becomes of a message while a turn is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Queueing {
    /// It waits for the turn's end.
    #[default]
    Followup,
    /// The turn is cancelled and the work goes on with it.
    Steer,
    /// It waits and is joined with the others that wait.
    Collect,
}

/// What a person wrote to a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Counts from 1 within its session; the first is the task's prompt.
    pub number: u64,
    /// Who wrote it.
    pub author: UserId,
    /// The words.
    pub content: String,
    /// What becomes of it while a turn is under way.
    pub queue: Queueing,
    /// How far it is.
    pub state: MessageState,
    /// The turn it was given to.
    pub turn: Option<u32>,
    /// When it was accepted.
    pub created_at: Timestamp,
}

/// How an outside effect stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboxState {
    /// It is to be done.
    Pending,
    /// It was done.
    Done,
    /// It failed for good.
    Failed,
}

/// An outside effect that was decided.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxRow {
    /// Its deterministic name; the same effect always has the same.
    pub key: String,
    /// Its session.
    pub session: SessionId,
    /// What kind of effect: `publish`, …
    pub kind: String,
    /// What it needs.
    pub payload: Value,
    /// How it stands.
    pub state: OutboxState,
    /// How often it was tried.
    pub tries: u32,
    /// Not before this time (the next try).
    pub not_before: Timestamp,
    /// What came of it: the result, or the error in words.
    pub result: Option<Value>,
}

/// A place reserved by an `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// The tenant.
    pub tenant: TenantId,
    /// The user.
    pub user: UserId,
    /// The key, at most 200 characters.
    pub key: String,
    /// SHA-256 of the request, hexadecimal.
    pub request: String,
    /// The session that the request makes, or writes to.
    pub session: SessionId,
}

/// One row that a commit writes.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// Inserts the session at version 1 (class `Conflict` if the id is taken).
    NewSession(Box<Session>),
    /// Replaces the session; needs `expect`.
    Session(Box<Session>),
    /// Replaces the engine's private state of the session's execution.
    Run(Value),
    /// Adds a line for a process's standard input. Numbers are dense from 1 a process.
    Input {
        /// The process.
        process: ProcessId,
        /// The line's number.
        number: u64,
        /// The line without its newline.
        line: Bytes,
    },
    /// Forgets a process's input lines up to and including a number.
    DropInputs {
        /// The process.
        process: ProcessId,
        /// The last number to forget.
        up_to: u64,
    },
    /// Adds a message; the store gives the next number.
    NewMessage {
        /// Who wrote it.
        author: UserId,
        /// The words.
        content: String,
        /// What becomes of it while a turn is under way.
        queue: Queueing,
    },
    /// Changes a message from `Queued`; class `Conflict` if it is in another state.
    Message {
        /// Its number.
        number: u64,
        /// The new state.
        state: MessageState,
        /// The turn it goes to.
        turn: Option<u32>,
    },
    /// Adds a decision (class `Conflict` if the id is taken).
    NewDecision(Box<Decision>),
    /// Changes a decision from `Pending`; class `Conflict` if it is in another state: the first answer wins.
    Decision(Box<Decision>),
    /// Puts the session's job into the queue. One that is queued becomes due at the earlier of both times; one that is
    /// leased is marked as having news, so that ending it puts it back into the queue, due at that time.
    Enqueue {
        /// Not before this time.
        not_before: Timestamp,
    },
    /// Ends the job that `fence` names (needs `fence`): removes it, or puts it back into the queue if it has news.
    EndJob,
    /// Adds an outside effect; does nothing if the key exists.
    Outbox(Box<OutboxRow>),
    /// Replaces an outside effect's state, tries, time and result; class `Conflict` if it is not `Pending`.
    OutboxUpdate(Box<OutboxRow>),
    /// Says that the commit's events need a blob: it is kept as long as the session. Naming it again does nothing.
    Blob {
        /// Its digest.
        digest: String,
    },
    /// Reserves an idempotency key (class `Conflict` if it is taken).
    Reserve(Reservation),
}

/// A change of one session, all or nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// The session.
    pub session: SessionId,
    /// The version that the writer read; `None` where the session row is not written.
    pub expect: Option<u64>,
    /// Proof of ownership; `None` for what a person does.
    pub fence: Option<Fence>,
    /// When, for the events.
    pub at: Timestamp,
    /// Events to append, in order.
    pub events: Vec<EventBody>,
    /// Rows to write, in order.
    pub writes: Vec<Write>,
}

/// What a commit did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The session's version now.
    pub version: u64,
    /// The number of the session's last event now.
    pub last_seq: u64,
    /// The number that a [`Write::NewMessage`] was given.
    pub message: Option<u64>,
}

impl Commit {
    /// An empty commit for a session.
    pub fn new(session: SessionId, at: Timestamp) -> Self {
        Self { session, expect: None, fence: None, at, events: Vec::new(), writes: Vec::new() }
    }
}
