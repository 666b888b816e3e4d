//! Port: forge (layer 0): what following a pull request learns. Kept on the session as it is, so the names are stable.

use crate::pull::PullState;
use crate::refs::ObjectId;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Whether a pull request could be merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mergeable {
    /// The forge has not found out yet.
    #[default]
    Unknown,
    /// Without conflicts.
    Clean,
    /// It conflicts with its base.
    Conflicts,
}

/// The state of a check on the forge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForgeCheckState {
    /// It waits for its start.
    Queued,
    /// It is at work.
    Running,
    /// It passed.
    Passed,
    /// It failed, or ran out of time.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// It was not needed.
    Skipped,
    /// It says neither yes nor no.
    Neutral,
}

/// A check of a commit that the forge knows of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgeCheck {
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: ForgeCheckState,
    /// Where a person sees it.
    pub url: Option<String>,
    /// What it says, on one line.
    pub summary: Option<String>,
}

/// What a reviewer decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    /// It may be merged.
    Approved,
    /// Something must change first.
    ChangesRequested,
    /// Only remarks.
    Commented,
    /// It counts no longer.
    Dismissed,
}

/// A review of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgeReview {
    /// Who.
    pub author: String,
    /// What was decided.
    pub state: ReviewState,
    /// Markdown; may be empty.
    pub body: String,
    /// When.
    pub at: Timestamp,
}

/// A comment on a line of the change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewComment {
    /// Its id on the forge.
    pub id: u64,
    /// Who.
    pub author: String,
    /// Markdown.
    pub body: String,
    /// The file.
    pub path: String,
    /// The line of the file as it is at the head; `None` where the comment is about the whole file or is outdated.
    pub line: Option<u64>,
    /// Where a person sees it.
    pub url: String,
}

/// What following a pull request learns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullReport {
    /// Its state.
    pub state: PullState,
    /// The commit at its head.
    pub head: ObjectId,
    /// Whether it could be merged.
    pub mergeable: Mergeable,
    /// The checks of the head.
    pub checks: Vec<ForgeCheck>,
    /// Its reviews, oldest first.
    pub reviews: Vec<ForgeReview>,
    /// Its comments on lines, oldest first.
    pub comments: Vec<ReviewComment>,
    /// Given back with the next look, so that nothing is told twice.
    pub seen: String,
}

/// The end of a failed check's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailingLog {
    /// The job's name.
    pub job: String,
    /// Where a person sees it.
    pub url: String,
    /// The end of what it wrote.
    pub tail: String,
}
