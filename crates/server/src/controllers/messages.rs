//! Messages of a session (layer 2).

use super::session_of;
use crate::access::Caller;
use crate::app::App;
use crate::convert::{people, word};
use crate::errors::ApiError;
use crate::extract::JsonBody;
use crate::once::{once, replayed};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use telecoder_api::message::{Message, NewMessage};
use telecoder_engine::request;

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
    uri: Uri,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: JsonBody<NewMessage>,
) -> Result<(StatusCode, HeaderMap, Json<Message>), ApiError> {
    let id = session_of(&app, &caller, &id).await?;
    let new = request::NewMessage {
        queue: body.value.queue.map(word::queueing_of).unwrap_or_default(),
        failing_logs: body.value.failing_logs.unwrap_or(false),
        once: once(&headers, &uri, &body.bytes)?,
        content: body.value.content,
    };
    let (sent, accepted) = app.engine().message(&caller.principal, &id, new).await?;
    Ok((StatusCode::ACCEPTED, replayed(accepted), Json(people::message(sent))))
}
