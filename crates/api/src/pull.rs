//! Wire type: pull request (layer 0), and publishing, which opens one.

use crate::word::words;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words!(
    /// The state of a pull request.
    PullState, "pull request state", {
        /// Open, not yet ready.
        Draft = "draft",
        /// Open.
        Open = "open",
        /// Merged.
        Merged = "merged",
        /// Closed without merging.
        Closed = "closed",
    }
);

words!(
    /// Whether a pull request could be merged.
    Mergeable, "mergeable state", {
        /// The forge has not found out yet.
        Unknown = "unknown",
        /// Without conflicts.
        Clean = "clean",
        /// It conflicts with its base.
        Conflicts = "conflicts",
    }
);

words!(
    /// The state of a check on the forge.
    PullCheckState, "check state", {
        /// It waits for its start.
        Queued = "queued",
        /// It is at work.
        Running = "running",
        /// It passed.
        Passed = "passed",
        /// It failed, or ran out of time.
        Failed = "failed",
        /// Somebody stopped it.
        Cancelled = "cancelled",
        /// It was not needed.
        Skipped = "skipped",
        /// It says neither yes nor no.
        Neutral = "neutral",
    }
);

words!(
    /// What a reviewer decided.
    ReviewState, "review state", {
        /// It may be merged.
        Approved = "approved",
        /// Something must change first.
        ChangesRequested = "changes_requested",
        /// Only remarks.
        Commented = "commented",
        /// It counts no longer.
        Dismissed = "dismissed",
    }
);

/// A check of a pull request that its forge knows of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PullCheck {
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: PullCheckState,
    /// Where it can be seen.
    pub url: Option<String>,
    /// What it says, on one line.
    pub summary: Option<String>,
}

/// A review of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PullReview {
    /// Who.
    pub author: String,
    /// What was decided.
    pub state: ReviewState,
    /// Markdown; may be empty.
    pub body: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
}

/// A local pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pull {
    /// Its number.
    pub number: u64,
    /// The session that made it.
    pub session_id: String,
    /// The repository.
    pub repo: String,
    /// Its title.
    pub title: String,
    /// Its body, markdown.
    pub body: String,
    /// The branch it asks to be merged into.
    pub base: String,
    /// The branch that holds the change.
    pub head: String,
    /// The commit at the head.
    pub head_sha: String,
    /// Its state.
    pub state: PullState,
    /// The commit of the merge, once merged.
    pub merge_sha: Option<String>,
    /// When it was opened.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// Which pull requests. Absent fields do not filter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PullFilter {
    /// States, separated by commas.
    pub state: Option<String>,
    /// Of this repository.
    pub repo: Option<String>,
    /// Of this session.
    pub session: Option<String>,
    /// Rows, 1 to 1,000.
    pub limit: Option<u32>,
    /// Where the page begins: `next` of an earlier page.
    pub cursor: Option<String>,
}

/// How a session shall be published. Absent fields are derived.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublishRequest {
    /// The branch to be merged into.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub base: Option<String>,
    /// The title.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub title: Option<String>,
    /// The body, markdown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub body: Option<String>,
    /// Not yet ready for review.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub draft: Option<bool>,
    /// Brought up to date with the base before it is pushed: rebased while nobody can see its branch, else the base is merged
    /// into it. A conflict is an error, and nothing is pushed then.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rebase: Option<bool>,
}

/// The end of the log of a failed check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailingLog {
    /// The job's name.
    pub job: String,
    /// Where it can be seen.
    pub url: String,
    /// The end of what it wrote; empty where it is not kept any more.
    pub tail: String,
}

/// A published session. `number` and `url` repeat the two fields before them, for those who expect the short names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Published {
    /// The session.
    pub session_id: String,
    /// The branch.
    pub branch: String,
    /// The pull request's title.
    pub title: String,
    /// The pull request's number.
    pub pull_request_number: u64,
    /// Where it can be seen.
    pub pull_request_url: String,
    /// The pull request's number.
    pub number: u64,
    /// Where it can be seen.
    pub url: String,
    /// What a person should know about it: conflicts with the base, what was done to bring it up to date, another base.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A pull request that is there already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExistingPull {
    /// Its number.
    pub number: u64,
    /// Where it can be seen.
    pub url: String,
    /// Its state.
    pub state: PullState,
}

/// A pull request as publishing would open it or bring it up to date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublishPreview {
    /// The session.
    pub session_id: String,
    /// The repository that it would go to.
    pub repo: String,
    /// The forge: `local`, `github`, …
    pub forge: String,
    /// The branch that holds the change.
    pub branch: String,
    /// The branch that it would be merged into.
    pub base: String,
    /// Its title.
    pub title: String,
    /// Its body, markdown, without the hidden marker.
    pub body: String,
    /// Not yet ready for review.
    pub draft: bool,
    /// The pull request that would be brought up to date; `null`: a new one is opened.
    pub existing: Option<ExistingPull>,
}
