//! The wire formats of model providers (dev layer, pure): reading a request, writing an answer.
//!
//! Sources: the providers' public API references and what five agents send and accept. A format reads only what a
//! script needs and answers with everything that the agents read.

pub(crate) mod anthropic;
pub(crate) mod chat;
pub(crate) mod gemini;
pub(crate) mod responses;

use super::plan::Ask;
use super::reply::{Body, Reply};
use serde_json::{Value, json};

/// A wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    /// Anthropic's messages.
    Anthropic,
    /// `OpenAI`'s chat completions.
    Chat,
    /// `OpenAI`'s responses.
    Responses,
    /// Google's Gemini.
    Gemini,
}

impl Wire {
    /// Writes an answer.
    pub(crate) fn body(self, ask: &Ask, reply: &Reply) -> Body {
        match self {
            Self::Anthropic => anthropic::body(ask, reply),
            Self::Chat => chat::body(ask, reply),
            Self::Responses => responses::body(ask, reply),
            Self::Gemini => gemini::body(ask, reply),
        }
    }

    /// The body of an HTTP error.
    pub(crate) fn error(self, status: u16, message: &str) -> Value {
        match self {
            Self::Anthropic => {
                let kind = match status {
                    401 => "authentication_error",
                    429 => "rate_limit_error",
                    529 => "overloaded_error",
                    400..=499 => "invalid_request_error",
                    _ => "api_error",
                };
                json!({"type": "error", "error": {"type": kind, "message": message}})
            }
            Self::Chat | Self::Responses => {
                let kind = match status {
                    401 => "invalid_api_key",
                    429 => "rate_limit_exceeded",
                    400..=499 => "invalid_request_error",
                    _ => "server_error",
                };
                json!({"error": {"message": message, "type": kind, "param": null, "code": kind}})
            }
            Self::Gemini => {
                let kind = match status {
                    401 => "UNAUTHENTICATED",
                    429 => "RESOURCE_EXHAUSTED",
                    503 => "UNAVAILABLE",
                    400..=499 => "INVALID_ARGUMENT",
                    _ => "INTERNAL",
                };
                json!({"error": {"code": status, "message": message, "status": kind}})
            }
        }
    }
}

/// The text of a content that is a string or a list of parts, of which those with a `text` count.
fn text_of(content: &Value) -> String {
    match content.as_array() {
        Some(parts) => {
            let texts: Vec<&str> =
                parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).collect();
            texts.join("\n")
        }
        None => content.as_str().unwrap_or_default().to_owned(),
    }
}

fn field<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn flag(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap_or(false)
}
