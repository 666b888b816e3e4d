//! The one writer of the database (layer 1), which commits in groups.
//!
//! What arrives while one group is being made durable is the next group; there is no timer.
//!
//! Invariants: a change is applied at most once; every change that was accepted gets exactly one answer; the queue is
//! bounded in changes and in bytes, and a full queue makes writers wait.

use super::group::{Change, Item, Waiting, commit_all};
use super::log::Log;
use crate::lock::DataDirLock;
use sqlx::{Connection, SqliteConnection};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use telecoder_model::PortError;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

/// Changes that may wait.
const QUEUE: usize = 1024;
/// KiB of changes that may wait.
const BUDGET: u32 = 256 << 10;
/// Changes that one transaction holds at most.
const GROUP: usize = 256;

/// The way to the writer.
#[derive(Debug)]
pub(super) struct Writer {
    queue: mpsc::Sender<Entry>,
    budget: Semaphore,
    task: Mutex<Option<JoinHandle<()>>>,
}

enum Entry {
    Change(Box<dyn Item>),
    Close,
}

impl Writer {
    /// Starts the writer on its connection to a database; it keeps the lock until the connection is closed.
    pub(super) fn start(
        connection: SqliteConnection,
        database: &Path,
        lock: Option<Arc<DataDirLock>>,
    ) -> Self {
        let (queue, entries) = mpsc::channel(QUEUE);
        let log = Log::of(database);
        let task = tokio::spawn(async move {
            run(connection, entries, log).await;
            drop(lock);
        });
        Self {
            queue,
            budget: Semaphore::new(usize::try_from(BUDGET).unwrap_or(usize::MAX)),
            task: Mutex::new(Some(task)),
        }
    }
    /// Hands a change over and waits until it is durable.
    pub(super) async fn apply<C: Change>(&self, change: C) -> Result<C::Answer, PortError> {
        let weight = u32::try_from(change.bytes() / 1024).unwrap_or(u32::MAX).clamp(1, BUDGET);
        // Held until the answer is there. Who waits here holds nothing else.
        let _share = self.budget.acquire_many(weight).await.map_err(|_| closed())?;
        let (reply, answer) = oneshot::channel();
        let item = Box::new(Waiting::new(change, reply));
        self.queue.send(Entry::Change(item)).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }
    /// Finishes what was accepted and closes the connection.
    pub(super) async fn close(&self) -> Result<(), PortError> {
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(task) = task else { return Ok(()) };
        // If the writer is gone already, there is nothing to tell it.
        let told = self.queue.send(Entry::Close).await;
        drop(told);
        task.await.map_err(|error| PortError::permanent("the store's writer ended badly").because(error))
    }
}

/// Says that the writer is gone.
pub(super) fn closed() -> PortError {
    PortError::permanent("the store is closed")
}

async fn run(mut connection: SqliteConnection, mut entries: mpsc::Receiver<Entry>, mut log: Log) {
    let mut batch = Vec::with_capacity(GROUP);
    while entries.recv_many(&mut batch, GROUP).await > 0 {
        let mut group = Vec::with_capacity(batch.len());
        for entry in batch.drain(..) {
            match entry {
                Entry::Change(item) => group.push(item),
                // What is in the queue already is still done.
                Entry::Close => entries.close(),
            }
        }
        commit_all(&mut connection, group).await;
        log.bound(&mut connection).await;
    }
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "the database did not close cleanly");
    }
}
