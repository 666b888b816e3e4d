//! Replaces the key in an answer by stars of the same length, across chunk borders (layer 1).
//!
//! Invariant: no run of output bytes ever spells the key. At most key length − 1 bytes are held back, and only while they
//! could be its beginning; an event's end never is, so that nothing waits that a reader needs.

use crate::secret::Secret;
use bytes::{Bytes, BytesMut};

/// One answer's scrubber.
#[derive(Debug)]
pub(crate) struct Scrub {
    key: Option<Secret>,
    held: BytesMut,
}

impl Scrub {
    pub(crate) fn new(key: Option<Secret>) -> Self {
        Self { key: key.filter(|key| !key.is_empty()), held: BytesMut::new() }
    }

    /// What may go on of a chunk and of what was held back.
    pub(crate) fn pass(&mut self, chunk: Bytes) -> Bytes {
        let Some(key) = &self.key else { return chunk };
        let key = key.expose().as_bytes();
        if self.held.is_empty() && find(&chunk, key).is_none() {
            let hold = tail_that_may_begin(&chunk, key);
            self.held.extend_from_slice(&chunk.slice(chunk.len() - hold..));
            return chunk.slice(..chunk.len() - hold);
        }
        self.held.extend_from_slice(&chunk);
        let mut from = 0;
        while let Some(at) = self.held.get(from..).and_then(|rest| find(rest, key)) {
            let end = from + at + key.len();
            if let Some(found) = self.held.get_mut(from + at..end) {
                found.fill(b'*');
            }
            from = end;
        }
        let hold = tail_that_may_begin(&self.held, key);
        let ready = self.held.len() - hold;
        self.held.split_to(ready).freeze()
    }

    /// What was held back at the end of the answer.
    pub(crate) fn rest(&mut self) -> Bytes {
        self.held.split().freeze()
    }
}

fn find(text: &[u8], key: &[u8]) -> Option<usize> {
    let first = *key.first()?;
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.iter().position(|byte| *byte == first)) {
        let rest = text.get(from + at..)?;
        if rest.starts_with(key) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// The length of the longest tail that is a proper beginning of the key.
fn tail_that_may_begin(text: &[u8], key: &[u8]) -> usize {
    let most = text.len().min(key.len().saturating_sub(1));
    (1..=most)
        .rev()
        .find(|length| {
            text.len()
                .checked_sub(*length)
                .and_then(|at| text.get(at..))
                .is_some_and(|tail| key.starts_with(tail))
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scrubbed(key: &str, chunks: &[&[u8]]) -> Vec<u8> {
        let mut scrub = Scrub::new(Some(Secret::new(key)));
        let mut out = Vec::new();
        for chunk in chunks {
            out.extend_from_slice(&scrub.pass(Bytes::copy_from_slice(chunk)));
        }
        out.extend_from_slice(&scrub.rest());
        out
    }

    #[test]
    fn a_key_in_two_chunks_is_found_and_an_event_is_not_held_back() {
        assert_eq!(scrubbed("sk-1", &[b"a sk", b"-1 b sk-", b"2"]), b"a **** b sk-2");
        let mut scrub = Scrub::new(Some(Secret::new("sk-1")));
        assert_eq!(scrub.pass(Bytes::from_static(b"data: s\n\n")), &b"data: s\n\n"[..]);
        assert_eq!(scrub.pass(Bytes::from_static(b"data: s")), &b"data: "[..]);
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_bytes_and_never_the_key(
            text in "[ab]{0,60}", key in "[ab]{1,5}", cuts in proptest::collection::vec(0usize..60, 0..6)
        ) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            let out = scrubbed(&key, &chunks);
            prop_assert_eq!(out.len(), bytes.len());
            prop_assert!(find(&out, key.as_bytes()).is_none());
            prop_assert_eq!(out, scrubbed(&key, &[bytes]));
        }
    }
}
