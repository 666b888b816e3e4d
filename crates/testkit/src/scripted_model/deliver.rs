//! From an answer and what goes wrong with it to an HTTP response (dev layer).
//!
//! A cut closes the connection without the end of the body, a stall keeps it open and silent until the client leaves.

use super::reply::Body;
use super::script::{FaultKind, Point};
use axum::body::Body as HttpBody;
use axum::http::{Response, StatusCode, header};
use bytes::Bytes;
use futures::stream::{self, StreamExt};
use std::io;
use std::time::Duration;

/// Marks a response in whose place the connection is closed.
#[derive(Debug, Clone)]
pub(super) struct CutBefore;

/// How the body ends after its frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// As it should.
    Proper,
    /// The connection breaks.
    Broken,
    /// Nothing more comes.
    Silent,
}

/// Sends the body, with a pause between its frames, and lets the fault happen.
pub(super) async fn deliver(body: Body, pace: Duration, fault: Option<&FaultKind>) -> Response<HttpBody> {
    match fault {
        Some(FaultKind::Cut(Point::Before)) => {
            let mut response = Response::new(HttpBody::empty());
            response.extensions_mut().insert(CutBefore);
            response
        }
        Some(FaultKind::Stall(Point::Before)) => std::future::pending().await,
        Some(FaultKind::Cut(point)) => respond(shortened(body, *point), pace, Ending::Broken),
        Some(FaultKind::Stall(point)) => respond(shortened(body, *point), pace, Ending::Silent),
        Some(FaultKind::Truncate) => respond(shortened(body, Point::Middle), pace, Ending::Proper),
        Some(FaultKind::Sleep(_) | FaultKind::Error { .. } | FaultKind::Empty | FaultKind::MaxTokens)
        | None => respond(body, pace, Ending::Proper),
    }
}

/// The part of a body before a point; always at least one byte less than the whole.
fn shortened(body: Body, point: Point) -> Body {
    let most = body.size().saturating_sub(1);
    match point {
        Point::Before => body.cut(0),
        Point::Middle => {
            let half = body.size() / 2;
            body.cut(half)
        }
        Point::Bytes(bytes) => body.cut(bytes.min(most)),
    }
}

fn respond(body: Body, pace: Duration, ending: Ending) -> Response<HttpBody> {
    let content_type = body.content_type;
    let frames = stream::iter(body.frames.into_iter().enumerate()).then(move |(index, frame)| async move {
        if index > 0 && !pace.is_zero() {
            tokio::time::sleep(pace).await;
        }
        Ok(frame)
    });
    let end = match ending {
        Ending::Proper => stream::empty().boxed(),
        Ending::Silent => stream::pending().boxed(),
        // The server first flushes what it has when the stream pauses: without the pause the frames before the
        // break might never leave.
        Ending::Broken => stream::once(async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Err::<Bytes, io::Error>(io::Error::other("cut by the script"))
        })
        .boxed(),
    };
    let mut response = Response::new(HttpBody::from_stream(frames.chain(end)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-cache"));
    response
}

/// A JSON response with a status.
pub(super) fn json(status: StatusCode, value: &serde_json::Value) -> Response<HttpBody> {
    let mut response = Response::new(HttpBody::from(value.to_string()));
    *response.status_mut() = status;
    let json = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body() -> Body {
        Body { content_type: "text/event-stream", frames: vec!["abcd".into(), "ef".into(), "gh".into()] }
    }

    #[test]
    fn a_body_is_shortened_to_the_byte_and_never_whole() {
        let texts = |point| shortened(body(), point).frames.concat();
        assert_eq!(texts(Point::Middle), b"abcd");
        assert_eq!(texts(Point::Bytes(5)), b"abcde");
        assert_eq!(texts(Point::Bytes(900)), b"abcdefg");
        assert_eq!(texts(Point::Before), b"");
    }
}
