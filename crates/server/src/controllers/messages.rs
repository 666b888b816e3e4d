//! Messages of a session (layer 2).

use super::session_of;
use crate::access::Caller;
use crate::app::App;
use crate::convert::{people, word};
use crate::errors::ApiError;
use crate::extract::JsonBody;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use telecoder_api::message::{Message, NewMessage};

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Vec<Message>>, ApiError> {
    let id = session_of(&app, &caller, &id).await?;
    let all = app.engine().messages(&caller.principal, &id).await?;
    Ok(Json(all.into_iter().map(people::message).collect()))
}

pub(crate) async fn send(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody<NewMessage>,
) -> Result<(StatusCode, Json<Message>), ApiError> {
    let id = session_of(&app, &caller, &id).await?;
    let queue = body.value.queue.map(word::queueing_of).unwrap_or_default();
    let content = match body.value.failing_logs {
        Some(true) => app.engine().with_failing_logs(&caller.principal, &id, &body.value.content).await?,
        Some(false) | None => body.value.content,
    };
    let sent = app.engine().message(&caller.principal, &id, content, queue).await?;
    Ok((StatusCode::ACCEPTED, Json(people::message(sent))))
}
