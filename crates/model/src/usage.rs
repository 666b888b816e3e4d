//! Tokens, money and time (layer 0).

use serde::{Deserialize, Serialize};

/// What a session has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Tokens read, cached ones included.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Tokens read from the provider's cache.
    pub cached_tokens: u64,
    /// Millionths of a US dollar, where prices are known.
    pub cost_micros: Option<u64>,
    /// Model calls made.
    pub calls: u64,
    /// Time at work, in milliseconds.
    pub duration_ms: u64,
}

impl Usage {
    /// Adds another's figures (saturating).
    pub fn add(&mut self, other: &Self) {
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
        self.cached_tokens = self.cached_tokens.saturating_add(other.cached_tokens);
        self.calls = self.calls.saturating_add(other.calls);
        self.duration_ms = self.duration_ms.saturating_add(other.duration_ms);
        self.cost_micros = match (self.cost_micros, other.cost_micros) {
            (None, None) => None,
            (a, b) => Some(a.unwrap_or(0).saturating_add(b.unwrap_or(0))),
        };
    }
}

/// How a model call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallEnd {
    /// The provider's answer arrived whole.
    Finished,
    /// The provider answered with an error status.
    Refused,
    /// The answer broke off, or no provider could be reached.
    Broken,
    /// The agent went away before the answer's end.
    Abandoned,
}

/// A model call, as the gateway saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelCall {
    /// Counts from 1 within a session's attempt.
    pub number: u64,
    /// The provider: `anthropic`, `openai`, `gemini`.
    pub provider: String,
    /// The model that was asked for, where the request names it.
    pub model: Option<String>,
    /// How it ended.
    pub end: CallEnd,
    /// The provider's HTTP status, if it answered.
    pub status: Option<u16>,
    /// Why it did not finish, in words without secrets.
    pub error: Option<String>,
    /// Tokens read, written, cached.
    pub usage: Usage,
}
