//! API tokens (layer 2).

use crate::access::Caller;
use crate::app::App;
use crate::convert::{platform, request};
use crate::errors::ApiError;
use crate::extract::JsonBody;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use telecoder_api::token::{CreatedToken, NewToken, Token};

pub(crate) async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<Token>>, ApiError> {
    Ok(Json(app.engine().tokens(&caller.principal).await?.into_iter().map(platform::token).collect()))
}

pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    body: JsonBody<NewToken>,
) -> Result<(StatusCode, Json<CreatedToken>), ApiError> {
    let made = app.engine().create_token(&caller.principal, request::token(body.value)?).await?;
    Ok((StatusCode::CREATED, Json(platform::created_token(made))))
}

pub(crate) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let id = id.parse().map_err(|_| ApiError::not_found("token_not_found", "no token has this id"))?;
    app.engine().revoke_token(&caller.principal, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
