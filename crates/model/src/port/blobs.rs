//! Port: blobs (layer 0).
//!
//! Contract: content-addressed and immutable. `put` returns only after the bytes are durable, so that a transaction may
//! name the digest; putting the same bytes again does nothing. `get` verifies nothing beyond the digest's form. `remove`
//! never takes away what was put a moment ago and will only now be named.

use crate::error::PortError;
use crate::event::BlobRef;
use async_trait::async_trait;
use bytes::Bytes;
use std::fmt;
use std::time::Duration;

/// Payloads up to this many bytes stay in the event; larger ones become a blob and leave only a head.
pub const INLINE_LIMIT: usize = 64 * 1024;

/// Keeps large payloads.
#[async_trait]
pub trait Blobs: Send + Sync + fmt::Debug {
    /// Keeps bytes durably and names them by their SHA-256.
    async fn put(&self, bytes: Bytes) -> Result<BlobRef, PortError>;
    /// Reads the bytes of a digest (64 hexadecimal digits); class `NotFound` where there are none.
    async fn get(&self, digest: &str) -> Result<Bytes, PortError>;
    /// Says that what was put (once for each digest here) is named by a transaction now: from here on that alone keeps it. A
    /// store of several servers may not be able to tell, and goes by the time.
    fn named(&self, digests: &[String]);
    /// Forgets the bytes of a digest, unless they were put within the last `quiet` by a server that lives and has not named
    /// them yet; does nothing where there are none. Gives whether nothing is left.
    async fn remove(&self, digest: &str, quiet: Duration) -> Result<bool, PortError>;
    /// Names all digests that are kept, at most `limit`, after `after` in their order.
    async fn list(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, PortError>;
}
