//! Decisions (layer 0): what waits for a person; the first answer wins.

use crate::event::{PermissionOption, ToolCall};
use crate::id::{DecisionId, SessionId, TenantId, UserId};
use crate::policy::ToolKind;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// How a decision stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionState {
    /// It waits.
    Pending,
    /// A person allowed it.
    Approved,
    /// A person refused it.
    Denied,
    /// It no longer matters.
    Cancelled,
}

/// What waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Its id.
    pub id: DecisionId,
    /// Its session.
    pub session: SessionId,
    /// Its tenant.
    pub tenant: TenantId,
    /// Its owner.
    pub owner: UserId,
    /// What the agent wants to do.
    pub title: String,
    /// What kind of thing it is.
    pub kind: ToolKind,
    /// The agent's choices.
    pub options: Vec<PermissionOption>,
    /// The tool call that it is about, bounded, where the agent told one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subject: Option<Box<ToolCall>>,
    /// The request in the agent's conversation that it answers.
    pub request: String,
    /// How it stands.
    pub state: DecisionState,
    /// Who answered.
    pub answered_by: Option<UserId>,
    /// What was said along with the answer.
    pub note: Option<String>,
    /// When it was asked.
    pub created_at: Timestamp,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
}
