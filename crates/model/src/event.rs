//! Events (layer 0): the numbered records of a session, the only thing that is streamed.

use crate::id::{DecisionId, SessionId};
use crate::outcome::Outcome;
use crate::policy::ToolKind;
use crate::refs::ObjectId;
use crate::session::{DiffStat, FailureKind, Status};
use crate::time::Timestamp;
use crate::usage::ModelCall;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A numbered record of a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Counts from 1 without gaps within its session.
    pub seq: u64,
    /// Its place among all events of the store; grows, with gaps.
    pub global: u64,
    /// Its session.
    pub session: SessionId,
    /// When it was recorded.
    pub at: Timestamp,
    /// What happened.
    pub body: EventBody,
}

/// Who speaks in a message event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// A person, or what acts for one.
    User,
    /// The agent.
    Agent,
    /// The platform.
    Platform,
}

/// How far a step of the engine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// It began.
    Started,
    /// It is done.
    Finished,
    /// It failed.
    Failed,
}

/// How far a tool call is (ACP's `ToolCallStatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolStatus {
    /// Not begun.
    Pending,
    /// At work.
    InProgress,
    /// Done.
    Completed,
    /// Failed.
    Failed,
}

/// One line of an agent's plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanEntry {
    /// What is to be done.
    pub content: String,
    /// `high`, `medium` or `low`.
    pub priority: String,
    /// `pending`, `in_progress` or `completed`.
    pub status: String,
}

/// A file before and after an edit, as the agent tells it (a claim).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolDiff {
    /// The file.
    pub path: String,
    /// Its text before; `None` for a new file.
    pub old_text: Option<String>,
    /// Its text after.
    pub new_text: String,
}

/// What a tool call is about. Fields that the agent did not send are absent, so that an update changes only the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct ToolCall {
    /// The agent's name for it, unique within its conversation.
    pub id: String,
    /// A title for people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub title: Option<String>,
    /// What kind of thing it does.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kind: Option<ToolKind>,
    /// How far it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<ToolStatus>,
    /// Its output as text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub output: Option<String>,
    /// The edits it makes.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub diffs: Vec<ToolDiff>,
    /// The files it touches.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub locations: Vec<String>,
    /// Its input as the agent sent it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub input: Option<Value>,
}

/// One choice of a permission request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermissionOption {
    /// The agent's name for it.
    pub id: String,
    /// Its words.
    pub name: String,
    /// `allow_once`, `allow_always`, `reject_once` or `reject_always`.
    pub kind: String,
}

/// A digest in place of a payload that was too large for the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobRef {
    /// SHA-256 of the whole, hexadecimal.
    pub digest: String,
    /// Its size in bytes.
    pub size: u64,
}

/// What happened. The tag is the `event:` name of the stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum EventBody {
    /// The session's status changed.
    Status {
        /// The new status.
        status: Status,
        /// Why, where it is not plain.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<String>,
    },
    /// A step of the engine began or ended.
    Step {
        /// Its name.
        step: String,
        /// How far it is.
        state: StepState,
        /// What a person may want to know.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        detail: Option<String>,
        /// How long it took, in milliseconds, once it ended.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        duration_ms: Option<u64>,
    },
    /// Somebody said something; an agent's words come in chunks.
    Message {
        /// Who.
        author: Author,
        /// The words (or the next piece of them).
        text: String,
        /// Whether more of the same message may follow.
        #[serde(default)]
        chunk: bool,
        /// The turn it belongs to, from 1.
        turn: u32,
    },
    /// The agent thinks aloud.
    Thought {
        /// The words (or the next piece of them).
        text: String,
    },
    /// The agent began to use a tool.
    ToolCall(ToolCall),
    /// A tool call changed.
    ToolUpdate(ToolCall),
    /// The agent's plan, whole.
    Plan {
        /// Its lines.
        entries: Vec<PlanEntry>,
    },
    /// Something the agent sent that has no type of its own, or wrote to standard error.
    Output {
        /// `update` (an ACP update kept raw), `terminal` (the next piece of a running command's output), `stderr`,
        /// `invalid` (a line that is no ACP).
        stream: String,
        /// The text, or its head.
        text: String,
        /// Where the whole is kept, if this is only the head.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        blob: Option<BlobRef>,
    },
    /// Files were written that will not be kept.
    FileChange {
        /// Their paths, bounded.
        paths: Vec<String>,
        /// How many there were.
        total: u64,
        /// Always `discarded` for now.
        action: String,
    },
    /// A model call ended.
    Usage(ModelCall),
    /// The agent asked for permission, or the question was answered.
    Permission {
        /// Names the request.
        decision: DecisionId,
        /// What the agent wants to do.
        title: String,
        /// What kind of thing it is.
        kind: ToolKind,
        /// The choices.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        options: Vec<PermissionOption>,
        /// `asked`, `allowed`, `denied` or `cancelled`.
        state: String,
        /// Who answered: `policy` or a user.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        by: Option<String>,
    },
    /// The outcome is known.
    Outcome(Outcome),
    /// Something was done with git.
    Git {
        /// `base`, `commit`, `push`; `keep` for the partial change of a stopped session.
        action: String,
        /// The commit.
        commit: ObjectId,
        /// The branch.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        branch: Option<String>,
        /// The size of the change.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        diff: Option<DiffStat>,
    },
    /// A pull request was opened or changed.
    PullRequest {
        /// Its number.
        number: u64,
        /// Where it can be seen.
        url: String,
        /// `opened`, `updated`, `merged`, `closed`, `reopened`, `draft`, `ready`, `conflicts` and `mergeable` (with its
        /// base), `check`, `review`, `comment`.
        action: String,
        /// Whose or which: the check's name, the reviewer, the author of the comment.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        subject: Option<String>,
        /// How it stands: `passed`, `failed`, …; `approved`, `changes_requested`, ….
        #[serde(skip_serializing_if = "Option::is_none", default)]
        state: Option<String>,
        /// In words, bounded; written by others.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        detail: Option<String>,
    },
    /// Something failed.
    Error {
        /// What kind of failure.
        kind: FailureKind,
        /// In words.
        message: String,
        /// What to do.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        hint: Option<String>,
    },
    /// The session's work has ended.
    Done {
        /// How.
        status: Status,
    },
}

impl EventBody {
    /// A change of a pull request that says all by its action.
    pub fn pull_request(number: u64, url: impl Into<String>, action: &str) -> Self {
        let (subject, state, detail) = (None, None, None);
        Self::PullRequest { number, url: url.into(), action: action.to_owned(), subject, state, detail }
    }
    /// The `event:` name of the stream.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::Step { .. } => "step",
            Self::Message { .. } => "message",
            Self::Thought { .. } => "thought",
            Self::ToolCall(_) => "tool_call",
            Self::ToolUpdate(_) => "tool_update",
            Self::Plan { .. } => "plan",
            Self::Output { .. } => "output",
            Self::FileChange { .. } => "file_change",
            Self::Usage(_) => "usage",
            Self::Permission { .. } => "permission",
            Self::Outcome(_) => "outcome",
            Self::Git { .. } => "git",
            Self::PullRequest { .. } => "pull_request",
            Self::Error { .. } => "error",
            Self::Done { .. } => "done",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_tag() {
        let body = EventBody::ToolCall(ToolCall { id: "t1".to_owned(), ..ToolCall::default() });
        let json = serde_json::to_value(&body).unwrap();
        assert_eq!(json, serde_json::json!({"type": "tool_call", "data": {"id": "t1"}}));
        assert_eq!(json["type"], body.name());
        assert_eq!(serde_json::from_value::<EventBody>(json).unwrap(), body);
    }
}
