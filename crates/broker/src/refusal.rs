//! Refusals: answers of the gateway itself, in the error shape that each provider's clients read (layer 1).
//!
//! Invariant: a refusal names `TeleCoder`, and holds no secret and nothing of the host.

use crate::answer::AnswerBody;
use bytes::Bytes;
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};
use telecoder_model::port::gateway::Provider;

/// Why a request is not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
    retry_after_seconds: Option<u32>,
    allow: Option<&'static str>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), retry_after_seconds: None, allow: None }
    }
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }
    pub(crate) fn allow(mut self, methods: &'static str) -> Self {
        self.allow = Some(methods);
        self
    }

    /// Whether the connection ends with it: what follows a request that is not plain HTTP cannot be trusted to be one.
    fn closes(&self) -> bool {
        matches!(self.status.as_u16(), 400 | 408 | 413 | 414 | 421 | 505)
    }

    pub(crate) fn response(&self, provider: Provider) -> Response<AnswerBody> {
        let text = shape(provider, self.status, &format!("TeleCoder: {}", self.message)).to_string();
        let mut response = Response::new(AnswerBody::full(Bytes::from(text)));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.closes() {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(methods) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(methods));
        }
        response
    }
}

fn shape(provider: Provider, status: StatusCode, message: &str) -> Value {
    match provider {
        Provider::Anthropic => json!({
            "type": "error",
            "error": { "type": anthropic_type(status), "message": message },
        }),
        Provider::Openai => {
            let (kind, code) = openai_type(status);
            json!({ "error": { "message": message, "type": kind, "param": null, "code": code } })
        }
        Provider::Gemini => json!({
            "error": { "code": status.as_u16(), "message": message, "status": gemini_status(status) },
        }),
    }
}

fn anthropic_type(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    }
}

fn openai_type(status: StatusCode) -> (&'static str, Option<&'static str>) {
    match status.as_u16() {
        401 => ("invalid_request_error", Some("invalid_api_key")),
        403 => ("invalid_request_error", Some("forbidden")),
        429 => ("requests", Some("rate_limit_exceeded")),
        400..=499 => ("invalid_request_error", None),
        _ => ("server_error", None),
    }
}

fn gemini_status(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        400..=499 => "INVALID_ARGUMENT",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
    }
}
