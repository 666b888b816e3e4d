//! Port: forge (layer 0).
//!
//! Contract: each method looks before it acts, so that repeating it has the effect of once: `push` of a commit that the
//! branch already has does nothing; `open` returns the open pull request of that head if there is one; a comment with the
//! same key is not written again. This holds also where an earlier call's answer was lost. Nothing is half-done after an
//! error that is not `Transient`. Only branches `telecoder/…` are ever written, and the branch of a pull request that the
//! product was asked to follow, forward only and only from the commit that was seen there.
//!
//! Errors: a protected branch, a missing scope, an expired token, an archived repository are `Denied`, each with its
//! remedy; a branch, base or repository that is gone is `NotFound`; a rate limit is `Transient` with `retry_after`.

mod reading;
mod report;

pub use reading::{
    ForgeComment, ForgeIssue, ForgeReader, ForgeRepository, ForgeStatus, MAX_COMMENTS, MAX_TEMPLATE,
    MAX_TEXT, PullSource,
};
pub use report::{
    FailingLog, ForgeCheck, ForgeCheckState, ForgeReview, Mergeable, PullReport, ReviewComment, ReviewState,
};

use crate::error::PortError;
use crate::id::{SessionId, TenantId, UserId};
use crate::pull::PullState;
use crate::refs::{BranchName, ObjectId};
use crate::repository::Repository;
use async_trait::async_trait;

/// Where a push goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushTarget {
    /// The repository; for a followed pull request the one of its head.
    pub repository: Repository,
    /// The branch.
    pub branch: BranchName,
    /// Set for the branch of a pull request that the product was asked to follow, with the commit that was seen at its
    /// head (when work began, or as it was last published): it may be written although it is not `telecoder/…`.
    pub followed: Option<ObjectId>,
}

impl PushTarget {
    /// A session's own branch.
    pub fn own(repository: &Repository, branch: &BranchName) -> Self {
        Self { repository: repository.clone(), branch: branch.clone(), followed: None }
    }

    /// Refuses a branch that is neither ours nor followed.
    ///
    /// # Errors
    /// Class `Denied`.
    pub fn check(&self) -> Result<(), PortError> {
        if self.branch.is_ours() || self.followed.is_some() {
            return Ok(());
        }
        Err(PortError::denied(format!(
            "the branch `{}` is not TeleCoder's to write: only telecoder/… and followed pull requests are",
            self.branch
        )))
    }
}

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
    /// Markdown. The repository's own template is added by the adapter, not by the caller.
    pub body: String,
    /// Not yet ready.
    pub draft: bool,
    /// What a pull request that is open already keeps, whatever stands above.
    pub keeps: Keeps,
    /// Labels that it shall have; those that it has stay. Left out where the forge has none.
    pub labels: Vec<String>,
    /// Accounts that are asked for a review. Left out where the forge has none.
    pub reviewers: Vec<String>,
}

/// What nobody asked to change of a pull request that is open already: people may have changed it meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Keeps {
    /// Its title.
    pub title: bool,
    /// The branch it asks to be merged into.
    pub base: bool,
    /// Its body.
    pub body: bool,
    /// Whether it is a draft.
    pub draft: bool,
}

/// Whether an effect may have been performed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// Nobody has tried it yet.
    First,
    /// An earlier try may have been performed although its answer was lost, and a forge's reads may lag behind: one look
    /// that finds nothing proves nothing.
    Again,
}

/// A comment to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comment<'a> {
    /// Its name, which stands in a hidden marker: 1 to 100 characters of a-z, 0-9, `-`, `:` and `.`.
    pub key: &'a str,
    /// Markdown.
    pub body: &'a str,
    /// Whether it may be there already.
    pub attempt: Attempt,
}

/// A pull request on the forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgePull {
    /// Its number.
    pub number: u64,
    /// Where a person sees it.
    pub url: String,
    /// Its title, on one line.
    pub title: String,
    /// What its body says of the session; the whole body where that cannot be told from what people wrote.
    pub body: String,
    /// The branch it asks to be merged into, where its name can be used.
    pub base: Option<BranchName>,
    /// Its state.
    pub state: PullState,
    /// Whether this call opened it.
    pub created: bool,
    /// The commit that its base has after a merge.
    pub merge_commit: Option<ObjectId>,
}

/// A git hosting service.
#[async_trait]
pub trait Forge: ForgeReader {
    /// Its name: `local`, `github`, …
    fn kind(&self) -> &'static str;
    /// Whether it is the forge of a repository.
    fn serves(&self, repository: &Repository) -> bool;
    /// Puts a session's commit on a branch; a head that is not an ancestor, or a followed branch that stands elsewhere,
    /// is a `Conflict`.
    async fn push(
        &self,
        session: &SessionId,
        target: &PushTarget,
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
    /// Writes a comment below a pull request or an issue, once for each key. Gives its URL, the earlier one's where it was
    /// there.
    async fn comment(
        &self,
        repository: &Repository,
        number: u64,
        comment: Comment<'_>,
    ) -> Result<String, PortError>;
}
