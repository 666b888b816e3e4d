//! Port: store (layer 0): what lists of sessions are made from: changes of all sessions of a person, and their repositories.

use crate::error::PortError;
use crate::id::SessionId;
use crate::principal::Principal;
use crate::repository::Repository;
use crate::session::Status;
use crate::time::Timestamp;
use async_trait::async_trait;
use std::fmt;

/// An event that changes what a list shows, without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionChange {
    /// The event's global number.
    pub global: u64,
    /// Its session.
    pub session: SessionId,
    /// Its number within the session.
    pub seq: u64,
    /// Its type's name, as in the stream.
    pub name: String,
    /// The new status, where it tells one.
    pub status: Option<Status>,
}

/// A repository that sessions work on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryUse {
    /// Which.
    pub repository: Repository,
    /// How many sessions.
    pub sessions: u64,
    /// How many of them have not ended.
    pub active: u64,
    /// When the newest of them was made.
    pub last_used: Timestamp,
}

/// Reads over all sessions of a person.
#[async_trait]
pub trait OverviewStore: Send + Sync + fmt::Debug {
    /// Events of the principal's sessions with a global number above `after`, in order, at most `limit` (1 to 1,000), but
    /// for those that come in floods and change no list: an agent's words, thoughts, plans, tool calls, output, steps.
    async fn changes(&self, who: &Principal, after: u64, limit: u32)
    -> Result<Vec<SessionChange>, PortError>;
    /// The repositories of the principal's sessions, the one that was used last first, at most `limit` (1 to 1,000).
    async fn repositories(&self, who: &Principal, limit: u32) -> Result<Vec<RepositoryUse>, PortError>;
}
