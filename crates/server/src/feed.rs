//! The stream of changes of all sessions (layer 2), by which lists stay live without asking again and again.
//!
//! Invariants: it carries no content, only which session changed; a follower holds a cursor, so that nothing is missed and a
//! slow reader costs nothing; it looks at most five times a second, however much happens; who comes back with a place that is
//! too old is told to read everything anew instead of being sent all that was missed; it ends when its caller may no longer read.

use crate::access::Caller;
use crate::app::App;
use crate::convert::overview;
use crate::errors::ApiError;
use crate::server::told;
use crate::sse;
use axum::response::Response;
use bytes::Bytes;
use std::fmt::Write as _;
use std::time::Duration;
use telecoder_api::change::Place;
use telecoder_engine::EngineError;
use telecoder_model::port::bus::Subscription;
use telecoder_model::time::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;

/// Changes that are read at once.
const PAGE: u32 = 500;
/// A place further back than this many events of all sessions is too old to go on from.
const OLDEST: u64 = 20_000;
/// The least time between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// Follows the changes of the caller's sessions, from a place on or from now on.
pub(crate) async fn follow(app: App, caller: Caller, after: Option<u64>) -> Result<Response, ApiError> {
    let place = sse::place(&app)?;
    // Subscribed before the first look, so that nothing falls between.
    let news = app.engine().subscribe_all();
    let now = app.engine().last_change().await?;
    let seen_at = app.engine().inbox_seen_at(&caller.principal).await?;
    let first = match after {
        Some(after) if after <= now && now - after <= OLDEST => frame("ready", after),
        Some(_) => frame("reset", now),
        None => frame("ready", now),
    };
    let cursor = after.filter(|after| *after <= now && now - after <= OLDEST).unwrap_or(now);
    let stopping = app.stopping();
    let feed = Feed {
        app,
        caller,
        cursor,
        seen_at,
        first: Some(first),
        news,
        stopping,
        looked: None,
        checked: Instant::now(),
        is_over: false,
        _place: place,
    };
    Ok(sse::response(futures::stream::unfold(feed, |mut feed| async {
        let next = feed.next().await?;
        Some((next, feed))
    })))
}

/// A frame that names a place.
fn frame(event: &str, global: u64) -> Bytes {
    let data = serde_json::to_string(&Place { global }).unwrap_or_default();
    format!("retry: 1000\nid: {global}\nevent: {event}\ndata: {data}\n\n").into()
}

struct Feed {
    app: App,
    caller: Caller,
    cursor: u64,
    seen_at: Option<Timestamp>,
    first: Option<Bytes>,
    news: Box<dyn Subscription>,
    stopping: watch::Receiver<bool>,
    looked: Option<Instant>,
    checked: Instant,
    is_over: bool,
    _place: OwnedSemaphorePermit,
}

enum Wake {
    News,
    Beat,
    Stop,
}

impl Feed {
    async fn next(&mut self) -> Option<Result<Bytes, EngineError>> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        if self.is_over {
            return None;
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
            let woken = self.looked.is_some();
            self.rest().await;
            match self.look(woken).await {
                Ok(Some(frames)) => return Some(Ok(frames)),
                Ok(None) => {}
                Err(error) => {
                    self.is_over = true;
                    tracing::warn!(code = error.code, "the stream of changes was interrupted");
                    return Some(Err(error));
                }
            }
            match self.wait().await {
                Wake::News => {}
                Wake::Stop => return None,
                Wake::Beat => {
                    // Whatever woke nobody is found at the next beat.
                    self.looked = None;
                    return Some(Ok(sse::comment("keep-alive")));
                }
            }
        }
    }

    /// Waits until another look is due.
    async fn rest(&mut self) {
        if let Some(looked) = self.looked {
            tokio::time::sleep_until(looked + PAUSE).await;
        }
        self.looked = Some(Instant::now());
    }

    /// What is new as frames. A wake-up for which nothing is found is told too: a title is no event.
    async fn look(&mut self, woken: bool) -> Result<Option<Bytes>, EngineError> {
        let who = &self.caller.principal;
        let page = self.app.engine().changes(who, self.cursor, PAGE).await?;
        let mut text = String::new();
        for change in page.changes {
            self.cursor = change.global;
            let news = overview::news(change);
            let data = serde_json::to_string(&news).unwrap_or_default();
            let _ = write!(text, "id: {}\nevent: session\ndata: {data}\n\n", news.global);
        }
        self.cursor = self.cursor.max(page.upto);
        let seen_at = self.app.engine().inbox_seen_at(who).await?;
        if seen_at != self.seen_at {
            self.seen_at = seen_at;
            let seen_at = seen_at.map(|at| at.to_string());
            let _ = write!(text, "event: inbox\ndata: {}\n\n", serde_json::json!({ "seenAt": seen_at }));
        }
        if text.is_empty() && woken {
            text.push_str("event: changed\ndata: {}\n\n");
        }
        Ok((!text.is_empty()).then(|| text.into()))
    }

    async fn wait(&mut self) -> Wake {
        tokio::select! {
            () = self.news.changed() => Wake::News,
            () = tokio::time::sleep(self.app.options().sse_heartbeat) => Wake::Beat,
            () = told(&mut self.stopping) => Wake::Stop,
        }
    }
}
