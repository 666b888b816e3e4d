//! Wire type: health (layer 0).

use crate::doctor::Finding;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How much work there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueueDepth {
    /// Sessions that wait for a worker.
    pub queued: u64,
    /// Sessions at work.
    pub running: u64,
}

/// Says that the server lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// `ok`.
    pub status: String,
    /// The server's version.
    pub version: String,
    /// How long it has been up, in seconds.
    pub uptime_seconds: u64,
    /// Whether requests need a token.
    pub token_required: bool,
    /// How much work there is; `null` without a token where one is required.
    pub queue: Option<QueueDepth>,
    /// What is missing or does not work; empty without a token where one is required.
    pub findings: Vec<Finding>,
}

/// Says whether the server can take work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Readiness {
    /// `ready` or `unavailable`.
    pub status: String,
    /// The subjects that do not work.
    pub failing: Vec<String>,
}
