//! Blobs in memory (dev layer).

use super::Faults;
use crate::gym::digest_of;
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use telecoder_model::PortError;
use telecoder_model::event::BlobRef;
use telecoder_model::port::blobs::Blobs;

/// Keeps large payloads in memory. Its calls are `blobs.put`, `blobs.get`, `blobs.remove`, `blobs.list`.
#[derive(Debug, Default)]
pub struct MemoryBlobs {
    kept: Mutex<BTreeMap<String, Kept>>,
    faults: Arc<Faults>,
}

#[derive(Debug)]
struct Kept {
    bytes: Bytes,
    /// How often it was put and not named.
    open: u32,
    at: Instant,
}

impl MemoryBlobs {
    /// Fails as planned.
    pub fn with_faults(faults: Arc<Faults>) -> Self {
        Self { kept: Mutex::default(), faults }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn checked(digest: &str) -> Result<&str, PortError> {
    let fits = digest.len() == 64 && digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    fits.then_some(digest).ok_or_else(|| PortError::permanent("a digest has 64 lowercase hexadecimal digits"))
}

#[async_trait]
impl Blobs for MemoryBlobs {
    async fn put(&self, bytes: Bytes) -> Result<BlobRef, PortError> {
        let act = async {
            let blob = BlobRef { digest: digest_of(&bytes), size: bytes.len() as u64 };
            let mut kept = self.lock();
            let open = kept.get(&blob.digest).map_or(0, |kept| kept.open);
            kept.insert(
                blob.digest.clone(),
                Kept { bytes: bytes.clone(), open: open + 1, at: Instant::now() },
            );
            drop(kept);
            Ok(blob)
        };
        self.faults.call("blobs.put", act).await
    }

    async fn get(&self, digest: &str) -> Result<Bytes, PortError> {
        let act = async {
            let found = self.lock().get(checked(digest)?).map(|kept| kept.bytes.clone());
            found.ok_or_else(|| PortError::not_found(format!("there is no blob {digest}")))
        };
        self.faults.call("blobs.get", act).await
    }

    fn named(&self, digests: &[String]) {
        let mut kept = self.lock();
        for digest in digests {
            if let Some(kept) = kept.get_mut(digest) {
                kept.open = kept.open.saturating_sub(1);
            }
        }
    }

    async fn remove(&self, digest: &str, quiet: Duration) -> Result<bool, PortError> {
        let act = async {
            let digest = checked(digest)?;
            let mut kept = self.lock();
            if kept.get(digest).is_some_and(|kept| kept.open > 0 && kept.at.elapsed() < quiet) {
                return Ok(false);
            }
            kept.remove(digest);
            Ok(true)
        };
        self.faults.call("blobs.remove", act).await
    }

    async fn list(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, PortError> {
        let act = async {
            let from = after.map_or(Bound::Unbounded, Bound::Excluded);
            let kept = self.lock();
            Ok(kept
                .range::<str, _>((from, Bound::Unbounded))
                .map(|(digest, _)| digest.clone())
                .take(limit)
                .collect())
        };
        self.faults.call("blobs.list", act).await
    }
}
