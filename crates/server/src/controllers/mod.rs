//! Controllers (layer 2): one file a noun. A controller reads the request into domain types, calls the engine once, and
//! converts what comes back; what may be done is decided by the engine.

pub(crate) mod agents;
pub(crate) mod approvals;
pub(crate) mod backup;
pub(crate) mod changes;
pub(crate) mod config;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod events;
pub(crate) mod files;
pub(crate) mod health;
pub(crate) mod inbox;
pub(crate) mod messages;
pub(crate) mod policies;
pub(crate) mod prune;
pub(crate) mod publish;
pub(crate) mod pulls;
pub(crate) mod repositories;
pub(crate) mod sessions;
pub(crate) mod sign_in;
pub(crate) mod tokens;

use crate::access::Caller;
use crate::app::App;
use crate::convert::word;
use crate::errors::ApiError;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use telecoder_engine::{EngineError, Fault};
use telecoder_model::id::SessionId;
use telecoder_model::pull::PullState;
use telecoder_model::repository::Repository;

/// Rows of a list, where a request names no limit.
pub(crate) const DEFAULT_ROWS: u32 = 50;
/// Rows of a list at most.
pub(crate) const MAX_ROWS: u32 = 1000;

/// The session that a path names by its id or a prefix of it.
async fn session_of(app: &App, caller: &Caller, id: &str) -> Result<SessionId, ApiError> {
    Ok(app.engine().resolve(&caller.principal, id).await?)
}

/// The repository that a list is filtered by; `owner/name` means one of the configured forge.
fn repository_parameter(app: &App, text: Option<&str>) -> Result<Option<Repository>, ApiError> {
    text.map(|text| Repository::named(text, app.engine().forge_host()))
        .transpose()
        .map_err(|error| ApiError::parameter("repo", error))
}

/// States of pull requests, separated by commas.
fn pull_states(parameter: &'static str, text: Option<&str>) -> Result<Vec<PullState>, ApiError> {
    let names = text.unwrap_or("").split(',').map(str::trim).filter(|name| !name.is_empty());
    names
        .map(|name| {
            let known: telecoder_api::pull::PullState =
                name.parse().map_err(|error| ApiError::parameter(parameter, error))?;
            Ok(word::pull_state_of(known))
        })
        .collect()
}

/// The error of a list: where the store cannot read the cursor, that is the request's fault.
fn list_error(cursor: Option<&str>, error: EngineError) -> ApiError {
    match cursor {
        Some(_) if error.fault == Fault::NotFound => {
            ApiError::parameter("cursor", "this list gave no such place")
        }
        Some(_) | None => error.into(),
    }
}

/// The `Link` header to the next page: the same address with `parameter` replaced.
fn link(uri: &Uri, parameter: &str, next: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let Some(next) = next else { return headers };
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in url::form_urlencoded::parse(uri.query().unwrap_or("").as_bytes()) {
        if name != parameter {
            query.append_pair(&name, &value);
        }
    }
    query.append_pair(parameter, next);
    let text = format!("<{}?{}>; rel=\"next\"", uri.path(), query.finish());
    if let Ok(value) = HeaderValue::from_str(&text) {
        headers.insert(header::LINK, value);
    }
    headers
}

/// Where a stream that broke shall go on.
fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, ApiError> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or("?");
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse() {
        Ok(number) => Ok(Some(number)),
        Err(_) => Err(ApiError::invalid("invalid_header", "Last-Event-ID is not an event's number")),
    }
}
