//! A backup from a server at work (layer 3): the database as it is at one moment, and what its sessions name, shared with the data
//! folder where the file system allows until it is sent.

use crate::archive::{self, FORMAT, Manifest};
use crate::storage::DATABASE;
use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use telecoder_engine::BackupSource;
use telecoder_model::PortError;
use telecoder_model::port::clock::Clock;
use telecoder_model::port::upkeep::Upkeep;
use telecoder_store::copy_database;
use tokio::sync::{Mutex, OwnedMutexGuard, mpsc};

/// The folder below the data folder in which a backup is put together.
pub(crate) const STAGE: &str = ".backup";
/// Bytes of one piece of the stream.
const PIECE: usize = 256 * 1024;
/// Pieces that wait for a slow reader.
const WAITING: usize = 4;

/// Where backups are taken from; one at a time.
#[derive(Debug)]
pub(crate) struct Backup {
    data: PathBuf,
    upkeep: Arc<dyn Upkeep>,
    clock: Arc<dyn Clock>,
    under_way: Arc<Mutex<()>>,
}

impl Backup {
    pub(crate) fn new(data: PathBuf, upkeep: Arc<dyn Upkeep>, clock: Arc<dyn Clock>) -> Self {
        Self { data, upkeep, clock, under_way: Arc::default() }
    }
}

/// The folder in which a backup is put together; it goes when this is dropped, and the next one may begin.
struct Stage {
    path: PathBuf,
    _under_way: OwnedMutexGuard<()>,
}

impl Stage {
    fn make(data: &Path, under_way: OwnedMutexGuard<()>) -> Result<Self, PortError> {
        let path = data.join(STAGE);
        // One that could not be removed is in nobody's use.
        drop(fs::remove_dir_all(&path));
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(|error| PortError::io(format!("cannot make {}", path.display()), error))?;
        Ok(Self { path, _under_way: under_way })
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "what is left of a backup cannot be removed");
        }
    }
}

#[async_trait]
impl BackupSource for Backup {
    async fn stage(&self) -> Result<BoxStream<'static, Result<Bytes, PortError>>, PortError> {
        let under_way = Arc::clone(&self.under_way).try_lock_owned().map_err(|_| {
            PortError::conflict("another backup is under way")
                .remedy("Wait for its end; one is taken at a time.")
        })?;
        let stage = Stage::make(&self.data, under_way)?;
        // The database first: whatever it names then is there, and stays while this goes on.
        copy_database(&self.data.join(DATABASE), &stage.path.join(DATABASE)).await?;
        let (from, to) = (self.data.join("blobs"), stage.path.join("blobs"));
        let copied = tokio::task::spawn_blocking(move || copy_blobs(&from, &to));
        copied
            .await
            .map_err(|error| PortError::transient("the copy was broken off").because(error))?
            .map_err(|error| PortError::io("cannot copy the blobs", error))?;
        self.upkeep.copy(&stage.path).await?;
        let manifest = Manifest {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            created_at: self.clock.now().to_string(),
        };
        Ok(send(stage, manifest))
    }
}

/// Whole blobs only, which never change: further names of the same files.
fn copy_blobs(from: &Path, to: &Path) -> io::Result<()> {
    for prefix in fs::read_dir(from)? {
        let prefix = prefix?;
        if prefix.file_name() == "tmp" || !prefix.file_type()?.is_dir() {
            continue;
        }
        let target = to.join(prefix.file_name());
        fs::create_dir_all(&target)?;
        for blob in fs::read_dir(prefix.path())? {
            let blob = blob?;
            let target = target.join(blob.file_name());
            if fs::hard_link(blob.path(), &target).is_err() {
                fs::copy(blob.path(), &target)?;
            }
        }
    }
    Ok(())
}

fn send(stage: Stage, manifest: Manifest) -> BoxStream<'static, Result<Bytes, PortError>> {
    let (pieces, receiver) = mpsc::channel(WAITING);
    tokio::task::spawn_blocking(move || {
        let mut out = Pieces { pieces: pieces.clone(), buffer: Vec::with_capacity(PIECE) };
        let written = archive::write(&stage.path, &manifest, &mut out);
        drop(stage);
        if let Err(error) = written {
            // One who went away wants to know nothing.
            drop(pieces.blocking_send(Err(PortError::io("the backup broke off", error))));
        }
    });
    futures::stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) })
        .boxed()
}

/// Writes into a channel, in pieces.
struct Pieces {
    pieces: mpsc::Sender<Result<Bytes, PortError>>,
    buffer: Vec<u8>,
}

impl Pieces {
    fn pass_on(&mut self) -> io::Result<()> {
        let piece = Bytes::from(std::mem::replace(&mut self.buffer, Vec::with_capacity(PIECE)));
        self.pieces.blocking_send(Ok(piece)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PIECE {
            self.pass_on()?;
        }
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() { Ok(()) } else { self.pass_on() }
    }
}
