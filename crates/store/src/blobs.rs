//! Blobs in a folder (layer 1): `<folder>/<first two digits>/<the other 62>`, written whole or not at all.
//!
//! Invariants: a file under its final name is complete and synced before the name is; only 64 lowercase hexadecimal
//! digits ever become a path; a file that was put a moment ago, and will be named only now, is not removed.

use crate::lock::create_folder;
use async_trait::async_trait;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use telecoder_model::PortError;
use telecoder_model::event::BlobRef;
use telecoder_model::fail_point;
use telecoder_model::port::blobs::Blobs;

/// The largest blob, in bytes.
const MAX_BLOB: usize = 512 << 20;
/// The most digests that one call of `list` names.
pub(crate) const MAX_LIST: usize = 10_000;

/// Digests whose last put is remembered; beyond this, those that are older than [`LONG_AGO`] are forgotten.
const MAX_FRESH: usize = 10_000;
/// No longer `quiet` than this is asked for.
const LONG_AGO: Duration = Duration::from_secs(6 * 60 * 60);

/// Large payloads as files of one folder.
#[derive(Debug, Clone)]
pub struct FileBlobs {
    folder: Arc<Path>,
    fresh: Arc<Fresh>,
}

/// What was put and not named yet by this process, which is the only one that uses the folder: what a process that died had
/// put and not named will never be named.
#[derive(Debug, Default)]
struct Fresh(Mutex<HashMap<String, Mark>>);

#[derive(Debug, Clone, Copy)]
struct Mark {
    /// How often it was put and not named.
    open: u32,
    /// When it was put last.
    at: Instant,
}

impl Fresh {
    /// Marks a digest before its file is looked for.
    fn mark(&self, digest: &str) {
        let mut marks = self.lock();
        if marks.len() >= MAX_FRESH {
            marks.retain(|_, mark| mark.at.elapsed() < LONG_AGO);
        }
        let mark = marks.entry(digest.to_owned()).or_insert(Mark { open: 0, at: Instant::now() });
        *mark = Mark { open: mark.open.saturating_add(1), at: Instant::now() };
    }
    /// While this is held nobody can mark.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Mark>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FileBlobs {
    /// Uses a folder, which it creates (mode 0700). No other process may use it: drafts that a crash left behind are
    /// removed.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open(folder: &Path) -> Result<Self, PortError> {
        let drafts = folder.join("tmp");
        match fs::remove_dir_all(&drafts) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                return Err(PortError::io(format!("cannot empty {}", drafts.display()), error));
            }
        }
        create_folder(&drafts)?;
        sync_folder(folder)?;
        Ok(Self { folder: folder.into(), fresh: Arc::default() })
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> Result<T, PortError> + Send + 'static,
    ) -> Result<T, PortError> {
        let folder = Arc::clone(&self.folder);
        tokio::task::spawn_blocking(move || work(&folder))
            .await
            .map_err(|error| PortError::transient("the work on a blob was broken off").because(error))?
    }
}

#[async_trait]
impl Blobs for FileBlobs {
    async fn put(&self, bytes: Bytes) -> Result<BlobRef, PortError> {
        bounded(&bytes)?;
        let fresh = Arc::clone(&self.fresh);
        self.blocking(move |folder| {
            let digest = digest_of(&bytes);
            fresh.mark(&digest);
            put(folder, digest, &bytes)
        })
        .await
    }
    async fn get(&self, digest: &str) -> Result<Bytes, PortError> {
        let digest = checked(digest)?;
        self.blocking(move |folder| match fs::read(place(folder, &digest)) {
            Ok(bytes) => Ok(Bytes::from(bytes)),
            Err(error) => Err(PortError::io(format!("there is no blob {digest}"), error)),
        })
        .await
    }
    fn named(&self, digests: &[String]) {
        let mut marks = self.fresh.lock();
        for digest in digests {
            match marks.get_mut(digest) {
                Some(mark) if mark.open > 1 => mark.open -= 1,
                Some(_) => drop(marks.remove(digest)),
                None => {}
            }
        }
    }
    async fn remove(&self, digest: &str, quiet: Duration) -> Result<bool, PortError> {
        let digest = checked(digest)?;
        let fresh = Arc::clone(&self.fresh);
        self.blocking(move |folder| {
            let mut marks = fresh.lock();
            if marks.get(&digest).is_some_and(|mark| mark.at.elapsed() < quiet) {
                return Ok(false);
            }
            match fs::remove_file(place(folder, &digest)) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(PortError::io(format!("cannot remove the blob {digest}"), error)),
            }
            marks.remove(&digest);
            Ok(true)
        })
        .await
    }
    async fn list(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, PortError> {
        let after = after.map(checked).transpose()?.unwrap_or_default();
        self.blocking(move |folder| list(folder, &after, limit.min(MAX_LIST))).await
    }
}

/// Refuses what is too large.
pub(crate) fn bounded(bytes: &[u8]) -> Result<(), PortError> {
    if bytes.len() <= MAX_BLOB {
        return Ok(());
    }
    Err(PortError::full(format!("a blob of {} bytes is too large; {MAX_BLOB} are allowed", bytes.len())))
}

/// A digest in the only form that may become a path or a key.
pub(crate) fn checked(digest: &str) -> Result<String, PortError> {
    if digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
        return Ok(digest.to_owned());
    }
    Err(PortError::permanent("a blob's digest has 64 lowercase hexadecimal digits"))
}

/// The file of a digest that was checked.
fn place(folder: &Path, digest: &str) -> PathBuf {
    let (prefix, rest) = digest.split_at_checked(2).unwrap_or(("", digest));
    folder.join(prefix).join(rest)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
        text
    })
}

/// SHA-256, hexadecimal.
pub(crate) fn digest_of(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn put(folder: &Path, digest: String, bytes: &[u8]) -> Result<BlobRef, PortError> {
    let failed = |error| PortError::io(format!("cannot keep the blob {digest}"), error);
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let target = place(folder, &digest);
    let parent = target.parent().unwrap_or(folder);
    let there = fs::metadata(&target).is_ok_and(|kept| kept.len() == size);
    if !there {
        create_folder(parent)?;
        let draft = Draft::write(folder, bytes).map_err(failed)?;
        fail_point::reach("store.blob.before");
        draft.keep_as(&target).map_err(failed)?;
        fail_point::reach("store.blob.after");
    }
    // Also when the file was there: whoever put it may not have come this far yet.
    sync_folder(parent)?;
    sync_folder(folder)?;
    Ok(BlobRef { digest, size })
}

/// A synced file under a name of its own; removed unless it is kept.
struct Draft {
    path: PathBuf,
}

impl Draft {
    fn write(folder: &Path, bytes: &[u8]) -> std::io::Result<Self> {
        let mut name = [0; 16];
        getrandom::fill(&mut name).map_err(|_| ErrorKind::Other)?;
        let draft = Self { path: folder.join("tmp").join(hexadecimal(&name)) };
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft.path)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        Ok(draft)
    }
    fn keep_as(self, target: &Path) -> std::io::Result<()> {
        fs::rename(&self.path, target)
        // Dropping it then finds nothing to remove.
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path)
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!(%error, path = %self.path.display(), "a blob's draft stays behind");
        }
    }
}

fn sync_folder(folder: &Path) -> Result<(), PortError> {
    File::open(folder)
        .and_then(|open| open.sync_all())
        .map_err(|error| PortError::io(format!("cannot sync the folder {}", folder.display()), error))
}

fn list(folder: &Path, after: &str, limit: usize) -> Result<Vec<String>, PortError> {
    let mut found = Vec::new();
    for first in 0..=u8::MAX {
        let prefix = hexadecimal(&[first]);
        if after.get(..2).is_some_and(|begin| prefix.as_str() < begin) {
            continue;
        }
        if found.len() >= limit {
            break;
        }
        let mut digests = digests_in(&folder.join(&prefix), &prefix)?;
        digests.retain(|digest| digest.as_str() > after);
        digests.sort_unstable();
        found.extend(digests);
    }
    found.truncate(limit);
    Ok(found)
}

fn digests_in(folder: &Path, prefix: &str) -> Result<Vec<String>, PortError> {
    let failed = |error| PortError::io(format!("cannot read the folder {}", folder.display()), error);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut digests = Vec::new();
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        if let Some(rest) = name.to_str()
            && let Ok(digest) = checked(&format!("{prefix}{rest}"))
        {
            digests.push(digest);
        }
    }
    Ok(digests)
}

#[cfg(test)]
mod tests {
    use super::*;
    use telecoder_model::ErrorClass;

    const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

    #[tokio::test]
    async fn bytes_come_back_under_their_digest() {
        let root = tempfile::tempdir().unwrap();
        let blobs = FileBlobs::open(&root.path().join("blobs")).unwrap();
        let kept = blobs.put(Bytes::from_static(b"hello")).await.unwrap();
        assert_eq!((kept.digest.as_str(), kept.size), (HELLO, 5));
        assert_eq!(blobs.put(Bytes::from_static(b"hello")).await.unwrap(), kept);
        assert_eq!(blobs.get(HELLO).await.unwrap(), "hello");
        for _ in 0..2 {
            assert!(!blobs.remove(HELLO, LONG_AGO).await.unwrap());
            blobs.named(&[HELLO.to_owned()]);
        }
        assert!(blobs.remove(HELLO, LONG_AGO).await.unwrap());
        assert_eq!(blobs.get(HELLO).await.unwrap_err().class, ErrorClass::NotFound);
        let drafts = fs::read_dir(root.path().join("blobs/tmp")).unwrap().count();
        assert_eq!(drafts, 0);
    }

    #[tokio::test]
    async fn a_file_cut_short_by_a_crash_is_written_again() {
        let root = tempfile::tempdir().unwrap();
        let blobs = FileBlobs::open(root.path()).unwrap();
        create_folder(&root.path().join("2c")).unwrap();
        fs::write(place(root.path(), HELLO), "he").unwrap();
        fs::write(root.path().join("tmp/draft"), "he").unwrap();
        blobs.put(Bytes::from_static(b"hello")).await.unwrap();
        assert_eq!(blobs.get(HELLO).await.unwrap(), "hello");
        let again = FileBlobs::open(root.path()).unwrap();
        assert_eq!(fs::read_dir(root.path().join("tmp")).unwrap().count(), 0);
        assert_eq!(again.get(HELLO).await.unwrap(), "hello");
    }

    #[tokio::test]
    async fn only_digests_become_paths() {
        let root = tempfile::tempdir().unwrap();
        let blobs = FileBlobs::open(&root.path().join("blobs")).unwrap();
        fs::write(root.path().join("secret"), "x").unwrap();
        let upper = HELLO.to_uppercase();
        for bad in ["", "..", "../secret", "../../../../etc/passwd", &upper, &HELLO[1..], "2c/f2"] {
            let error = blobs.get(bad).await.unwrap_err();
            assert_eq!(error.class, ErrorClass::Permanent, "{bad}");
            assert!(
                blobs.remove(bad, LONG_AGO).await.is_err() && blobs.list(Some(bad), 1).await.is_err(),
                "{bad}"
            );
        }
    }

    #[tokio::test]
    async fn digests_are_listed_in_pages() {
        let root = tempfile::tempdir().unwrap();
        let blobs = FileBlobs::open(root.path()).unwrap();
        let mut all = Vec::new();
        for n in 0..40u8 {
            all.push(blobs.put(Bytes::from(vec![n])).await.unwrap().digest);
        }
        all.sort_unstable();
        fs::write(root.path().join("2c-stray"), "x").unwrap();
        let mut seen: Vec<String> = Vec::new();
        loop {
            let page = blobs.list(seen.last().map(String::as_str), 7).await.unwrap();
            assert!(page.len() <= 7);
            if page.is_empty() {
                break;
            }
            seen.extend(page);
        }
        assert_eq!(seen, all);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_same_bytes_from_many_writers_are_whole_for_every_reader() {
        let root = tempfile::tempdir().unwrap();
        let blobs = FileBlobs::open(root.path()).unwrap();
        let bytes = Bytes::from(vec![7; 300_000]);
        let tasks: Vec<_> = (0..16)
            .map(|_| {
                let (blobs, bytes) = (blobs.clone(), bytes.clone());
                tokio::spawn(async move {
                    let kept = blobs.put(bytes.clone()).await.unwrap();
                    assert_eq!(blobs.get(&kept.digest).await.unwrap(), bytes);
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    }
}
