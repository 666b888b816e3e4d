//! The part of a connection that can be sent again to another server (layer 1).
//!
//! Invariants: at most [`MAX_REQUEST`] bytes for one connection and [`MAX_KEPT`] for all of a sandbox; nothing once
//! the first byte of an answer was seen.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// The most bytes of one request.
const MAX_REQUEST: usize = 16 << 20;
/// The most bytes of all requests.
const MAX_KEPT: usize = 64 << 20;

/// How many bytes all connections of a sandbox keep.
pub(super) type Kept = Rc<Cell<usize>>;

/// What a connection has sent and nobody has answered.
#[derive(Debug)]
pub(super) struct Replay {
    /// Nothing if it cannot be replayed.
    bytes: RefCell<Option<Vec<u8>>>,
    kept: Kept,
}

impl Replay {
    /// Begins a connection.
    pub(super) fn new(kept: &Kept) -> Self {
        Self { bytes: RefCell::new(Some(Vec::new())), kept: Rc::clone(kept) }
    }

    /// Whether the connection can be replayed.
    pub(super) fn possible(&self) -> bool {
        self.bytes.borrow().is_some()
    }

    /// Everything that was sent so far.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.bytes.borrow().clone().unwrap_or_default()
    }

    /// Keeps what was sent, as far as the bounds allow.
    pub(super) fn keep(&self, more: &[u8]) {
        let mut bytes = self.bytes.borrow_mut();
        let Some(sent) = bytes.as_mut() else { return };
        let all = self.kept.get() + more.len();
        if sent.len() + more.len() > MAX_REQUEST || all > MAX_KEPT {
            self.kept.set(self.kept.get() - sent.len());
            *bytes = None;
        } else {
            sent.extend_from_slice(more);
            self.kept.set(all);
        }
    }

    /// Forgets what was sent: an answer has begun, or nobody waits for one.
    pub(super) fn forget(&self) {
        if let Some(sent) = self.bytes.borrow_mut().take() {
            self.kept.set(self.kept.get() - sent.len());
        }
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        self.forget();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_and_given_back() {
        let kept = Kept::default();
        let one = Replay::new(&kept);
        one.keep(b"GET /");
        one.keep(b" HTTP/1.1");
        assert_eq!((one.bytes(), kept.get(), one.possible()), (b"GET / HTTP/1.1".to_vec(), 14, true));
        let block = vec![0; MAX_REQUEST];
        one.keep(&block);
        assert_eq!((one.bytes().len(), kept.get(), one.possible()), (0, 0, false));
        one.keep(b"more");
        assert_eq!((kept.get(), one.possible()), (0, false));
        let many: Vec<Replay> = (0..5).map(|_| Replay::new(&kept)).collect();
        for replay in &many {
            replay.keep(&block);
        }
        assert_eq!(many.iter().map(Replay::possible).collect::<Vec<_>>(), [true, true, true, true, false]);
        assert_eq!(kept.get(), MAX_KEPT);
        many[0].forget();
        assert_eq!((kept.get(), many[0].possible()), (MAX_KEPT - MAX_REQUEST, false));
        drop(many);
        assert_eq!(kept.get(), 0);
    }
}
