//! Files of a session (layer 2), as they were at its last snapshot.

use super::session_of;
use crate::access::Caller;
use crate::app::App;
use crate::convert::overview;
use crate::errors::ApiError;
use crate::extract::Parameters;
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use telecoder_api::file::FileView;
use utoipa::IntoParams;

/// Which file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileParameters {
    /// The path from the root, with `/` between names; absent or empty: the root.
    path: Option<String>,
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Parameters(given): Parameters<FileParameters>,
) -> Result<Json<FileView>, ApiError> {
    let id = session_of(&app, &caller, &id).await?;
    let path = given.path.unwrap_or_default();
    let found = app.engine().files(&caller.principal, &id, &path).await?;
    Ok(Json(overview::file_view(&path, found)))
}
