//! The inbox (layer 2).

use crate::access::Caller;
use crate::app::App;
use crate::convert::people;
use crate::errors::ApiError;
use crate::extract::{Nothing, OptionalBody, Parameters, limit};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use telecoder_api::inbox::Inbox;
use utoipa::IntoParams;

const DEFAULT_FINISHED: u32 = 20;
const MAX_FINISHED: u32 = 200;

/// How much of it.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct InboxParameters {
    /// How many sessions that have ended, 1 to 200.
    #[param(default = 20, minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Parameters(given): Parameters<InboxParameters>,
) -> Result<Json<Inbox>, ApiError> {
    let rows = limit(given.limit, DEFAULT_FINISHED, MAX_FINISHED)?;
    Ok(Json(people::inbox(app.engine().inbox(&caller.principal, rows).await?)))
}

pub(crate) async fn seen(
    State(app): State<App>,
    caller: Caller,
    OptionalBody(Nothing {}): OptionalBody<Nothing>,
) -> Result<StatusCode, ApiError> {
    app.engine().inbox_seen(&caller.principal).await?;
    Ok(StatusCode::NO_CONTENT)
}
