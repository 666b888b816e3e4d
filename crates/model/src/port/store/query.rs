//! Port: store (layer 0): reads of sessions, their events and their execution.

use super::commit::{Commit, Committed, Message, OutboxRow};
use crate::decision::Decision;
use crate::error::PortError;
use crate::event::Event;
use crate::id::{AgentName, DecisionId, ProcessId, SessionId, TenantId, UserId};
use crate::principal::Principal;
use crate::pull::PullState;
use crate::repository::Repository;
use crate::session::{Session, Status};
use crate::time::Timestamp;
use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;
use std::fmt;

/// A value with the version under which it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Versioned<T> {
    /// The value.
    pub value: T,
    /// Its version.
    pub version: u64,
    /// The number of the session's last event at the same moment.
    pub last_seq: u64,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Give this as `after` for the next page; `None` at the end.
    pub next: Option<String>,
}

/// Which sessions. Absent fields do not filter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionQuery {
    /// Any of these.
    pub status: Vec<Status>,
    /// This agent.
    pub agent: Option<AgentName>,
    /// A policy of this name.
    pub policy: Option<String>,
    /// Reruns of this session.
    pub parent: Option<SessionId>,
    /// Sessions of this line.
    pub lineage: Option<SessionId>,
    /// This repository.
    pub repository: Option<Repository>,
    /// Words in the title or prompt (case-insensitive substring).
    pub text: Option<String>,
    /// Only sessions with a pull request on a forge: such ones.
    pub pull: Option<PullFilter>,
    /// Rows, 1 to 1,000.
    pub limit: u32,
    /// Where the page begins: a `next` of an earlier page.
    pub after: Option<String>,
}

/// Pull requests on forges, as the sessions know them that made or follow them; local ones have rows of their own
/// ([`PullStore`](super::PullStore)) and never match. Absent fields do not filter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PullFilter {
    /// Of this number. There may be one in each repository.
    pub number: Option<u64>,
    /// In any of these states.
    pub state: Vec<PullState>,
    /// In this repository, or of a session that works on it.
    pub repository: Option<Repository>,
}

/// Sessions and their events.
#[async_trait]
pub trait SessionStore: Send + Sync + fmt::Debug {
    /// Applies a commit.
    async fn commit(&self, commit: Commit) -> Result<Committed, PortError>;
    /// Reads a session, whoever owns it (the engine checks).
    async fn session(&self, id: &SessionId) -> Result<Option<Versioned<Session>>, PortError>;
    /// A page of a tenant's and owner's sessions, newest first.
    async fn sessions(&self, who: &Principal, query: &SessionQuery) -> Result<Page<Session>, PortError>;
    /// The ids of the principal's sessions that begin with a prefix (at most 10).
    async fn sessions_by_prefix(&self, who: &Principal, prefix: &str) -> Result<Vec<SessionId>, PortError>;
    /// Events of a session with a number above `after`, in order, at most `limit`.
    async fn events(&self, id: &SessionId, after: u64, limit: u32) -> Result<Vec<Event>, PortError>;
    /// Events of all sessions with a global number above `after`, in order, at most `limit`.
    async fn all_events(&self, after: u64, limit: u32) -> Result<Vec<Event>, PortError>;
}

/// What belongs to the execution of sessions.
#[async_trait]
pub trait RunStore: Send + Sync + fmt::Debug {
    /// The engine's private state of a session's execution.
    async fn run(&self, id: &SessionId) -> Result<Option<Value>, PortError>;
    /// Input lines of a process that were decided and not yet forgotten, with numbers above `after`, in order.
    async fn inputs(
        &self,
        id: &SessionId,
        process: &ProcessId,
        after: u64,
    ) -> Result<Vec<(u64, Bytes)>, PortError>;
    /// A session's messages in order.
    async fn messages(&self, id: &SessionId) -> Result<Vec<Message>, PortError>;
    /// A decision.
    async fn decision(&self, id: &DecisionId) -> Result<Option<Decision>, PortError>;
    /// Decisions that are pending, oldest first, at most 1,000: of a session, or of all sessions of an owner.
    async fn pending_decisions(
        &self,
        tenant: &TenantId,
        owner: Option<&UserId>,
        session: Option<&SessionId>,
    ) -> Result<Vec<Decision>, PortError>;
    /// Outside effects that are pending and due at `now`, oldest first, at most `limit`.
    async fn due_outbox(&self, now: Timestamp, limit: u32) -> Result<Vec<OutboxRow>, PortError>;
    /// A session's outside effects that are pending, whenever they are due, in the order in which they were decided.
    async fn pending_outbox(&self, id: &SessionId) -> Result<Vec<OutboxRow>, PortError>;
    /// An outside effect by its key.
    async fn outbox(&self, key: &str) -> Result<Option<OutboxRow>, PortError>;
}
