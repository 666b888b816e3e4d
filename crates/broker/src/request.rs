//! What goes out of a request from inside (layer 1; pure).
//!
//! Invariants: only headers of the list below go out; credentials, cookies, hop-by-hop and forwarding headers never do.
//! A body is one JSON object whose `model` and `stream` are stated at most once, so that nobody reads it otherwise.
//!
//! The body itself is never changed. A streamed chat completion that does not ask for its usage
//! (`stream_options.include_usage`) therefore ends without counts: to ask for it would send the agent a last event with
//! empty `choices`, which not every client bears, and some compatible endpoints refuse the member.

use crate::refusal::Refusal;
use crate::route::{Purpose, Route};
use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::HeaderMap;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use serde_json::Value;

/// The longest name of a model, in characters.
const MAX_MODEL: usize = 256;

/// What the gateway must know of a call before it begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) model: Option<String>,
    pub(crate) streams: bool,
}

/// The members of a body that matter here. A member that is stated twice is an error.
#[derive(Deserialize)]
struct Members {
    #[serde(default)]
    model: Option<Value>,
    #[serde(default)]
    stream: Option<Value>,
    #[serde(default)]
    background: Option<Value>,
}

/// Reads what a body asks for.
pub(crate) fn read(route: &Route, body: &[u8]) -> Result<Asked, Refusal> {
    let bad = |message: &str| Refusal::new(StatusCode::BAD_REQUEST, message);
    let begins = body.iter().find(|byte| !byte.is_ascii_whitespace());
    if begins != Some(&b'{') {
        return Err(bad("a model call is one JSON object"));
    }
    let members: Members = serde_json::from_slice(body).map_err(|error| {
        bad(&format!(
            "the body is not one JSON object with each member once (line {}, column {})",
            error.line(),
            error.column()
        ))
    })?;
    if matches!(route.purpose, Purpose::Call(_)) && members.background.is_some_and(|value| !is_off(&value)) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "background responses are not passed on, because nobody would see them end",
        ));
    }
    let model =
        route.model.clone().or_else(|| members.model.as_ref().and_then(Value::as_str).map(str::to_owned));
    if model
        .as_ref()
        .is_some_and(|model| model.chars().count() > MAX_MODEL || model.chars().any(char::is_control))
    {
        return Err(bad("the model's name is too long or holds control characters"));
    }
    Ok(Asked {
        model,
        streams: route.streams || members.stream.as_ref().and_then(Value::as_bool).unwrap_or(false),
    })
}

fn is_off(value: &Value) -> bool {
    value.is_null() || value == &Value::Bool(false)
}

/// The headers that go out.
pub(crate) fn headers(inside: &HeaderMap, body: &Bytes) -> HeaderMap {
    let mut out = HeaderMap::new();
    for (name, value) in inside {
        if goes_out(name.as_str()) {
            out.append(name, value.clone());
        }
    }
    // Usage is read from the answer, so that it must come uncompressed.
    out.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if !body.is_empty() {
        out.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    out
}

fn goes_out(name: &str) -> bool {
    const NAMES: [&str; 21] = [
        "accept",
        "accept-language",
        "anthropic-beta",
        "anthropic-dangerous-direct-browser-access",
        "anthropic-version",
        "conversation-id",
        "conversation_id",
        "http-referer",
        "idempotency-key",
        "openai-beta",
        "originator",
        "session-id",
        "session_id",
        "thread-id",
        "user-agent",
        "version",
        "x-app",
        "x-client-request-id",
        "x-goog-api-client",
        "x-openai-subagent",
        "x-title",
    ];
    const PREFIXES: [&str; 2] = ["x-stainless-", "x-codex-"];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// The headers of a provider's answer that go in.
pub(crate) fn answer_headers(outside: &HeaderMap, hide: impl Fn(&str) -> bool) -> HeaderMap {
    let mut out = HeaderMap::new();
    for (name, value) in outside {
        if goes_in(name.as_str()) && !value.to_str().is_ok_and(&hide) {
            out.append(name, value.clone());
        }
    }
    out
}

fn goes_in(name: &str) -> bool {
    const NAMES: [&str; 16] = [
        "cache-control",
        "content-length",
        "content-type",
        "date",
        "openai-model",
        "openai-processing-ms",
        "openai-version",
        "request-id",
        "retry-after",
        "retry-after-ms",
        "server-timing",
        "x-models-etag",
        "x-oai-request-id",
        "x-reasoning-included",
        "x-request-id",
        "x-should-retry",
    ];
    const PREFIXES: [&str; 3] = ["anthropic-ratelimit-", "x-ratelimit-", "x-codex-"];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
