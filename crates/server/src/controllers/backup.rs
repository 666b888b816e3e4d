//! A backup as a stream (layer 2).

use crate::access::Caller;
use crate::app::App;
use crate::errors::ApiError;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// What the stream is.
pub(crate) const TYPE: &str = "application/x-tar";

pub(crate) async fn take(State(app): State<App>, caller: Caller) -> Result<Response, ApiError> {
    let stream = app.engine().backup(&caller.principal).await?;
    let mut response = Body::from_stream(stream).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(TYPE));
    Ok(response)
}
