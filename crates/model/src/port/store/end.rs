//! Port: store (layer 0): the end of sessions: which have ended, what keeps one, and how its rows go.

use crate::error::PortError;
use crate::id::SessionId;
use crate::principal::Principal;
use crate::time::Timestamp;
use async_trait::async_trait;
use std::fmt;

/// Why a session cannot be removed now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Its work has not ended.
    Active,
    /// Its work has ended, and a server still clears up after it.
    Job,
    /// A person must answer something.
    Decision,
    /// Its publishing was decided and is not done: an outside effect is pending, other than the kind `follow`.
    Publishing,
    /// Its local pull request of this number is open.
    Pull(u64),
}

/// A session whose rows are gone and of which other things may be left: files, sandboxes, payloads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grave {
    /// Its id.
    pub session: SessionId,
    /// Digests of the blobs that it named.
    pub blobs: Vec<String>,
}

/// What became of a removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Burial {
    /// Its rows are gone.
    Done(Grave),
    /// Nothing was changed.
    Held(Hold),
}

/// A session that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedSession {
    /// Its id.
    pub id: SessionId,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Which sessions that have ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedQuery {
    /// Those that did not change at or after this moment.
    pub before: Timestamp,
    /// Only the principal's; `None`: everybody's.
    pub owner: Option<Principal>,
    /// Those behind this row of the page before.
    pub after: Option<EndedSession>,
    /// Rows, 1 to 1,000.
    pub limit: u32,
}

/// The end of sessions. Rows of a session go in one transaction, which leaves a grave until the rest is cleared up, so that
/// a server that dies in between leaves nothing that nobody knows of.
#[async_trait]
pub trait EndStore: Send + Sync + fmt::Debug {
    /// Sessions that have ended, the one that did not change for longest first.
    async fn ended(&self, query: &EndedQuery) -> Result<Vec<EndedSession>, PortError>;
    /// Sessions of everybody that have not ended, by id, behind `after`, at most `limit` (1 to 1,000).
    async fn active(&self, after: Option<&SessionId>, limit: u32) -> Result<Vec<SessionId>, PortError>;
    /// What keeps a session, if anything does. Class `NotFound`.
    async fn hold(&self, id: &SessionId) -> Result<Option<Hold>, PortError>;
    /// Removes every row of a session, unless something keeps it, and leaves a grave. With `expect` its version must be
    /// that one (class `Conflict`). Class `NotFound` where there is no such session.
    async fn bury(&self, id: &SessionId, expect: Option<u64>, at: Timestamp) -> Result<Burial, PortError>;
    /// Graves that are not closed, the oldest first, at most `limit` (1 to 1,000).
    async fn graves(&self, limit: u32) -> Result<Vec<Grave>, PortError>;
    /// Forgets a grave, of which nothing is left; does nothing where there is none.
    async fn close_grave(&self, id: &SessionId) -> Result<(), PortError>;
    /// Of these digests (at most 1,000), those that no session names.
    async fn unnamed_blobs(&self, digests: &[String]) -> Result<Vec<String>, PortError>;
    /// Bytes that the rows take on the disk of the data folder (none, where the database lies elsewhere); what rows that are
    /// gone have left free for others does not count.
    async fn bytes(&self) -> Result<u64, PortError>;
}
