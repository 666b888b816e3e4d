//! Wire type: approval (layer 0), a decision that waits for a person.

use crate::event::{PermissionOption, ToolDiff};
use crate::policy::ToolKind;
use crate::word::words;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words!(
    /// How an approval stands.
    ApprovalState, "approval state", {
        /// It waits.
        Pending = "pending",
        /// A person allowed it.
        Approved = "approved",
        /// A person refused it.
        Denied = "denied",
        /// It no longer matters.
        Cancelled = "cancelled",
    }
);

words!(
    /// What a person decides.
    Decision, "decision", {
        /// Allow it.
        Approve = "approve",
        /// Refuse it.
        Deny = "deny",
        /// Answer a question in words.
        Answer = "answer",
    }
);

words!(
    /// How much harm a yes can do, least first.
    Risk, "risk", {
        /// Something is looked at.
        Read = "read",
        /// Something changes within the sandbox.
        ContainedWrite = "contained_write",
        /// A repository or a pull request outside changes.
        RepositoryWrite = "repository_write",
        /// It is not known what happens, or it reaches outside.
        High = "high",
    }
);

/// What an agent wants to do, in full as far as it was told, and bounded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalDetail {
    /// The tool call in the session's events.
    pub tool_call_id: Option<String>,
    /// The command, where it is one.
    pub command: Option<String>,
    /// The tool's input; `null` where it is larger than 16 KiB or was not told.
    #[schema(value_type = Option<Object>)]
    pub input: Option<serde_json::Value>,
    /// The edits, each side cut at 16 KiB.
    pub diffs: Vec<ToolDiff>,
    /// The files it touches.
    pub locations: Vec<String>,
}

/// A decision that waits, or waited, for a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Approval {
    /// Its id.
    pub id: String,
    /// Its session.
    pub session_id: String,
    /// What the agent wants to do.
    pub title: String,
    /// What kind of thing it is.
    pub kind: ToolKind,
    /// The agent's choices.
    pub options: Vec<PermissionOption>,
    /// How much harm a yes can do.
    pub risk: Risk,
    /// Why a person is asked.
    pub reason: String,
    /// Who asks: the agent.
    pub asked_by: String,
    /// The session's title.
    pub session_title: String,
    /// The session's repository.
    pub repo: Option<String>,
    /// What exactly is asked for, where the agent told it.
    pub detail: Option<ApprovalDetail>,
    /// How it stands.
    pub state: ApprovalState,
    /// Who answered.
    pub answered_by: Option<String>,
    /// What was said along with the answer.
    pub note: Option<String>,
    /// When it was asked.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was answered.
    #[schema(format = DateTime)]
    pub answered_at: Option<String>,
    /// When it ceases to wait by itself; `null`: it does not.
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
}

/// The answer to an approval. The first answer wins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApprovalAnswer {
    /// The decision.
    pub decision: Decision,
    /// Why; the agent sees it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<String>,
    /// The words of an answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub answer: Option<String>,
}
