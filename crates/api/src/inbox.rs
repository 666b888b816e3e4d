//! Wire type: inbox (layer 0): what waits for a person, and what has ended.

use crate::approval::Approval;
use crate::session::Session;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A decision that waits, with its session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaitingEntry {
    /// The decision.
    pub approval: Approval,
    /// Its session.
    pub session: Session,
}

/// A session that ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FinishedEntry {
    /// The session.
    pub session: Session,
    /// Whether it ended since the marks were last cleared.
    pub unread: bool,
}

/// The inbox, outcome first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Inbox {
    /// When the marks were last cleared; `null` if never.
    #[schema(format = DateTime)]
    pub seen_at: Option<String>,
    /// How many of `finished` are unread.
    pub unread: u64,
    /// What needs an answer, oldest first.
    pub waiting: Vec<WaitingEntry>,
    /// The last sessions that ended, newest first.
    pub finished: Vec<FinishedEntry>,
}
