//! Port: forge (layer 0).
//!
//! Contract: each method looks before it acts, so that repeating it has the effect of once: `push` of a commit that the
//! branch already has does nothing; `open` returns the open pull request of that head if there is one. Nothing is half-done
//! after an error that is not `Transient`. Only branches `telecoder/…` are ever written.

use crate::error::PortError;
use crate::id::{SessionId, TenantId, UserId};
use crate::pull::PullState;
use crate::refs::{BranchName, ObjectId};
use crate::repository::Repository;
use async_trait::async_trait;
use std::fmt;

/// A pull request to open or bring up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// The session that it belongs to; its id stands in a hidden marker of the body.
    pub session: SessionId,
    /// The session's tenant.
    pub tenant: TenantId,
    /// The session's owner.
    pub owner: UserId,
    /// The repository.
    pub repository: Repository,
    /// The branch it asks to be merged into.
    pub base: BranchName,
    /// The branch that holds the change; pushed before.
    pub head: BranchName,
    /// The commit at the head.
    pub commit: ObjectId,
    /// One line.
    pub title: String,
    /// Markdown.
    pub body: String,
    /// Not yet ready.
    pub draft: bool,
}

/// A pull request on the forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgePull {
    /// Its number.
    pub number: u64,
    /// Where a person sees it.
    pub url: String,
    /// Its state.
    pub state: PullState,
    /// Whether this call opened it.
    pub created: bool,
    /// The commit that its base has after a merge.
    pub merge_commit: Option<ObjectId>,
}

/// A git hosting service.
#[async_trait]
pub trait Forge: Send + Sync + fmt::Debug {
    /// Its name: `local`, `github`, …
    fn kind(&self) -> &'static str;
    /// Whether it is the forge of a repository.
    fn serves(&self, repository: &Repository) -> bool;
    /// Puts a session's commit on a branch; a head that is not an ancestor is a `Conflict`.
    async fn push(
        &self,
        session: &SessionId,
        repository: &Repository,
        branch: &BranchName,
        commit: &ObjectId,
    ) -> Result<(), PortError>;
    /// Opens the pull request, or brings the open one of that head up to date.
    async fn open(&self, pull: &PullRequest) -> Result<ForgePull, PortError>;
    /// Finds a pull request by its number.
    async fn pull(&self, repository: &Repository, number: u64) -> Result<Option<ForgePull>, PortError>;
    /// Merges it.
    async fn merge(&self, repository: &Repository, number: u64) -> Result<ForgePull, PortError>;
    /// Closes it without merging.
    async fn close(&self, repository: &Repository, number: u64) -> Result<ForgePull, PortError>;
}
