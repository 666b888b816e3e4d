//! Reads of bodies, queries and paths (layer 2). Bounded, and every error names the place.

use crate::app::App;
use crate::errors::ApiError;
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// How much of a body that is too large is read and thrown away, so that the client gets to see the answer.
const MAX_DISCARDED: usize = 16 << 20;

/// A body that must be there.
#[derive(Debug)]
pub(crate) struct JsonBody<T> {
    pub(crate) value: T,
    /// As it was sent.
    pub(crate) bytes: Bytes,
}

impl<T: DeserializeOwned> FromRequest<App> for JsonBody<T> {
    type Rejection = ApiError;
    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let bytes = read(request, app).await?;
        Ok(Self { value: parse(&bytes)?, bytes })
    }
}

/// A body that may be left out.
#[derive(Debug)]
pub(crate) struct OptionalBody<T>(pub(crate) T);

impl<T: DeserializeOwned + Default> FromRequest<App> for OptionalBody<T> {
    type Rejection = ApiError;
    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let bytes = read(request, app).await?;
        Ok(Self(if bytes.is_empty() { T::default() } else { parse(&bytes)? }))
    }
}

/// The body of a request that says everything by its address: nothing, or `{}`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

async fn read(request: Request, app: &App) -> Result<Bytes, ApiError> {
    let (parts, body) = request.into_parts();
    let declared = match parts.headers.get(header::CONTENT_TYPE) {
        Some(_) => Some(is_json(&parts.headers)),
        None => None,
    };
    if declared == Some(false) {
        return Err(wrong_type());
    }
    let bytes = tokio::time::timeout(BODY_TIMEOUT, collect(body, app.options().body_limit)).await.map_err(
        |_| ApiError::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", "the body did not arrive in time"),
    )??;
    if declared.is_none() && !bytes.is_empty() {
        return Err(wrong_type());
    }
    Ok(bytes)
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    let Ok(text) = value.to_str() else { return false };
    text.split(';').next().unwrap_or("").trim().eq_ignore_ascii_case("application/json")
}

fn wrong_type() -> ApiError {
    ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type", "the body must be JSON")
        .hint("send `Content-Type: application/json`")
}

async fn collect(mut body: Body, limit: usize) -> Result<Bytes, ApiError> {
    let mut whole = BytesMut::new();
    let mut total = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ApiError::invalid("body_broken", "the body broke off"))?;
        let Ok(piece) = frame.into_data() else { continue };
        total = total.saturating_add(piece.len());
        if total <= limit {
            whole.extend_from_slice(&piece);
        } else if total > limit.saturating_add(MAX_DISCARDED) {
            break;
        }
    }
    if total > limit {
        let message = format!("the body is larger than {limit} bytes");
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message));
    }
    Ok(whole.freeze())
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    if bytes.is_empty() {
        return Err(ApiError::invalid("invalid_json", "the body is empty; a JSON object was expected"));
    }
    // A derived reader would take an array for an object, field by field.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return match serde_json::from_slice::<serde::de::IgnoredAny>(bytes) {
            Ok(_) => Err(ApiError::invalid("invalid_field", "a JSON object was expected")),
            Err(error) => Err(json_error(".", &error)),
        };
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        json_error(&path, error.inner())
    })?;
    reader.end().map_err(|error| json_error(".", &error))?;
    Ok(value)
}

fn json_error(path: &str, error: &serde_json::Error) -> ApiError {
    let text = error.to_string();
    match error.classify() {
        serde_json::error::Category::Data if text.starts_with("unknown field") => {
            ApiError::invalid("unknown_field", text)
        }
        serde_json::error::Category::Data if path == "." => ApiError::invalid("invalid_field", text),
        serde_json::error::Category::Data => ApiError::field(path, text),
        serde_json::error::Category::Syntax
        | serde_json::error::Category::Eof
        | serde_json::error::Category::Io => {
            ApiError::invalid("invalid_json", format!("the body is not JSON: {text}"))
        }
    }
}

/// The parameters of a query. Unknown and repeated ones were refused before (`access::admit`).
#[derive(Debug)]
pub(crate) struct Parameters<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Query(value) = Query::try_from_uri(&parts.uri).map_err(|rejection| {
            let text = rejection.body_text();
            let text = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text).to_owned();
            match text.split_once(": ") {
                Some((name, problem)) => ApiError::parameter(name, problem),
                None => ApiError::invalid("invalid_parameter", text),
            }
        })?;
        Ok(Self(value))
    }
}

/// Reads a flag: `1`, `true` or an empty value, `0` or `false`.
pub(crate) fn flag(name: &str, value: Option<&str>, default: bool) -> Result<bool, ApiError> {
    match value {
        None => Ok(default),
        Some("1" | "true" | "") => Ok(true),
        Some("0" | "false") => Ok(false),
        Some(_) => Err(ApiError::parameter(name, "1 or 0 was expected")),
    }
}

/// Reads a count of rows.
pub(crate) fn limit(value: Option<u32>, default: u32, most: u32) -> Result<u32, ApiError> {
    value.map_or(Ok(default), |rows| bounded("limit", rows, most))
}

/// A count that a parameter gives: from 1 to `most`.
pub(crate) fn bounded(name: &str, value: u32, most: u32) -> Result<u32, ApiError> {
    if (1..=most).contains(&value) {
        return Ok(value);
    }
    Err(ApiError::parameter(name, format!("a number from 1 to {most} was expected")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use telecoder_api::session::NewSession;

    fn error(body: &str) -> String {
        let error = parse::<NewSession>(body.as_bytes()).unwrap_err();
        format!("{} {}: {}", error.status.as_u16(), error.code, error.message)
    }

    #[test]
    fn a_bad_body_is_answered_with_its_place() {
        let mut all = String::new();
        for body in [
            "",
            "{",
            "{\"prompt\": \"x\",}",
            "{\"prompt\": \"x\"} trailing",
            "{\"prompt\": 1}",
            "{}",
            "{\"prompt\": \"x\", \"colour\": 1}",
            "{\"prompt\": \"x\", \"mode\": \"dance\"}",
            "{\"prompt\": \"x\", \"requester\": {\"name\": 1}}",
            "{\"prompt\": \"x\", \"prompt\": \"y\"}",
            "[]",
        ] {
            all.push_str(&error(body));
            all.push('\n');
        }
        expect_test::expect![[r#"
            400 invalid_json: the body is empty; a JSON object was expected
            400 invalid_json: the body is not JSON: EOF while parsing an object at line 1 column 1
            400 invalid_json: the body is not JSON: trailing comma at line 1 column 16
            400 invalid_json: the body is not JSON: trailing characters at line 1 column 17
            400 invalid_field: `prompt`: invalid type: integer `1`, expected a string at line 1 column 12
            400 invalid_field: missing field `prompt` at line 1 column 2
            400 unknown_field: unknown field `colour`, expected one of `prompt`, `repo`, `mode`, `agent`, `model`, `policy`, `pipeline`, `base`, `ref`, `title`, `publish`, `forge`, `budgetUsd`, `attempts`, `sourcePr`, `sourceIssue`, `parentSessionId`, `requester` at line 1 column 24
            400 invalid_field: `mode`: unknown variant `dance`, expected `task` or `chat` at line 1 column 31
            400 invalid_field: `requester.name`: invalid type: integer `1`, expected a string at line 1 column 39
            400 invalid_field: duplicate field `prompt` at line 1 column 24
            400 invalid_field: a JSON object was expected
        "#]].assert_eq(&all);
    }
}
