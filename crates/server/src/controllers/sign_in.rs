//! Signing browsers in and out (layer 2).

use crate::access::{Caller, MaybeCaller};
use crate::app::App;
use crate::convert::people;
use crate::errors::ApiError;
use crate::extract::{JsonBody, Nothing, OptionalBody};
use crate::identity;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use telecoder_api::sign_in::{How, Login, Me, SignInLink};
use telecoder_engine::request::Credential;

pub(crate) async fn me(State(app): State<App>, MaybeCaller(caller): MaybeCaller) -> Json<Me> {
    let version = app.options().version.clone();
    Json(match caller {
        Some(caller) => people::me(&caller.principal, caller.how(), caller.expires_at, version),
        None => Me { login_required: true, user: None, scope: None, how: None, expires_at: None, version },
    })
}

pub(crate) async fn login(
    State(app): State<App>,
    headers: HeaderMap,
    body: JsonBody<Login>,
) -> Result<Response, ApiError> {
    let new = match (body.value.token, body.value.code) {
        (Some(token), None) => app.engine().sign_in(token.trim()).await?,
        (None, Some(code)) => app.engine().sign_in_by_link(&code).await?,
        (Some(_), Some(_)) | (None, None) => {
            return Err(ApiError::invalid("invalid_field", "either `token` or `code` was expected"));
        }
    };
    // The browser may have been signed in as somebody else.
    if let Some(earlier) = identity::cookie(&app, &headers) {
        app.engine().sign_out(earlier).await?;
    }
    let cookie = identity::set_cookie(&app, &headers, &new, app.engine().time());
    let version = app.options().version.clone();
    let me = people::me(&new.principal, How::Cookie, Some(new.expires_at), version);
    Ok((cookie, Json(me)).into_response())
}

pub(crate) async fn logout(
    State(app): State<App>,
    MaybeCaller(caller): MaybeCaller,
    OptionalBody(Nothing {}): OptionalBody<Nothing>,
) -> Result<Response, ApiError> {
    if let Some(Credential::Browser(secret)) = caller.as_ref().map(Caller::credential) {
        app.engine().sign_out(secret).await?;
    }
    Ok((StatusCode::NO_CONTENT, identity::clear_cookie(&app)).into_response())
}

pub(crate) async fn link(
    State(app): State<App>,
    caller: Caller,
    OptionalBody(Nothing {}): OptionalBody<Nothing>,
) -> Result<(StatusCode, Json<SignInLink>), ApiError> {
    let made = app.engine().create_sign_in_link(&caller.principal, caller.credential()).await?;
    Ok((StatusCode::CREATED, Json(people::sign_in_link(made, app.engine().public_url()))))
}
