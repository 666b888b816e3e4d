//! Port: forge, its reading half (layer 0): what is known about repositories, pull requests and issues.
//!
//! Contract: nothing is changed on the forge. Every list and text has a bound, and what exceeds it is left out. All of it
//! was written by others and is hostile input. What a forge does not have is an error of class `Permanent` that says so.

use crate::error::PortError;
use crate::port::forge::{FailingLog, PullReport};
use crate::pull::PullState;
use crate::refs::{BranchName, ObjectId};
use crate::repository::Repository;
use async_trait::async_trait;
use std::fmt;

/// The most bytes of a pull request's template.
pub const MAX_TEMPLATE: usize = 64 << 10;
/// The most bytes of a title or a body that is taken over.
pub const MAX_TEXT: usize = 64 << 10;
/// The most comments of an issue that are read, the newest ones.
pub const MAX_COMMENTS: usize = 50;

/// A repository as its forge knows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ForgeRepository {
    /// The branch that changes go to where no other is named; `None` where there is no commit yet.
    pub default_branch: Option<BranchName>,
    /// Whether it can only be read.
    pub archived: bool,
    /// Whether the account of the server may push to it.
    pub may_push: bool,
    /// The text that new pull requests begin with there, at most [`MAX_TEMPLATE`]. The adapter adds it itself.
    pub template: Option<String>,
}

/// A pull request as a place to start from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullSource {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its body, markdown.
    pub body: String,
    /// Where a person sees it.
    pub url: String,
    /// Its state.
    pub state: PullState,
    /// Who opened it.
    pub author: String,
    /// The branch it asks to be merged into.
    pub base: BranchName,
    /// The branch that holds the change.
    pub head: BranchName,
    /// The repository of that branch: another one where the pull request comes from a fork.
    pub head_repository: Repository,
    /// The commit at the head.
    pub head_commit: ObjectId,
    /// Whether the account of the server may push to the head.
    pub may_push: bool,
    /// Whether its author is no member of the project: its text and its code are not to be trusted.
    pub outsider: bool,
}

/// A comment below an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgeComment {
    /// Who wrote it.
    pub author: String,
    /// Markdown.
    pub body: String,
    /// Whether the author is no member of the project.
    pub outsider: bool,
}

/// An issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgeIssue {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its body, markdown.
    pub body: String,
    /// Where a person sees it.
    pub url: String,
    /// Who opened it.
    pub author: String,
    /// Whether it is open.
    pub open: bool,
    /// Whether its author is no member of the project.
    pub outsider: bool,
    /// The newest comments, oldest first, at most [`MAX_COMMENTS`].
    pub comments: Vec<ForgeComment>,
}

/// As whom the server acts on a forge, for the doctor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgeStatus {
    /// The account, where it is known.
    pub account: Option<String>,
    /// Where the credentials come from: `GITHUB_TOKEN`, `gh login`, `GitHub App 123`, or that there are none.
    pub how: String,
    /// What is wrong, and its remedy.
    pub problem: Option<(String, String)>,
}

/// Reads from a git hosting service.
#[async_trait]
pub trait ForgeReader: Send + Sync + fmt::Debug {
    /// Whether the server was given credentials for it at all; they may still be wrong. Asks nobody.
    fn has_credentials(&self) -> bool {
        true
    }
    /// Looks at a repository.
    async fn about(&self, repository: &Repository) -> Result<ForgeRepository, PortError>;
    /// A pull request to start from. Class `NotFound` where there is none of this number.
    async fn source(&self, repository: &Repository, number: u64) -> Result<PullSource, PortError>;
    /// An issue to work on. Class `NotFound` where there is none of this number.
    async fn issue(&self, repository: &Repository, number: u64) -> Result<ForgeIssue, PortError>;
    /// What became of a pull request; `None` where nothing has changed since the report whose
    /// [`PullReport::seen`] is given.
    async fn report(
        &self,
        repository: &Repository,
        number: u64,
        seen: Option<&str>,
    ) -> Result<Option<PullReport>, PortError>;
    /// The ends of the logs of a commit's failed checks, together at most `bound` bytes.
    async fn failing_logs(
        &self,
        repository: &Repository,
        commit: &ObjectId,
        bound: usize,
    ) -> Result<Vec<FailingLog>, PortError>;
    /// As whom the server acts there; `None` where there is nothing to say. May ask the forge.
    async fn status(&self) -> Option<ForgeStatus>;
}
