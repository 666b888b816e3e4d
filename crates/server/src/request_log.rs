//! The outermost layer of every request (layer 2): its id, its line in the log, the headers that every answer has, and the
//! JSON of errors. Never logged: query strings, bodies, headers, error texts of what a person sent.

use crate::app::App;
use crate::errors::ApiError;
use axum::Json;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::time::Instant;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const API_CSP: &str = "default-src 'none'; frame-ancestors 'none'";

/// Names one request in the log and in its answer.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

impl RequestId {
    /// The id that the client (or a proxy before us) sent, if it is a harmless one, else a new one.
    fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(&REQUEST_ID).and_then(|value| value.to_str().ok());
        match given {
            Some(text) if is_harmless(text) => Self(text.to_owned()),
            Some(_) | None => Self::fresh(),
        }
    }

    /// Unique within this process, and unlikely to repeat across processes; it is no secret.
    fn fresh() -> Self {
        static PROCESS: LazyLock<u64> =
            LazyLock::new(|| RandomState::new().hash_one("request id") & 0xffff_ffff);
        static COUNT: AtomicU64 = AtomicU64::new(1);
        Self(format!("{:08x}-{}", *PROCESS, COUNT.fetch_add(1, Ordering::Relaxed)))
    }
}

fn is_harmless(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// Watches over one request.
pub(crate) async fn observe(State(_app): State<App>, mut request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    request.extensions_mut().insert(id.clone());
    let method = request.method().clone();
    let path = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "-".to_owned(), |path| path.as_str().to_owned());
    let begun = Instant::now();
    let mut response = next.run(request).await;
    let error = response.extensions_mut().remove::<ApiError>().or_else(|| foreign_error(&response));
    let status = response.status().as_u16();
    let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let code = error.as_ref().map_or("", |error| error.code);
    if status >= 500 {
        let message = error.as_ref().map_or("", |error| error.message.as_str());
        tracing::error!(%method, path, status, ms = millis, request_id = %id.0, code, message, "request failed");
    } else {
        tracing::info!(%method, path, status, ms = millis, request_id = %id.0, code, "request");
    }
    if let Some(error) = error {
        response = with_body(response, &error, &id);
    }
    finish(&mut response, &id);
    response
}

/// An error that did not come from us: axum's own, without JSON.
fn foreign_error(response: &Response) -> Option<ApiError> {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let is_json = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    (is_error && !is_json).then(|| ApiError::of_status(status))
}

fn with_body(old: Response, error: &ApiError, id: &RequestId) -> Response {
    let (parts, _) = old.into_parts();
    let mut response = (error.status, Json(error.body(&id.0))).into_response();
    for name in [header::WWW_AUTHENTICATE, header::RETRY_AFTER, header::ALLOW, header::CONNECTION] {
        if let Some(value) = parts.headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

fn finish(response: &mut Response, id: &RequestId) {
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        headers.insert(REQUEST_ID, value);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(API_CSP));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_harmless_id_of_the_client_is_kept() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_str(text).unwrap());
            RequestId::of(&headers).0
        };
        assert_eq!(of("abc-1_2.3"), "abc-1_2.3");
        for bad in ["", "a b", "a\tb", &"x".repeat(65), "<script>"] {
            assert_ne!(of(bad), bad);
        }
        assert_ne!(RequestId::fresh().0, RequestId::fresh().0);
    }
}
