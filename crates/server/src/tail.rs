//! The end of a session's log, read and encoded once for all who follow it (layer 2).
//!
//! Invariants: a follower that is further behind reads for itself, so that nobody waits for it and nothing is dropped; the log is
//! read only where the bus has told of news since the last look, or where that is long ago, however many followers are woken;
//! what is kept has a bound, and nothing is kept for a single follower.

use crate::access::Caller;
use crate::app::App;
use crate::convert;
use crate::sse::write_frame;
use bytes::{Bytes, BytesMut};
use futures::FutureExt;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use telecoder_engine::EngineError;
use telecoder_engine::request::EventPage;
use telecoder_model::event::Event;
use telecoder_model::id::SessionId;
use telecoder_model::port::bus::Subscription;
use tokio::time::Instant;

/// Events that are read at once.
const PAGE: u32 = 100;
/// Events are joined until this many bytes are together, so that a burst is not a write for each.
const MAX_PIECE: usize = 64 << 10;
/// Bytes of frames that are kept of one session.
const MAX_KEPT: usize = 64 << 10;
/// Forgotten sessions are looked for once so many more than before are known.
const MORE: usize = 64;

/// The tails of all sessions that are followed.
#[derive(Debug, Default)]
pub(crate) struct Tails {
    known: Mutex<(HashMap<SessionId, Weak<Tail>>, usize)>,
}

impl Tails {
    /// The tail of a session; all who follow it at the same time have the same one.
    pub(crate) fn of(&self, app: &App, session: &SessionId) -> Arc<Tail> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (tails, after_sweep) = &mut *known;
        if let Some(tail) = tails.get(session).and_then(Weak::upgrade) {
            return tail;
        }
        if tails.len() > after_sweep.saturating_add(MORE) {
            tails.retain(|_, tail| tail.strong_count() > 0);
            *after_sweep = tails.len();
        }
        let tail = Arc::new(Tail {
            session: session.clone(),
            // Subscribed before the first look, so that nothing falls between.
            news: tokio::sync::Mutex::new(app.engine().subscribe(session)),
            window: Mutex::default(),
        });
        tails.insert(session.clone(), Arc::downgrade(&tail));
        tail
    }
}

/// The end of one session's log.
pub(crate) struct Tail {
    session: SessionId,
    /// Whoever holds it reads for all the others.
    news: tokio::sync::Mutex<Box<dyn Subscription>>,
    window: Mutex<Window>,
}

impl std::fmt::Debug for Tail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tail").field("session", &self.session).finish_non_exhaustive()
    }
}

/// The frames that are kept: those of the events above `from` up to `end`.
#[derive(Default)]
struct Window {
    /// When the log was last read to its end; nothing is kept before that has happened.
    looked: Option<Instant>,
    from: u64,
    end: u64,
    /// The log goes on behind `end`.
    is_longer: bool,
    drained: bool,
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// Frames that were joined already, above the first number up to the second.
    joined: Option<(u64, u64, Bytes)>,
}

/// What comes next for a follower.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    /// Frames; none if there is nothing new.
    pub(crate) frames: Bytes,
    /// The number of the last event in them, or where the follower was.
    pub(crate) upto: u64,
    /// Whether the session has ended and nothing follows.
    pub(crate) drained: bool,
}

/// Where a follower stands.
enum Standing {
    Known(Piece),
    AtEnd,
    Elsewhere,
}

impl Window {
    fn standing(&mut self, cursor: u64) -> Standing {
        if self.looked.is_none() || cursor < self.from || cursor > self.end {
            return Standing::Elsewhere;
        }
        if cursor == self.end { Standing::AtEnd } else { Standing::Known(self.piece(cursor)) }
    }

    /// For one that has everything.
    fn nothing(&self, cursor: u64) -> Piece {
        Piece { frames: Bytes::new(), upto: cursor, drained: self.drained && cursor == self.end }
    }

    fn piece(&mut self, cursor: u64) -> Piece {
        if let Some((after, upto, frames)) = &self.joined
            && *after == cursor
        {
            let drained = self.drained && *upto == self.end;
            return Piece { frames: frames.clone(), upto: *upto, drained };
        }
        let skipped = usize::try_from(cursor.saturating_sub(self.from)).unwrap_or(usize::MAX);
        let (frames, count) = joined(self.frames.iter().skip(skipped));
        let upto = cursor.saturating_add(count);
        self.joined = Some((cursor, upto, frames.clone()));
        Piece { frames, upto, drained: self.drained && upto == self.end }
    }

    /// Takes in what follows behind the end.
    fn extend(&mut self, page: &EventPage) {
        for event in &page.events {
            let frame = frame(event);
            self.bytes = self.bytes.saturating_add(frame.len());
            self.frames.push_back(frame);
            self.end = event.seq;
        }
        self.is_longer = !page.reaches_end;
        self.drained = page.drained;
        self.joined = None;
        self.looked = Some(Instant::now());
    }

    /// Begins anew at an end that was found.
    fn begin(&mut self, end: u64, drained: bool) {
        *self = Self { looked: Some(Instant::now()), from: end, end, drained, ..Self::default() };
    }

    fn keep(&mut self, most: usize) {
        while self.bytes > most
            && let Some(first) = self.frames.pop_front()
        {
            self.bytes = self.bytes.saturating_sub(first.len());
            self.from = self.from.saturating_add(1);
            self.joined = None;
        }
    }
}

impl Tail {
    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What follows for one that has everything up to `cursor`.
    pub(crate) async fn after(
        self: &Arc<Self>,
        app: &App,
        caller: &Caller,
        cursor: u64,
    ) -> Result<Piece, EngineError> {
        let standing = self.window().standing(cursor);
        match standing {
            Standing::Known(piece) => Ok(piece),
            Standing::AtEnd => self.at_end(app, caller, cursor).await,
            Standing::Elsewhere => self.elsewhere(app, caller, cursor).await,
        }
    }

    /// Reads on, for all who stand at the end.
    async fn at_end(self: &Arc<Self>, app: &App, caller: &Caller, cursor: u64) -> Result<Piece, EngineError> {
        let mut news = self.news.lock().await;
        let (looked, is_longer) = {
            let mut window = self.window();
            match window.standing(cursor) {
                // Another one has read meanwhile.
                Standing::Known(piece) => return Ok(piece),
                Standing::AtEnd => (window.looked, window.is_longer),
                Standing::Elsewhere => (None, true),
            }
        };
        let is_fresh = news.changed().now_or_never().is_some();
        // Whatever woke nobody is found once a heartbeat's time has passed.
        let long_ago = looked.is_none_or(|at| at.elapsed() >= app.options().sse_heartbeat);
        if !is_fresh && !is_longer && !long_ago {
            return Ok(self.window().nothing(cursor));
        }
        // Until that is done: whoever reads may fail, or go away.
        self.window().is_longer = true;
        let page = app.engine().events(&caller.principal, &self.session, cursor, PAGE).await?;
        let most = if Arc::strong_count(self) > 1 { MAX_KEPT } else { 0 };
        let mut window = self.window();
        if window.end != cursor {
            // It began anew elsewhere meanwhile, and what the news told of may lie behind that.
            window.is_longer = true;
            return Ok(own_piece(&page, cursor));
        }
        window.extend(&page);
        let piece = if page.events.is_empty() { window.nothing(cursor) } else { window.piece(cursor) };
        window.keep(most);
        Ok(piece)
    }

    /// Reads for one that is behind, or ahead of everything that is known.
    async fn elsewhere(&self, app: &App, caller: &Caller, cursor: u64) -> Result<Piece, EngineError> {
        let page = app.engine().events(&caller.principal, &self.session, cursor, PAGE).await?;
        let piece = own_piece(&page, cursor);
        if page.reaches_end && page.events.last().is_none_or(|last| last.seq == piece.upto) {
            let mut window = self.window();
            if window.looked.is_none() || window.end < piece.upto {
                window.begin(piece.upto, page.drained);
            }
        }
        Ok(piece)
    }
}

/// What of a page comes next for one that reads for itself.
fn own_piece(page: &EventPage, cursor: u64) -> Piece {
    let frames: Vec<Bytes> = page.events.iter().map(frame).collect();
    let (piece, count) = joined(frames.iter());
    let whole = usize::try_from(count).is_ok_and(|count| count == frames.len());
    Piece { frames: piece, upto: cursor.saturating_add(count), drained: page.drained && whole }
}

/// The first frames, together about [`MAX_PIECE`] bytes, and how many they are.
fn joined<'a>(frames: impl Iterator<Item = &'a Bytes>) -> (Bytes, u64) {
    let mut count = 0;
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    for frame in frames {
        count += 1;
        match count {
            1 => first = frame.clone(),
            2 => {
                all.reserve(first.len() + frame.len());
                all.extend_from_slice(&first);
                all.extend_from_slice(frame);
            }
            _ => all.extend_from_slice(frame),
        }
        if all.len().max(first.len()) >= MAX_PIECE {
            break;
        }
    }
    (if count > 1 { all.freeze() } else { first }, count)
}

fn frame(event: &Event) -> Bytes {
    let mut text = String::new();
    write_frame(&mut text, Some(event.seq), event.body.name(), &convert::event::json(event));
    text.into()
}
