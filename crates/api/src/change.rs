//! Wire type: changes of all sessions (layer 0), by which lists stay live.

use crate::session::Status;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A change of a session that lists show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionNews {
    /// Its place among all events; grows, with gaps.
    pub global: u64,
    /// The session.
    pub session_id: String,
    /// The event's number within the session.
    pub seq: u64,
    /// The event's type, as in the session's own stream.
    #[serde(rename = "type")]
    pub kind: String,
    /// The new status, where the event tells one.
    pub status: Option<Status>,
}

/// A place among all events: what a stream of changes begins with, or goes on from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// Give this as `after`.
    pub global: u64,
}
