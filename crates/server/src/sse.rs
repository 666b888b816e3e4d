//! Event streams (layer 2).
//!
//! Invariants: a follower subscribes, then reads, then waits, so that nothing falls between; it holds a cursor and at most one
//! piece of the log, so that a slow reader costs nothing and loses nothing; dropping it frees everything; it ends by the comment
//! `end` when the session has ended and its log is drained, and without it when it was interrupted (server stops, token no
//! longer holds, store fails), so that the reader comes back.

use crate::access::Caller;
use crate::app::App;
use crate::errors::ApiError;
use crate::server::told;
use crate::tail::{Piece, Tail};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::Stream;
use std::fmt::Write as _;
use std::sync::Arc;
use telecoder_engine::EngineError;
use telecoder_model::id::SessionId;
use telecoder_model::port::bus::Subscription;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;

/// Whether a client wants a stream.
pub(crate) fn wanted(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| part.split(';').next().unwrap_or("").trim().eq_ignore_ascii_case("text/event-stream"))
}

/// Takes one of the places for streams.
pub(crate) fn place(app: &App) -> Result<OwnedSemaphorePermit, ApiError> {
    app.streams().try_acquire_owned().map_err(|_| {
        ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too_many_streams", "too many event streams are open")
            .hint("close some, or try again in a few seconds")
    })
}

/// An answer that is a stream of frames.
pub(crate) fn response<S>(frames: S) -> Response
where
    S: Stream<Item = Result<Bytes, EngineError>> + Send + 'static,
{
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, Body::from_stream(frames)).into_response()
}

/// One frame with an event. `data` is JSON on one line.
pub(crate) fn frame(event: &str, data: &str) -> Bytes {
    let mut text = String::new();
    write_frame(&mut text, None, event, data);
    text.into()
}

/// Adds a frame to a text.
pub(crate) fn write_frame(out: &mut String, id: Option<u64>, event: &str, data: &str) {
    if let Some(id) = id {
        let _ = writeln!(out, "id: {id}");
    }
    let _ = write!(out, "event: {event}\ndata: {data}\n\n");
}

/// One frame with a comment.
pub(crate) fn comment(text: &'static str) -> Bytes {
    format!(": {text}\n\n").into()
}

/// Where a follower begins, and whether it stays.
#[derive(Debug, Clone)]
pub(crate) struct Follow {
    pub(crate) session: SessionId,
    pub(crate) after: u64,
    pub(crate) stay: bool,
}

/// Follows a session's events. The first page is read before the answer begins, so that an error is answered as one.
pub(crate) async fn follow(app: App, caller: Caller, follow: Follow) -> Result<Response, ApiError> {
    let place = place(&app)?;
    let news = app.engine().subscribe(&follow.session);
    let tail = app.tail(&follow.session);
    let first = tail.after(&app, &caller, follow.after).await?;
    let stopping = app.stopping();
    let follower = Follower {
        app,
        caller,
        session: follow.session,
        tail,
        cursor: follow.after,
        stay: follow.stay,
        ready: Some(first),
        stage: Stage::Opening,
        news,
        stopping,
        checked: Instant::now(),
        _place: place,
    };
    Ok(response(futures::stream::unfold(follower, |mut follower| async {
        let next = follower.next().await?;
        Some((next, follower))
    })))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Opening,
    Open,
    Over,
}

struct Follower {
    app: App,
    caller: Caller,
    session: SessionId,
    tail: Arc<Tail>,
    cursor: u64,
    stay: bool,
    /// What was read already.
    ready: Option<Piece>,
    stage: Stage,
    news: Box<dyn Subscription>,
    stopping: watch::Receiver<bool>,
    /// When the token was last looked at; it is again after each heartbeat's time.
    checked: Instant,
    _place: OwnedSemaphorePermit,
}

enum Wake {
    News,
    Beat,
    Stop,
}

impl Follower {
    async fn next(&mut self) -> Option<Result<Bytes, EngineError>> {
        match self.stage {
            Stage::Opening => {
                self.stage = Stage::Open;
                return Some(Ok(Bytes::from_static(b"retry: 1000\n\n")));
            }
            Stage::Open => {}
            Stage::Over => return None,
        }
        loop {
            if *self.stopping.borrow() {
                return None;
            }
            if self.checked.elapsed() >= self.app.options().sse_heartbeat {
                if !self.caller.still_holds(&self.app).await {
                    return None;
                }
                self.checked = Instant::now();
            }
            let read = match self.ready.take() {
                Some(ready) => Ok(ready),
                None => self.tail.after(&self.app, &self.caller, self.cursor).await,
            };
            let piece = match read {
                Ok(piece) => piece,
                Err(error) => {
                    self.stage = Stage::Over;
                    tracing::warn!(session = %self.session, code = error.code, "an event stream was interrupted");
                    return Some(Err(error));
                }
            };
            if !piece.frames.is_empty() {
                self.cursor = piece.upto;
                return Some(Ok(piece.frames));
            }
            if piece.drained || !self.stay {
                return self.end();
            }
            match self.wait().await {
                Wake::News => {}
                Wake::Stop => return None,
                Wake::Beat => return Some(Ok(comment("keep-alive"))),
            }
        }
    }

    fn end(&mut self) -> Option<Result<Bytes, EngineError>> {
        self.stage = Stage::Over;
        Some(Ok(comment("end")))
    }

    async fn wait(&mut self) -> Wake {
        tokio::select! {
            () = self.news.changed() => Wake::News,
            () = tokio::time::sleep(self.app.options().sse_heartbeat) => Wake::Beat,
            () = told(&mut self.stopping) => Wake::Stop,
        }
    }
}
