//! Port: ids (layer 0).
//!
//! Contract: `fill` gives bytes that nobody can guess (a seeded adapter is for tests only). Secrets and names both come
//! from here.

use crate::id::{BASE32, SessionId};
use std::fmt;

/// Gives random bytes.
pub trait Ids: Send + Sync + fmt::Debug {
    /// Fills a buffer with random bytes.
    fn fill(&self, bytes: &mut [u8]);

    /// A new session id.
    fn session(&self) -> SessionId {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        SessionId::from_random(bytes)
    }
    /// A new word of `length` characters (at most 64) of lowercase base32, 5 random bits each.
    fn word(&self, length: usize) -> String {
        let mut bytes = [0; 64];
        self.fill(&mut bytes);
        bytes
            .iter()
            .take(length)
            .map(|byte| char::from(BASE32.get(usize::from(byte & 31)).copied().unwrap_or(b'a')))
            .collect()
    }
}
