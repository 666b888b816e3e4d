//! A session's change (layer 2), by files and hunks or as a patch.

use super::session_of;
use crate::access::Caller;
use crate::app::App;
use crate::convert;
use crate::errors::ApiError;
use crate::extract::Parameters;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;

/// In which form.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct DiffParameters {
    /// `json` (default) or `patch`, which `git apply` takes.
    #[param(pattern = "^(json|patch)$", default = "json")]
    format: Option<String>,
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Parameters(given): Parameters<DiffParameters>,
) -> Result<Response, ApiError> {
    let as_patch = match given.format.as_deref() {
        None | Some("json") => false,
        Some("patch") => true,
        Some(_) => return Err(ApiError::parameter("format", "json or patch was expected")),
    };
    let id = session_of(&app, &caller, &id).await?;
    if as_patch {
        let patch = app.engine().diff_patch(&caller.principal, &id).await?;
        return Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("text/x-diff"))], patch).into_response());
    }
    Ok(Json(convert::diff::diff(app.engine().diff(&caller.principal, &id).await?)).into_response())
}
