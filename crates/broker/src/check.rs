//! The cheapest live call that proves a key: the list of models (layer 1).

use crate::gateway::Shared;
use crate::meter::words;
use crate::route::{Purpose, Route};
use crate::upstream::Upstream;
use bytes::BytesMut;
use hyper::{Method, StatusCode};
use serde_json::Value;
use std::time::Duration;
use telecoder_model::PortError;
use telecoder_model::port::gateway::Provider;
use tokio::time::timeout;

/// The longest a check takes.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The longest list of models that is read, in bytes. The longest known one has about two million.
const MAX_LIST: usize = 16 * 1024 * 1024;

/// Proves a provider's key.
pub(crate) async fn check(shared: &Shared, upstream: &Upstream) -> Result<(), PortError> {
    let name = upstream.provider.as_str();
    if !upstream.ready() {
        return Err(PortError::denied(format!("there is no key for {name}"))
            .remedy(format!("set {}", upstream.key_setting)));
    }
    let limit = TIMEOUT.min(shared.options.silence_timeout);
    let late = |_| PortError::transient(format!("{} did not answer in time", upstream.host()));
    timeout(limit, ask(shared, upstream)).await.map_err(late)?
}

async fn ask(shared: &Shared, upstream: &Upstream) -> Result<(), PortError> {
    let host = upstream.host();
    let target = upstream.target(&route(upstream.provider));
    let target = target.ok_or_else(|| PortError::permanent(format!("the address of {host} has no path")))?;
    let mut request = shared.outgoing.client().await?.get(target).header("accept", "application/json");
    if upstream.provider == Provider::Anthropic {
        request = request.header("anthropic-version", "2023-06-01");
    }
    if let Some((header, value)) = &upstream.credential {
        request = request.header(header, value);
    }
    let lost = |error| PortError::transient(format!("{host} cannot be reached: {}", upstream.words(error)));
    let mut answer = request.send().await.map_err(lost)?;
    let status = answer.status();
    let mut body = BytesMut::new();
    while let Some(part) = answer.chunk().await.map_err(lost)? {
        if body.len() + part.len() > MAX_LIST {
            return Err(PortError::permanent(format!("the list of models of {host} is too long to be one")));
        }
        body.extend_from_slice(&part);
    }
    judge(upstream, status, &body)
}

fn route(provider: Provider) -> Route {
    let query = match provider {
        Provider::Anthropic => vec![("limit".to_owned(), "1".to_owned())],
        Provider::Gemini => vec![("pageSize".to_owned(), "1".to_owned())],
        Provider::Openai => Vec::new(),
    };
    Route {
        method: Method::GET,
        purpose: Purpose::Look,
        version: None,
        segments: vec!["models".to_owned()],
        query,
        model: None,
        streams: false,
    }
}

fn judge(upstream: &Upstream, status: StatusCode, body: &[u8]) -> Result<(), PortError> {
    let host = upstream.host();
    let value: Option<Value> = serde_json::from_slice(body).ok();
    if status.is_success() {
        if value.is_some_and(|value| value.is_object() || value.is_array()) {
            return Ok(());
        }
        let message = format!("{host} answers, but not with a list of models");
        return Err(PortError::permanent(message).remedy("check the provider's address"));
    }
    let said = value.as_ref().and_then(words);
    let said = said.as_deref().or(status.canonical_reason()).unwrap_or("an error");
    let message = format!("{host} answered {}: {}", status.as_u16(), upstream.hide(said));
    // Gemini says "bad request" of a wrong key.
    let wrong_key =
        status == StatusCode::BAD_REQUEST && body.windows(15).any(|part| part == b"API_KEY_INVALID");
    if wrong_key || matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        return Err(PortError::denied(message).remedy(format!("check {}", upstream.key_setting)));
    }
    if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
        return Err(PortError::transient(message));
    }
    Err(PortError::permanent(message).remedy("check the provider's address"))
}
