//! Approvals (layer 2).

use crate::access::Caller;
use crate::app::App;
use crate::convert::people;
use crate::errors::ApiError;
use crate::extract::JsonBody;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use telecoder_api::approval::{Approval, ApprovalAnswer, Decision};
use telecoder_engine::request::Answer;

pub(crate) async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<Approval>>, ApiError> {
    let oldest_first = app.engine().asked(&caller.principal).await?;
    Ok(Json(oldest_first.into_iter().rev().map(|(asked, of)| people::approval(asked, &of)).collect()))
}

pub(crate) async fn answer(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody<ApprovalAnswer>,
) -> Result<Json<Approval>, ApiError> {
    let given = body.value;
    let answer = match given.decision {
        Decision::Approve => Answer::Approve,
        Decision::Deny => Answer::Deny,
        Decision::Answer => return Err(not_a_question()),
    };
    if given.answer.is_some() {
        return Err(not_a_question());
    }
    let id = id.parse().map_err(|_| ApiError::not_found("approval_not_found", "no approval has this id"))?;
    let answered = app.engine().answer(&caller.principal, &id, answer, given.note).await?;
    let session = app.engine().session(&caller.principal, &answered.session).await?;
    Ok(Json(people::approval(answered, &session)))
}

fn not_a_question() -> ApiError {
    ApiError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "not_a_question",
        "this approval is answered by approve or deny",
    )
    .hint("put words for the agent into `note`")
}
