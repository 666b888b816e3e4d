//! Wire type: message (layer 0), what a person wrote to a session.

use crate::word::words;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words!(
    /// How far a message is.
    MessageState, "message state", {
        /// It waits for a turn.
        Queued = "queued",
        /// It was given to the agent.
        Delivered = "delivered",
        /// It was dropped by a stop.
        Dropped = "dropped",
    }
);

words!(
    /// What becomes of a message while a turn is under way.
    Queueing, "way to queue", {
        /// It waits for the turn's end.
        Followup = "followup",
        /// The turn is cancelled and goes on with it.
        Steer = "steer",
        /// It waits and is joined with others.
        Collect = "collect",
    }
);

/// What a person wrote to a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Counts from 1 within its session; the first is the task's prompt.
    pub number: u64,
    /// Who wrote it.
    pub author: String,
    /// The words.
    pub content: String,
    /// What becomes of it while a turn is under way.
    pub queue: Queueing,
    /// How far it is.
    pub state: MessageState,
    /// The turn it was given to.
    pub turn: Option<u32>,
    /// When it was accepted.
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewMessage {
    /// The words; at most 100,000 characters.
    #[schema(min_length = 1, max_length = 100_000)]
    pub content: String,
    /// What becomes of it while a turn is under way; `followup` by default.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub queue: Option<Queueing>,
    /// Adds the ends of the logs of the checks that have failed on the session's pull request, for the agent to read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub failing_logs: Option<bool>,
}
