//! One output stream of a process (layer 1): from its pipe to its journal, and from there to who follows.
//!
//! Invariants: the pipe is read only while the process's journals have room, so that a program that nobody reads is
//! stopped by its own full pipe; the stream ends when every writer has closed it, or when the tree is gone and the
//! pipe is empty.

use super::journal::Journal;
use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind};
use std::rc::Rc;
use std::time::Duration;
use telecoder_model::port::sandbox::MAX_JOURNAL;
use tokio::net::unix::pipe::Receiver;
use tokio::sync::watch;

/// How much is read at once.
const READ: usize = 64 << 10;
/// How long to wait before a journal that could not be written is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// What both output streams of a process share.
#[derive(Debug)]
pub(super) struct Room {
    taken: Cell<u64>,
    changed: watch::Sender<()>,
}

impl Room {
    /// Makes the room of a process that wrote nothing yet.
    pub(super) fn new() -> Self {
        Self { taken: Cell::new(0), changed: watch::Sender::new(()) }
    }

    fn free(&self) -> usize {
        usize::try_from(MAX_JOURNAL.saturating_sub(self.taken.get())).unwrap_or(usize::MAX)
    }

    fn take(&self, bytes: u64) {
        self.taken.set(self.taken.get() + bytes);
    }

    fn give_back(&self, bytes: u64) {
        self.taken.set(self.taken.get().saturating_sub(bytes));
        self.changed.send_replace(());
    }

    /// Waits until some is free and returns how much.
    async fn wait(&self) -> usize {
        let mut changed = self.changed.subscribe();
        loop {
            let free = self.free();
            if free > 0 || changed.changed().await.is_err() {
                return free;
            }
        }
    }
}

/// How far a stream has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Progress {
    /// The offset behind its last byte.
    pub(super) end: u64,
    /// Whether nothing will follow.
    pub(super) closed: bool,
}

/// An output stream.
#[derive(Debug)]
pub(super) struct Output {
    journal: RefCell<Journal>,
    room: Rc<Room>,
    progress: watch::Sender<Progress>,
}

impl Output {
    /// Makes the stream of a process that wrote nothing yet.
    pub(super) fn new(journal: Journal, room: Rc<Room>) -> Self {
        let progress = watch::Sender::new(Progress { end: 0, closed: false });
        Self { journal: RefCell::new(journal), room, progress }
    }

    /// The journalled range.
    pub(super) fn range(&self) -> (u64, u64) {
        let journal = self.journal.borrow();
        (journal.start(), journal.end())
    }

    /// Tells every progress.
    pub(super) fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Reads what is journalled from an offset on.
    pub(super) fn read(&self, from: u64, limit: usize) -> io::Result<Vec<u8>> {
        self.journal.borrow().read(from, limit)
    }

    /// Forgets what lies before an offset.
    pub(super) fn acknowledge(&self, before: u64) {
        let mut journal = self.journal.borrow_mut();
        let start = journal.start();
        journal.acknowledge(before);
        self.room.give_back(journal.start() - start);
    }

    /// Moves the pipe into the journal until the stream has ended.
    pub(super) async fn pump(&self, pipe: Receiver, mut tree_gone: watch::Receiver<bool>) {
        let mut buffer = vec![0; READ];
        loop {
            // A program that writes without end must not keep the others waiting.
            tokio::task::yield_now().await;
            let room = self.room.wait().await.min(READ);
            let Some(free) = buffer.get_mut(..room) else { break };
            match pipe.try_read(free) {
                Ok(0) => break,
                Ok(read) => {
                    let bytes = buffer.get(..read).unwrap_or_default();
                    self.room.take(read as u64);
                    self.keep(bytes).await;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    // A descriptor that was passed to another tree keeps the pipe open after its own tree is gone.
                    if *tree_gone.borrow_and_update() {
                        break;
                    }
                    tokio::select! {
                        ready = pipe.readable() => if ready.is_err() { break },
                        changed = tree_gone.changed() => if changed.is_err() { break }
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        self.progress.send_modify(|progress| progress.closed = true);
    }

    /// Journals bytes, however long the disk is full: what was read from the pipe exists nowhere else.
    async fn keep(&self, bytes: &[u8]) {
        loop {
            let appended = self.journal.borrow_mut().append(bytes);
            match appended {
                Ok(()) => break,
                Err(error) => {
                    super::log::line(&format!("cannot write the journal: {error}"));
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
        let end = self.journal.borrow().end();
        self.progress.send_modify(|progress| progress.end = end);
    }
}
