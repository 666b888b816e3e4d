//! Layer 1: answers that GitHub confirms instead of sending them again (they cost no rate limit then). Bounded in number
//! and size; what is oldest goes first.

use bytes::Bytes;
use std::collections::{HashMap, VecDeque};

/// The most answers that are kept.
const MOST: usize = 256;
/// The largest answer that is kept, in bytes.
const LARGEST: usize = 128 << 10;

/// An answer that was kept.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) etag: String,
    pub(super) body: Bytes,
    pub(super) more: bool,
}

/// The answers that were kept, by who asked for what.
#[derive(Debug, Default)]
pub(super) struct Etags {
    kept: HashMap<String, Kept>,
    order: VecDeque<String>,
}

impl Etags {
    pub(super) fn get(&self, key: &str) -> Option<Kept> {
        self.kept.get(key).cloned()
    }

    pub(super) fn put(&mut self, key: String, kept: Kept) {
        if kept.body.len() > LARGEST || key.len() + kept.etag.len() > 4096 {
            return;
        }
        if self.kept.insert(key.clone(), kept).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > MOST {
            if let Some(oldest) = self.order.pop_front() {
                self.kept.remove(&oldest);
            }
        }
    }
}
