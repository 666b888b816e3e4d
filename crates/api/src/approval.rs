//! Wire type: approval (layer 0), a decision that waits for a person.

use crate::event::PermissionOption;
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

/// A decision that waits, or waited, for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
