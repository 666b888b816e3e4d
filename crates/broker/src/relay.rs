//! Passes a good answer on, chunk by chunk, and follows it to its end (layer 1).
//!
//! Invariants: a chunk goes in as soon as it has come, and the next is taken only when it was taken; the end of a call is
//! told before the chunk that shows it goes in; an answer that did not come whole ends in a cut.

use crate::answer::Piece;
use crate::exchange::close;
use crate::ledger::{Ending, Entry};
use crate::meter::Meter;
use crate::options::GatewayOptions;
use crate::scrub::Scrub;
use crate::upstream::Upstream;
use bytes::Bytes;
use std::time::Duration;
use telecoder_model::usage::{CallEnd, Usage};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// How long the provider may take to close after its end mark, and to send it after the last content when nobody listens
/// any more.
const GRACE: Duration = Duration::from_secs(5);

/// How long a call may go on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    end: Instant,
    silence: Duration,
}

impl Pace {
    pub(crate) fn start(options: &GatewayOptions) -> Self {
        Self { end: Instant::now() + options.call_timeout, silence: options.silence_timeout }
    }
    /// When the next sign of life is due.
    pub(crate) fn next(&self) -> Instant {
        self.end.min(Instant::now() + self.silence)
    }
    fn shorten(&mut self, rest: Duration) {
        self.end = self.end.min(Instant::now() + rest);
    }
}

/// An answer on its way in.
pub(crate) struct Relay<'a> {
    pub(crate) upstream: &'a Upstream,
    pub(crate) max_bytes: usize,
    pub(crate) scrub: Scrub,
    pub(crate) status: u16,
    pub(crate) sender: mpsc::Sender<Piece>,
    /// None for a request that calls no model.
    pub(crate) meter: Option<Meter>,
    /// None once the end is told.
    pub(crate) entry: Option<Entry>,
    pub(crate) pace: Pace,
    pub(crate) passed: usize,
}

enum Next {
    Chunk(Bytes),
    End,
    Broken(String),
    Gone,
}

impl Relay<'_> {
    /// Passes the answer on to its end.
    pub(crate) async fn run(mut self, mut answer: reqwest::Response) {
        loop {
            let gone = match self.next(&mut answer).await {
                Next::Chunk(chunk) => !self.pass(chunk).await,
                Next::End => return self.end().await,
                Next::Broken(why) => return self.broken(why).await,
                Next::Gone => true,
            };
            if gone {
                return self.abandoned(answer).await;
            }
            if self.passed > self.max_bytes {
                let why = format!("the answer is larger than {} bytes", self.max_bytes);
                return self.broken(why).await;
            }
        }
    }

    async fn next(&self, answer: &mut reqwest::Response) -> Next {
        let read = tokio::select! {
            biased;
            () = self.sender.closed() => return Next::Gone,
            read = timeout_at(self.pace.next(), answer.chunk()) => read,
        };
        match read {
            Ok(Ok(Some(chunk))) => Next::Chunk(chunk),
            Ok(Ok(None)) => Next::End,
            Ok(Err(error)) => Next::Broken(format!("the answer broke off: {}", self.upstream.words(error))),
            Err(_) => Next::Broken("the provider went silent within its answer, or took too long".to_owned()),
        }
    }

    /// Passes a chunk on. False when nobody takes it.
    async fn pass(&mut self, chunk: Bytes) -> bool {
        self.passed = self.passed.saturating_add(chunk.len());
        if self.passed > self.max_bytes {
            return true;
        }
        if let Some(meter) = &mut self.meter {
            meter.feed(&chunk);
            if self.entry.is_some() && (meter.is_whole() || meter.failure().is_some()) {
                self.settle().await;
            }
        }
        let chunk = self.scrub.pass(chunk);
        chunk.is_empty() || self.send(Piece::Chunk(chunk)).await
    }

    async fn send(&self, piece: Piece) -> bool {
        matches!(timeout_at(self.pace.next(), self.sender.send(piece)).await, Ok(Ok(())))
    }

    /// Tells the end that the meter has seen.
    async fn settle(&mut self) {
        let Some(meter) = &self.meter else { return };
        let ending = match meter.failure() {
            Some(failure) => self
                .ending(CallEnd::Broken, Some(format!("the provider failed within its answer: {failure}"))),
            None => self.ending(CallEnd::Finished, None),
        };
        close(&mut self.entry, ending).await;
        self.pace.shorten(GRACE);
    }

    /// The provider has ended its answer in good order.
    async fn end(mut self) {
        let was_told = self.entry.is_none();
        let mut good = true;
        if let Some(meter) = &mut self.meter {
            meter.end();
            if meter.is_whole() || meter.failure().is_some() {
                self.settle().await;
            } else {
                good = was_told;
                let why = "the answer ended without its end mark".to_owned();
                let ending = self.ending(CallEnd::Broken, Some(why));
                close(&mut self.entry, ending).await;
            }
        }
        self.finish(good).await;
    }

    /// The answer broke off, unless its end mark had come.
    async fn broken(mut self, why: String) {
        let was_told = self.meter.is_some() && self.entry.is_none();
        let ending = self.ending(CallEnd::Broken, Some(why));
        close(&mut self.entry, ending).await;
        self.finish(was_told).await;
    }

    /// Sends what is still held, and the end mark, if the answer is good. Without it the reader sees a cut.
    async fn finish(mut self, good: bool) {
        let rest = self.scrub.rest();
        let taken = rest.is_empty() || self.send(Piece::Chunk(rest)).await;
        if taken && good && !self.send(Piece::End).await {
            tracing::debug!("the agent went away at the answer's end");
        }
    }

    /// Nobody takes the answer any more. When all of its content has come, the end mark and the count behind it are still
    /// waited for, because many clients stop reading there.
    async fn abandoned(mut self, mut answer: reqwest::Response) {
        if let Some(meter) = self.meter.as_mut().filter(|meter| self.entry.is_some() && meter.is_said()) {
            self.pace.shorten(GRACE);
            loop {
                match timeout_at(self.pace.next(), answer.chunk()).await {
                    Ok(Ok(Some(chunk))) if self.passed + chunk.len() <= self.max_bytes => {
                        self.passed += chunk.len();
                        meter.feed(&chunk);
                    }
                    Ok(Ok(None)) => {
                        meter.end();
                        break;
                    }
                    Ok(Ok(Some(_)) | Err(_)) | Err(_) => break,
                }
                if meter.is_whole() {
                    break;
                }
            }
        }
        let ending = if self.meter.as_ref().is_some_and(Meter::is_whole) {
            self.ending(CallEnd::Finished, None)
        } else {
            self.ending(CallEnd::Abandoned, Some("the agent went away within the answer".to_owned()))
        };
        close(&mut self.entry, ending).await;
    }

    fn ending(&self, end: CallEnd, error: Option<String>) -> Ending {
        Ending {
            end,
            status: Some(self.status),
            error: error.map(|error| self.upstream.hide(&error)),
            usage: self.meter.as_ref().map_or_else(Usage::default, Meter::usage),
        }
    }
}
