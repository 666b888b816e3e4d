//! How an answer of the fake forge stands on the wire, and how its requests' addresses are read (dev layer).

use super::call::{Carried, Reply};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use bytes::Bytes;
use futures::stream::{self, StreamExt};
use std::io;
use std::time::Duration;

/// The answer of a call, with the headers that every answer has.
pub(super) fn json_response(reply: &Reply, more: Vec<(String, String)>) -> Response<Body> {
    let (kind, body) = match &reply.carried {
        Carried::Nothing => (None, Vec::new()),
        Carried::Json(body) => (Some("application/json; charset=utf-8"), body.to_string().into_bytes()),
        Carried::Text(text) => (Some("application/vnd.github.raw; charset=utf-8"), text.clone().into_bytes()),
    };
    // What the answer itself says comes before what is said of every answer.
    let own = |name: &String| reply.headers.iter().any(|(other, _)| other == name);
    let more: Vec<_> = more.into_iter().filter(|(name, _)| !own(name)).collect();
    let mut headers: Vec<(&str, &str)> =
        reply.headers.iter().chain(&more).map(|(name, value)| (name.as_str(), value.as_str())).collect();
    headers.extend(kind.map(|kind| ("content-type", kind)));
    headers.extend([("x-github-media-type", "github.v3; format=json"), ("x-github-request-id", "FAKE:0001")]);
    headers.extend([("cache-control", "private, max-age=60, s-maxage=60"), ("server", "github.com")]);
    plain(reply.status, &headers, body)
}

/// An answer of bytes.
pub(super) fn plain(status: u16, headers: &[(&str, &str)], body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(*name), HeaderValue::try_from(*value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Sends the whole length and half of the body, then closes the connection.
pub(super) async fn cut(response: Response<Body>) -> io::Result<Response<Body>> {
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.map_err(io::Error::other)?;
    parts.headers.insert("content-length", HeaderValue::from(body.len()));
    let half = body.slice(..body.len() / 2);
    // The server flushes when the stream pauses; without a pause the half might never leave.
    let end = stream::once(async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        Err::<Bytes, io::Error>(io::Error::other("cut by a fault"))
    });
    let frames = stream::iter([Ok(half)]).chain(end);
    Ok(Response::from_parts(parts, Body::from_stream(frames.boxed())))
}

/// A text without percent signs.
pub(super) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let code = (*byte == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(code) => {
                plain.push(code);
                at += 3;
            }
            None => {
                plain.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// The pairs of a query.
pub(super) fn pairs(query: &str) -> Vec<(String, String)> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decoded(name), decoded(&value.replace('+', " ")))
        })
        .collect()
}
