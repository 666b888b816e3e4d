//! Requests that a client may repeat because it did not get the answer (layer 2): an `Idempotency-Key` on what creates, as the
//! IETF draft `draft-ietf-httpapi-idempotency-key-header` describes it.

use crate::errors::ApiError;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use telecoder_engine::request::Once;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// By what a repetition of a request is known: its key, with what it asks for.
pub(crate) fn once(headers: &HeaderMap, uri: &Uri, body: &[u8]) -> Result<Option<Once>, ApiError> {
    let mut keys = headers.get_all(&KEY).iter();
    let Some(value) = keys.next() else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| (1..=200).contains(&key.len()) && keys.next().is_none());
    let Some(key) = key else {
        return Err(ApiError::invalid(
            "idempotency_key_invalid",
            "one Idempotency-Key of 1 to 200 printable characters was expected",
        ));
    };
    Ok(Some(Once { key: key.to_owned(), request: sha256(&[uri.path().as_bytes(), b"\n", body]) }))
}

/// The header of an answer to a request that was done before.
pub(crate) fn replayed(done_now: bool) -> HeaderMap {
    if done_now {
        return HeaderMap::new();
    }
    HeaderMap::from_iter([(REPLAYED, HeaderValue::from_static("true"))])
}

fn sha256(parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
    }
    digest.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
