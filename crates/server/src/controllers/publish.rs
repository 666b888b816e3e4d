//! Publishing a session (layer 2).

use super::session_of;
use crate::access::Caller;
use crate::app::App;
use crate::convert::{people, request};
use crate::errors::ApiError;
use crate::extract::OptionalBody;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use telecoder_api::pull::{FailingLog, PublishPreview, PublishRequest, Published};

pub(crate) async fn publish(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    OptionalBody(how): OptionalBody<PublishRequest>,
) -> Result<(StatusCode, Json<Published>), ApiError> {
    let id = session_of(&app, &caller, &id).await?;
    let before = app.engine().session(&caller.principal, &id).await?.pull.map(|pull| pull.number);
    let done = app.engine().publish(&caller.principal, &id, request::publish(how)?).await?;
    // The engine repeats the answer of the first time where the same is asked again.
    let is_new = done.created && before != Some(done.number);
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(people::published(done))))
}

pub(crate) async fn preview(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    OptionalBody(how): OptionalBody<PublishRequest>,
) -> Result<Json<PublishPreview>, ApiError> {
    let id = session_of(&app, &caller, &id).await?;
    Ok(Json(people::preview(app.engine().preview(&caller.principal, &id, request::publish(how)?).await?)))
}

pub(crate) async fn failing_logs(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Vec<FailingLog>>, ApiError> {
    let id = session_of(&app, &caller, &id).await?;
    let logs = app.engine().failing_logs(&caller.principal, &id).await?;
    Ok(Json(logs.into_iter().map(people::failing_log).collect()))
}
