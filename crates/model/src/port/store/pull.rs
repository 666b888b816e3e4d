//! Port: store (layer 0): local pull requests.

use crate::error::PortError;
use crate::id::{SessionId, TenantId, UserId};
use crate::port::store::Page;
use crate::principal::Principal;
use crate::pull::{Pull, PullState};
use crate::refs::{BranchName, ObjectId};
use crate::repository::Repository;
use crate::time::Timestamp;
use async_trait::async_trait;
use std::fmt;

/// A local pull request to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPull {
    /// Its tenant.
    pub tenant: TenantId,
    /// Its owner.
    pub owner: UserId,
    /// The session.
    pub session: SessionId,
    /// The repository.
    pub repository: Repository,
    /// Its title.
    pub title: String,
    /// Its body.
    pub body: String,
    /// The branch to be merged into.
    pub base: BranchName,
    /// The branch of the change.
    pub head: BranchName,
    /// The commit at the head.
    pub head_commit: ObjectId,
    /// Draft or open.
    pub state: PullState,
    /// When.
    pub at: Timestamp,
}

/// A change of a local pull request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PullChange {
    /// A new title.
    pub title: Option<String>,
    /// A new body.
    pub body: Option<String>,
    /// A new commit at the head.
    pub head_commit: Option<ObjectId>,
    /// A new base.
    pub base: Option<BranchName>,
    /// A new state; only from draft or open.
    pub state: Option<PullState>,
    /// The commit of the merge.
    pub merge_commit: Option<ObjectId>,
}

/// Which pull requests. Absent fields do not filter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PullQuery {
    /// Any of these.
    pub state: Vec<PullState>,
    /// Of this repository.
    pub repository: Option<Repository>,
    /// Of this session.
    pub session: Option<SessionId>,
    /// Rows, 1 to 1,000.
    pub limit: u32,
    /// Where the page begins.
    pub after: Option<String>,
}

/// Local pull requests. Numbers count from 1 for the whole installation.
#[async_trait]
pub trait PullStore: Send + Sync + fmt::Debug {
    /// Opens one; where an open (or draft) one of the same repository and head exists, changes nothing and gives that.
    /// The flag says whether it was made.
    async fn open_pull(&self, pull: NewPull) -> Result<(Pull, bool), PortError>;
    /// Changes one; class `NotFound`, or `Conflict` where its state forbids it.
    async fn change_pull(&self, number: u64, change: PullChange, at: Timestamp) -> Result<Pull, PortError>;
    /// Finds one, whoever owns it.
    async fn pull(&self, number: u64) -> Result<Option<Pull>, PortError>;
    /// A page of the principal's pull requests, newest first.
    async fn pulls(&self, who: &Principal, query: &PullQuery) -> Result<Page<Pull>, PortError>;
}
