//! Port: rebase (layer 0): brings the commits of a session to where others have gone on.
//!
//! Contract: all of it happens among the objects of the session; no repository of anybody changes, and no hook, filter or
//! merge program of anybody runs. A conflict is of class `Conflict`, names the paths, and leaves nothing behind that counts.
//! Commits that are written again keep author, times and words, so that repeating it gives the same ones.

use crate::error::PortError;
use crate::id::SessionId;
use crate::refs::{BranchName, ObjectId};
use crate::repository::Repository;
use crate::time::Timestamp;
use async_trait::async_trait;
use std::fmt;

/// Brings a session's commits to where others have gone on.
#[async_trait]
pub trait Rebase: Send + Sync + fmt::Debug {
    /// Brings the commit that a branch has now, here or on another host, to the session's objects, with its history.
    /// Class `NotFound` where there is no such branch.
    async fn bring(
        &self,
        session: &SessionId,
        repository: &Repository,
        branch: &BranchName,
    ) -> Result<ObjectId, PortError>;
    /// Writes the commits behind `from` up to `to` again, on top of `onto`; those of which nothing is left there are left
    /// out. Gives `to` itself where it stands on `onto` already.
    async fn replay(
        &self,
        session: &SessionId,
        from: &ObjectId,
        to: &ObjectId,
        onto: &ObjectId,
    ) -> Result<ObjectId, PortError>;
    /// Joins two commits by a merge commit with this message. Gives the one that holds the other already, where one does.
    async fn join(
        &self,
        session: &SessionId,
        ours: &ObjectId,
        theirs: &ObjectId,
        message: &str,
        at: Timestamp,
    ) -> Result<ObjectId, PortError>;
}
