//! What works on this host (layer 2).

use crate::access::Caller;
use crate::app::App;
use crate::convert::platform;
use crate::errors::ApiError;
use crate::extract::{Parameters, flag};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use telecoder_api::doctor::Finding;
use utoipa::IntoParams;

/// How thoroughly.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct DoctorParameters {
    /// `1`: each isolation claim is tried; takes some seconds and needs the scope `admin`.
    #[param(pattern = "^(0|1|true|false|)$")]
    prove: Option<String>,
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Parameters(given): Parameters<DoctorParameters>,
) -> Result<Json<Vec<Finding>>, ApiError> {
    let prove = flag("prove", given.prove.as_deref(), false)?;
    let findings = app.engine().doctor(&caller.principal, prove).await?;
    Ok(Json(findings.into_iter().map(platform::finding).collect()))
}
