//! Pull requests (layer 0), local ones above all.

use crate::id::{SessionId, TenantId, UserId};
use crate::port::forge::{ForgeCheck, ForgeReview, Mergeable};
use crate::refs::{BranchName, ObjectId};
use crate::repository::Repository;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The state of a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PullState {
    /// Open, not yet ready.
    Draft,
    /// Open.
    Open,
    /// Merged.
    Merged,
    /// Closed without merging.
    Closed,
}

impl PullState {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Merged => "merged",
            Self::Closed => "closed",
        }
    }
    /// Whether it can still be merged or closed.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Draft | Self::Open)
    }
}

/// What following a session's pull request has found out: kept on the session, told in events as it changes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PullNews {
    /// Whether it could be merged.
    pub mergeable: Mergeable,
    /// The commit at its head over there, once it was looked at.
    pub head: Option<ObjectId>,
    /// The checks of that commit.
    pub checks: Vec<ForgeCheck>,
    /// Its reviews, oldest first.
    pub reviews: Vec<ForgeReview>,
    /// The newest comments on lines that were told, by their ids.
    pub comments: Vec<u64>,
    /// When it was looked at last.
    pub looked_at: Option<Timestamp>,
}

/// A local pull request: a branch in a repository on this host that asks to be merged into another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pull {
    /// Its number; one count for the whole installation.
    pub number: u64,
    /// Its tenant.
    pub tenant: TenantId,
    /// Its owner.
    pub owner: UserId,
    /// The session that made it.
    pub session: SessionId,
    /// The repository.
    pub repository: Repository,
    /// Its title.
    pub title: String,
    /// Its body, markdown.
    pub body: String,
    /// The branch it asks to be merged into.
    pub base: BranchName,
    /// The branch that holds the change.
    pub head: BranchName,
    /// The commit at the head.
    pub head_commit: ObjectId,
    /// Its state.
    pub state: PullState,
    /// The merge commit (or the fast-forwarded head) once merged.
    pub merge_commit: Option<ObjectId>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
