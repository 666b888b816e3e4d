//! Follows a session's events across connections (layer 0).
//!
//! Invariants: each event is given once and in order, whatever breaks in between; the place is a sequence number, sent as
//! `Last-Event-ID`. A stream ends only where the server says that it is drained (the comment `end`); any other end is a
//! broken connection. A connection on which nothing arrives for [`SILENCE`] is broken (the server sends a comment every 15 s).

use super::{Client, ClientError, Method};
use crate::event::Event;
use crate::sse::{Frame, SseParser};
use futures::future::BoxFuture;
use reqwest::Response;
use reqwest::header::{ACCEPT, HeaderValue};
use std::collections::VecDeque;
use std::time::Duration;

/// How long nothing may arrive.
pub const SILENCE: Duration = Duration::from_secs(45);

/// Waits before another connection is tried. It is given the number of failures in a row, from 1, and the last one; `None`
/// gives up.
pub type Reconnect = Box<dyn FnMut(u32, &ClientError) -> Option<BoxFuture<'static, ()>> + Send>;

/// Waits 0.1 s, 0.2 s, 0.4 s … at most 5 s, and gives up after `tries` failures in a row.
pub fn backoff(tries: u32) -> Reconnect {
    Box::new(move |failures, _| {
        if failures > tries {
            return None;
        }
        let millis = 100_u64.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(5000);
        Some(Box::pin(tokio::time::sleep(Duration::from_millis(millis))))
    })
}

/// Where to begin, and whether to stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// Only events with a number above this one.
    pub after: u64,
    /// Whether to wait for what is still to come; otherwise only what is there is read.
    pub stay: bool,
}

/// Follows a session's events.
pub struct Follower {
    client: Client,
    session: String,
    start: Start,
    reconnect: Reconnect,
    connection: Option<Connection>,
    ready: VecDeque<Event>,
    last: u64,
    failures: u32,
    finished: bool,
}

struct Connection {
    response: Response,
    parser: SseParser,
}

impl std::fmt::Debug for Follower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Follower")
            .field("session", &self.session)
            .field("last", &self.last)
            .field("finished", &self.finished)
            .finish_non_exhaustive()
    }
}

impl Follower {
    pub(super) fn new(client: Client, session: String, start: Start, reconnect: Reconnect) -> Self {
        let last = start.after;
        Self {
            client,
            session,
            start,
            reconnect,
            connection: None,
            ready: VecDeque::new(),
            last,
            failures: 0,
            finished: false,
        }
    }

    /// The number of the last event that was given (or where it began).
    pub fn last_seq(&self) -> u64 {
        self.ready.front().map_or(self.last, |event| event.seq.saturating_sub(1))
    }

    /// The next event; `None` after the last one. After an error it is over. May be dropped and called again.
    ///
    /// # Errors
    /// See [`ClientError`]; transient ones only once `Reconnect` gave up.
    pub async fn next(&mut self) -> Option<Result<Event, ClientError>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(Ok(event));
            }
            if self.finished {
                return None;
            }
            let Err(error) = self.fill().await else { continue };
            self.connection = None;
            self.failures = self.failures.saturating_add(1);
            let wait = if error.is_transient() { (self.reconnect)(self.failures, &error) } else { None };
            match wait {
                Some(wait) => wait.await,
                None => {
                    self.finished = true;
                    return Some(Err(error));
                }
            }
        }
    }

    /// Connects if need be and reads one piece of the stream.
    async fn fill(&mut self) -> Result<(), ClientError> {
        if self.connection.is_none() {
            self.connection = Some(self.connect().await?);
        }
        let Some(connection) = &mut self.connection else {
            return Ok(());
        };
        let piece = tokio::time::timeout(SILENCE, connection.response.chunk())
            .await
            .map_err(|_| self.client.broken(format!("nothing arrived for {} s", SILENCE.as_secs())))?
            .map_err(|error| self.client.unreachable(&error))?
            .ok_or_else(|| self.client.broken("the event stream broke off"))?;
        connection.parser.push(&piece).map_err(|error| self.client.protocol(error.to_string()))?;
        while let Some(frame) = connection.parser.next_frame() {
            match frame {
                Frame::Comment(text) => {
                    self.failures = 0;
                    if text == "end" {
                        self.finished = true;
                        self.connection = None;
                        return Ok(());
                    }
                }
                Frame::Event { data, .. } => {
                    let event: Event = serde_json::from_str(&data)
                        .map_err(|error| self.client.protocol(error.to_string()))?;
                    if event.seq <= self.last {
                        continue;
                    }
                    if event.seq != self.last + 1 {
                        return Err(self
                            .client
                            .broken(format!("event {} came after {}", event.seq, self.last)));
                    }
                    self.failures = 0;
                    self.last = event.seq;
                    self.ready.push_back(event);
                }
            }
        }
        Ok(())
    }

    async fn connect(&self) -> Result<Connection, ClientError> {
        let mut request = self
            .client
            .request(Method::GET, &["api", "sessions", &self.session, "events"], None)?
            .header(ACCEPT, HeaderValue::from_static("text/event-stream"))
            .header("Last-Event-ID", self.last);
        if !self.start.stay {
            request = request.query(&[("follow", "0")]);
        }
        let response = tokio::time::timeout(SILENCE, self.client.send(request))
            .await
            .map_err(|_| self.client.broken(format!("no answer for {} s", SILENCE.as_secs())))??;
        Ok(Connection { response, parser: SseParser::default() })
    }
}
