//! Events of a session (layer 2): a page as a JSON array, or the stream.

use super::{MAX_ROWS, last_event_id, link, session_of};
use crate::access::Caller;
use crate::app::App;
use crate::convert::event;
use crate::errors::ApiError;
use crate::extract::{Parameters, bounded, flag, limit};
use crate::sse;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;

/// An array of events ends early at about this many bytes; the `Link` goes on behind it.
const MAX_ARRAY_BYTES: usize = 8 << 20;

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventParameters {
    /// Only events with a number above this one.
    #[param(default = 0)]
    after: Option<u64>,
    /// Begins with the last so many events, 1 to 1,000, where neither `after` nor `Last-Event-ID` says where to begin.
    #[param(minimum = 1, maximum = 1000)]
    last: Option<u32>,
    /// `0`: a stream ends when what is there was sent.
    #[param(pattern = "^(0|1|true|false|)$")]
    follow: Option<String>,
    /// Rows of an array, 1 to 1,000.
    #[param(default = 1000, minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    Parameters(given): Parameters<EventParameters>,
) -> Result<Response, ApiError> {
    let stay = flag("follow", given.follow.as_deref(), true)?;
    let rows = limit(given.limit, MAX_ROWS, MAX_ROWS)?;
    let named = last_event_id(&headers)?.or(given.after);
    let tail = given.last.map(|last| bounded("last", last, MAX_ROWS)).transpose()?;
    let session = session_of(&app, &caller, &id).await?;
    let after = match (named, tail) {
        (Some(after), _) => after,
        (None, Some(tail)) => {
            app.engine().last_event(&caller.principal, &session).await?.saturating_sub(u64::from(tail))
        }
        (None, None) => 0,
    };
    if sse::wanted(&headers) {
        return sse::follow(app, caller, sse::Follow { session, after, stay }).await;
    }
    let page = app.engine().events(&caller.principal, &session, after, rows).await?;
    let (text, count) = event::array(&page.events, MAX_ARRAY_BYTES);
    let is_full = count == usize::try_from(rows).unwrap_or(usize::MAX) || count < page.events.len();
    let last =
        page.events.get(count.saturating_sub(1)).filter(|_| is_full).map(|event| event.seq.to_string());
    let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    Ok((link(&uri, "after", last.as_deref()), json, text).into_response())
}
