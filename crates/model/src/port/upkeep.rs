//! Port: upkeep (layer 0): what a host keeps on its disk for sessions and repositories, and how that goes again.
//!
//! Contract: every method may be repeated and run beside any other call of git's ports; what a session still needs stays.
//! What was written for a session can be looked at until [`crate::port::git::Workspaces::remove`] takes all of it.

use crate::error::PortError;
use crate::id::SessionId;
use async_trait::async_trait;
use std::fmt;
use std::path::Path;

/// A session for which something is on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSession {
    /// Which.
    pub session: SessionId,
    /// Whether its workspace is there: the tree that its agent worked in, or its agent's home.
    pub workspace: bool,
}

/// What a collection removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Collected {
    /// Warm bases.
    pub bases: u64,
    /// Mirrors.
    pub mirrors: u64,
}

/// Keeps a host's disk from filling up.
#[async_trait]
pub trait Upkeep: Send + Sync + fmt::Debug {
    /// The sessions for which something is on this host's disk, whoever knows of them.
    async fn kept(&self) -> Result<Vec<KeptSession>, PortError>;
    /// Removes a session's workspace and its agent's home. What was committed stays, with all that shows or publishes it.
    async fn put_away(&self, session: &SessionId) -> Result<(), PortError>;
    /// Copies what shows and publishes the changes of sessions below a folder of the host, under the names that it has below the
    /// data folder. Workspaces, homes and warm bases are not copied; nothing is removed meanwhile (the caller sees to it).
    async fn copy(&self, target: &Path) -> Result<(), PortError>;
    /// Removes warm bases that no session is on, but for the `keep` newest of each repository, and mirrors that nobody borrows.
    async fn collect(&self, keep: usize) -> Result<Collected, PortError>;
}
