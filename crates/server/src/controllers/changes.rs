//! Changes of all sessions (layer 2): a page as a JSON array, or the stream.

use super::{MAX_ROWS, last_event_id, link};
use crate::access::Caller;
use crate::app::App;
use crate::convert::overview;
use crate::errors::ApiError;
use crate::extract::{Parameters, limit};
use crate::{feed, sse};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which changes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeParameters {
    /// Only changes with a global number above this one; without it a stream begins now.
    after: Option<u64>,
    /// Rows of an array, 1 to 1,000.
    #[param(default = 1000, minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    Parameters(given): Parameters<ChangeParameters>,
) -> Result<Response, ApiError> {
    let rows = limit(given.limit, MAX_ROWS, MAX_ROWS)?;
    let after = last_event_id(&headers)?.or(given.after);
    if sse::wanted(&headers) {
        return feed::follow(app, caller, after).await;
    }
    let page = app.engine().changes(&caller.principal, after.unwrap_or(0), rows).await?;
    let is_full = page.changes.len() >= usize::try_from(rows).unwrap_or(usize::MAX);
    let next = page.changes.last().filter(|_| is_full).map(|last| last.global.to_string());
    let all: Vec<_> = page.changes.into_iter().map(overview::news).collect();
    Ok((link(&uri, "after", next.as_deref()), Json(all)).into_response())
}
