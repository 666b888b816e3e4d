//! Errors of the HTTP API (layer 2).
//!
//! Policy: whatever fails becomes an [`ApiError`]; the outermost layer (`request_log`) adds the request's id, writes the JSON and
//! logs it, once. A message is for the person who sent the request and never holds a secret. 404 also hides what exists and
//! belongs to somebody else. 429 and 503 say when to try again.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use telecoder_api::error::ErrorBody;
use telecoder_engine::{EngineError, Fault};

/// How long a client shall wait before it tries again, in seconds.
const RETRY_AFTER_SECONDS: &str = "5";

/// A failed request.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), hint: None }
    }
    /// The request cannot be read, or holds a value that is not one.
    pub(crate) fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }
    /// A field of the body holds what it cannot hold.
    pub(crate) fn field(name: &str, problem: impl std::fmt::Display) -> Self {
        Self::invalid("invalid_field", format!("`{name}`: {problem}"))
    }
    /// A parameter of the query holds what it cannot hold.
    pub(crate) fn parameter(name: &str, problem: impl std::fmt::Display) -> Self {
        Self::invalid("invalid_parameter", format!("`{name}`: {problem}"))
    }
    pub(crate) fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }
    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "something went wrong inside the server")
            .hint("the server's log has more under this request id")
    }
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
    /// The error as the client sees it.
    pub(crate) fn body(&self, request_id: &str) -> ErrorBody {
        ErrorBody {
            error: self.message.clone(),
            code: self.code.to_owned(),
            hint: self.hint.clone(),
            request_id: request_id.to_owned(),
        }
    }

    /// Reads an error that axum itself made (an unknown method, a path that cannot be decoded).
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::METHOD_NOT_ALLOWED => {
                Self::new(status, "method_not_allowed", "this address does not take that method")
            }
            StatusCode::NOT_FOUND => Self::not_found("not_found", "there is nothing here"),
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(status, "body_too_large", "the body is too large"),
            other if other.is_server_error() => Self { status, ..Self::internal() },
            other => Self::new(other, "invalid", "the request cannot be read"),
        }
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        let status = match error.fault {
            Fault::Invalid => StatusCode::BAD_REQUEST,
            Fault::Unauthenticated => StatusCode::UNAUTHORIZED,
            Fault::Denied => StatusCode::FORBIDDEN,
            Fault::NotFound => StatusCode::NOT_FOUND,
            Fault::Conflict => StatusCode::CONFLICT,
            Fault::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
            Fault::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Fault::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Fault::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self { status, code: error.code, message: error.message, hint: error.hint }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"telecoder\""));
        }
        if matches!(self.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
        }
        response.extensions_mut().insert(self);
        response
    }
}
