//! Lines of JSON-RPC 2.0 (layer 1): telling apart what came, and writing what goes.
//!
//! Whatever arrives is hostile: a line is either one of three shapes, or it is [`Broken`].

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The longest request id of an agent that is answered, in bytes of JSON text.
pub(super) const MAX_ID: usize = 128;
/// How much of a strange line is kept, in bytes.
pub(super) const MAX_HEAD: usize = 4 * 1024;
/// How much of an agent's error message is kept, in bytes.
const MAX_ERROR: usize = 2000;

/// JSON-RPC: the method is not there.
pub(super) const METHOD_NOT_FOUND: i64 = -32601;
/// JSON-RPC: the parameters cannot be read.
pub(super) const INVALID_PARAMS: i64 = -32602;
/// ACP: the agent wants a login first.
pub(super) const AUTH_REQUIRED: i64 = -32000;
/// ACP: the request was cancelled by the one who made it.
pub(super) const REQUEST_CANCELLED: i64 = -32800;

/// What a line is.
pub(super) enum Incoming<'a> {
    /// Something that wants an answer.
    Request {
        /// Its id as JSON text: a number or a string.
        id: &'a str,
        /// The method.
        method: Cow<'a, str>,
        /// The parameters as JSON text.
        params: &'a str,
    },
    /// Something that wants none.
    Notification {
        /// The method.
        method: Cow<'a, str>,
        /// The parameters as JSON text.
        params: &'a str,
    },
    /// An answer.
    Reply {
        /// The id of our request, if it is one of our kind.
        id: Option<u64>,
        /// The result as JSON text, or the error.
        outcome: Result<&'a str, RpcError>,
    },
}

/// A line that is no JSON-RPC.
pub(super) struct Broken;

/// An error that an agent answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RpcError {
    /// Its code.
    pub(super) code: i64,
    /// Its words, with what its data says, bounded.
    pub(super) message: String,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default, borrow, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(default, borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "present")]
    params: Option<&'a RawValue>,
    #[serde(default, borrow, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(default, borrow, deserialize_with = "present")]
    error: Option<&'a RawValue>,
}

/// Keeps `null` apart from absence.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Tells what a line is.
pub(super) fn parse(line: &[u8]) -> Result<Incoming<'_>, Broken> {
    // A sequence would be taken for a struct by position, and batches are not part of ACP.
    if line.first() != Some(&b'{') {
        return Err(Broken);
    }
    let envelope: Envelope<'_> = serde_json::from_slice(line).map_err(|_| Broken)?;
    let params = envelope.params.map_or("null", RawValue::get);
    match (envelope.method, envelope.id, envelope.result, envelope.error) {
        (Some(method), Some(id), None, None) => {
            let id = id.get();
            let scalar = id.bytes().next().is_some_and(|b| b == b'"' || b == b'-' || b.is_ascii_digit());
            if !scalar || id.len() > MAX_ID {
                return Err(Broken);
            }
            Ok(Incoming::Request { id, method, params })
        }
        (Some(method), None, None, None) => Ok(Incoming::Notification { method, params }),
        (None, Some(id), result, Some(error)) if error.get() != "null" => {
            // Some agents send `"result": null` beside an error.
            if result.is_some_and(|r| r.get() != "null") {
                return Err(Broken);
            }
            Ok(Incoming::Reply { id: id.get().parse().ok(), outcome: Err(error_of(error.get())) })
        }
        (None, Some(id), Some(result), _) => {
            Ok(Incoming::Reply { id: id.get().parse().ok(), outcome: Ok(result.get()) })
        }
        _ => Err(Broken),
    }
}

fn error_of(text: &str) -> RpcError {
    #[derive(Deserialize)]
    struct Shape {
        #[serde(default)]
        code: i64,
        #[serde(default)]
        message: String,
        #[serde(default)]
        data: Option<serde_json::Value>,
    }
    let Ok(shape) = serde_json::from_str::<Shape>(text) else {
        return RpcError { code: 0, message: head(text.as_bytes(), MAX_ERROR) };
    };
    let mut message = shape.message;
    if let Some(detail) = shape.data.as_ref().and_then(detail_of)
        && !message.contains(&detail)
    {
        if !message.is_empty() {
            message.push_str(": ");
        }
        message.push_str(&detail);
    }
    RpcError { code: shape.code, message: head(message.as_bytes(), MAX_ERROR) }
}

fn detail_of(data: &serde_json::Value) -> Option<String> {
    let text = match data {
        serde_json::Value::Null => return None,
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Object(map) => ["message", "details", "detail", "error"]
            .iter()
            .find_map(|key| map.get(*key).and_then(serde_json::Value::as_str))
            .map_or_else(|| data.to_string(), str::to_owned),
        serde_json::Value::Bool(_) | serde_json::Value::Number(_) | serde_json::Value::Array(_) => {
            data.to_string()
        }
    };
    (!text.is_empty()).then_some(text)
}

/// The beginning of some bytes as text, cut at a character's border and marked where it was cut.
pub(super) fn head(bytes: &[u8], max: usize) -> String {
    let whole = bytes.len() <= max;
    let part = bytes.get(..max).unwrap_or(bytes);
    // A character that was cut in the middle would become a replacement mark.
    let part = if whole {
        part
    } else {
        let mut end = part.len();
        while end > 0 && part.len() - end < 4 && bytes.get(end).is_some_and(|b| b & 0xC0 == 0x80) {
            end -= 1;
        }
        part.get(..end).unwrap_or(part)
    };
    let mut text = String::from_utf8_lossy(part).replace('\0', "\u{fffd}");
    if !whole {
        text.push('…');
    }
    text
}

/// Replaces escaped NUL characters, which databases refuse in text.
pub(super) fn without_nul(line: &[u8]) -> Cow<'_, [u8]> {
    const ESCAPE: &[u8] = b"\\u0000";
    if !line.windows(ESCAPE.len()).any(|window| window == ESCAPE) {
        return Cow::Borrowed(line);
    }
    let mut out = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some((first, after)) = rest.split_first() {
        if *first != b'\\' {
            out.push(*first);
            rest = after;
        } else if rest.starts_with(ESCAPE) {
            out.extend_from_slice(b"\\ufffd");
            rest = rest.get(ESCAPE.len()..).unwrap_or_default();
        } else {
            // Two bytes at once, so that an escaped backslash does not begin an escape.
            out.extend(rest.iter().take(2));
            rest = rest.get(2..).unwrap_or_default();
        }
    }
    Cow::Owned(out)
}

#[derive(Serialize)]
struct Outgoing<'a, T: Serialize> {
    jsonrpc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    method: &'a str,
    params: T,
}

/// A request of ours.
pub(super) fn request<T: Serialize>(id: u64, method: &str, params: T) -> Bytes {
    line(&Outgoing { jsonrpc: "2.0", id: Some(id), method, params })
}

/// A notification of ours.
pub(super) fn notification<T: Serialize>(method: &str, params: T) -> Bytes {
    line(&Outgoing { jsonrpc: "2.0", id: None, method, params })
}

/// An answer of ours; `id` is JSON text as the agent sent it.
pub(super) fn reply(id: &str, result: &serde_json::Value) -> Bytes {
    Bytes::from(format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#))
}

/// An error as our answer; `id` is JSON text as the agent sent it.
pub(super) fn refusal(id: &str, code: i64, message: &str) -> Bytes {
    let message = serde_json::Value::from(message);
    Bytes::from(format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":{message}}}}}"#))
}

fn line<T: Serialize>(value: &T) -> Bytes {
    // Only maps with keys that are no strings cannot be written, and there are none.
    Bytes::from(serde_json::to_vec(value).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(line: &str) -> String {
        match parse(line.as_bytes()) {
            Ok(Incoming::Request { id, method, params }) => format!("request {id} {method} {params}"),
            Ok(Incoming::Notification { method, params }) => format!("notification {method} {params}"),
            Ok(Incoming::Reply { id, outcome: Ok(result) }) => format!("result {id:?} {result}"),
            Ok(Incoming::Reply { id, outcome: Err(error) }) => {
                format!("error {id:?} {} {}", error.code, error.message)
            }
            Err(Broken) => "broken".to_owned(),
        }
    }

    #[test]
    fn lines_are_told_apart() {
        for (line, expected) in [
            (r#"{"id":"a","method":"m","params":{"x":1}}"#, r#"request "a" m {"x":1}"#),
            (r#"{"jsonrpc":"2.0","method":"m"}"#, "notification m null"),
            (r#"{"id":7,"result":null}"#, "result Some(7) null"),
            (r#"{"id":"7","result":{}}"#, "result None {}"),
            (
                r#"{"id":7,"result":null,"error":{"code":-32000,"message":"no","data":{"details":"key"}}}"#,
                "error Some(7) -32000 no: key",
            ),
            (r#"{"id":7,"result":{},"error":null}"#, "result Some(7) {}"),
            (r#"{"id":7,"error":"plain"}"#, "error Some(7) 0 \"plain\""),
            (r#"{"id":7}"#, "broken"),
            (r#"{"id":{},"method":"m"}"#, "broken"),
            (r#"{"id":1,"id":2,"result":1}"#, "broken"),
            (r#"[1,"m"]"#, "broken"),
            (r#"{"id":1,"method":"m","result":1}"#, "broken"),
            ("warning: hello", "broken"),
            ("", "broken"),
        ] {
            assert_eq!(shape(line), expected, "{line}");
        }
    }

    #[test]
    fn heads_end_at_a_character() {
        assert_eq!(head("aé".as_bytes(), 2), "a…");
        assert_eq!(head("aé".as_bytes(), 3), "aé");
        assert_eq!(head(b"\xff\0", 10), "\u{fffd}\u{fffd}");
    }

    #[test]
    fn escaped_nul_is_replaced_and_an_escaped_backslash_is_not() {
        assert_eq!(&*without_nul(br#""a\u0000b""#), br#""a\ufffdb""#);
        assert_eq!(&*without_nul(br#""a\\u0000b""#), br#""a\\u0000b""#);
        assert_eq!(&*without_nul(br#""\\\u0000""#), br#""\\\ufffd""#);
    }
}
