//! Port: store (layer 0): jobs, leases and epochs.

use crate::error::PortError;
use crate::id::{InstanceId, SessionId};
use async_trait::async_trait;
use std::fmt;
use std::time::Duration;

/// A job that was claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The session to work on.
    pub session: SessionId,
    /// The fencing token: greater than that of any earlier claim of this session.
    pub epoch: u64,
    /// How often the job was claimed since it was put into the queue, this time included. A claim that follows another
    /// server's death counts too.
    pub tries: u32,
    /// Whether the session's workspace lay on a host that is gone for good: what was there cannot be reached any more.
    pub is_lost: bool,
}

/// How many sessions may be at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimLimits {
    /// On this server.
    pub server: u32,
    /// Of one user, on all servers.
    pub user: u32,
    /// On one repository, on all servers.
    pub repository: u32,
}

/// How much work there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueDepth {
    /// Jobs that wait.
    pub queued: u64,
    /// Jobs at work.
    pub leased: u64,
}

/// Jobs. A job belongs to the instance that claimed it while that instance lives; each claim has a new epoch.
///
/// Where servers with data folders of their own share a store, a session whose workspace lies in one of them is claimed
/// by that host's servers only, from the first fenced commit on; when the host is gone for good, by any other, as lost.
#[async_trait]
pub trait JobStore: Send + Sync + fmt::Debug {
    /// Registers this server. Where the store can prove that all earlier owners are dead (an exclusive lock on the data
    /// folder), their jobs go back to the queue at once; gives how many.
    async fn register(&self, instance: &InstanceId) -> Result<u64, PortError>;
    /// Says that this server lives. Class `Conflict` if it was declared dead meanwhile.
    async fn heartbeat(&self, instance: &InstanceId) -> Result<(), PortError>;
    /// Declares servers dead that were silent longer than `expiry` by the store's clock, and puts their jobs back into
    /// the queue; gives how many jobs.
    async fn reap(&self, expiry: Duration) -> Result<u64, PortError>;
    /// Claims the next job that is due within the limits: of the user with the fewest jobs at work, then the oldest.
    async fn claim(&self, instance: &InstanceId, limits: ClaimLimits) -> Result<Option<Claim>, PortError>;
    /// Puts all jobs of this server back into the queue (drain), and forgets the server; gives how many.
    async fn leave(&self, instance: &InstanceId) -> Result<u64, PortError>;
    /// Whether a claim still holds.
    async fn holds(&self, instance: &InstanceId, session: &SessionId, epoch: u64) -> Result<bool, PortError>;
    /// Whether what a session keeps on disks lies on this server's host, or nowhere yet.
    async fn is_here(&self, session: &SessionId) -> Result<bool, PortError>;
    /// How much work there is.
    async fn depth(&self) -> Result<QueueDepth, PortError>;
}
