//! Wire type: usage (layer 0): tokens, money, time.

use crate::word::words;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What was used.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Tokens read, cached ones included.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Tokens read from the provider's cache.
    pub cached_tokens: u64,
    /// US dollars, where prices are known.
    pub cost_usd: Option<f64>,
    /// Time at work, in milliseconds.
    pub duration_ms: u64,
}

/// What a session has used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionUsage {
    /// The session.
    pub session_id: String,
    /// Tokens read, cached ones included.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Tokens read from the provider's cache.
    pub cached_tokens: u64,
    /// US dollars, where prices are known.
    pub cost_usd: Option<f64>,
    /// Time at work, in milliseconds.
    pub duration_ms: u64,
    /// Model calls made.
    pub calls: u64,
    /// Turns begun.
    pub turns: u32,
}

words!(
    /// How a model call ended.
    CallEnd, "call end", {
        /// The provider's answer arrived whole.
        Finished = "finished",
        /// The provider answered with an error status.
        Refused = "refused",
        /// The answer broke off, or no provider could be reached.
        Broken = "broken",
        /// The agent went away before the answer's end.
        Abandoned = "abandoned",
    }
);

/// A model call, as the gateway saw it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelCall {
    /// Counts from 1 within a session's attempt.
    pub number: u64,
    /// The provider: `anthropic`, `openai`, `gemini`.
    pub provider: String,
    /// The model that was asked for.
    pub model: Option<String>,
    /// How it ended.
    pub end: CallEnd,
    /// The provider's HTTP status, if it answered.
    pub status: Option<u16>,
    /// Why it did not finish.
    pub error: Option<String>,
    /// What it used.
    pub usage: Usage,
}
