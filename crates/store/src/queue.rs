//! The way to a writer (layer 1): what arrives while one group is being made durable is the next group; there is no timer.
//!
//! Invariants: every item that was accepted is handed to the writer exactly once; the queue is bounded in items and in
//! bytes, and a full queue makes writers wait; closing it lets what was accepted be done first.

use crate::failure::closed;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use telecoder_model::PortError;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

/// Items that may wait.
const QUEUE: usize = 1024;
/// KiB of items that may wait.
const BUDGET: u32 = 256 << 10;
/// Items that one group holds at most.
const GROUP: usize = 256;

/// What a caller learns.
pub(crate) type Reply<A> = oneshot::Sender<Result<A, PortError>>;

/// The way to a writer of items.
pub(crate) struct Queue<T> {
    entries: mpsc::Sender<Entry<T>>,
    budget: Semaphore,
    task: Mutex<Option<JoinHandle<()>>>,
}

enum Entry<T> {
    Item(T),
    Close,
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

/// The writer's end.
pub(crate) struct Groups<T>(mpsc::Receiver<Entry<T>>);

impl<T> Groups<T> {
    /// The next group; `None` once the queue is closed and empty.
    pub(crate) async fn next(&mut self) -> Option<Vec<T>> {
        let mut batch = Vec::with_capacity(GROUP);
        if self.0.recv_many(&mut batch, GROUP).await == 0 {
            return None;
        }
        let mut group = Vec::with_capacity(batch.len());
        for entry in batch {
            match entry {
                Entry::Item(item) => group.push(item),
                // What is in the queue already is still done.
                Entry::Close => self.0.close(),
            }
        }
        Some(group)
    }
}

impl<T: Send + 'static> Queue<T> {
    /// Starts a writer, which ends when it is given no more groups.
    pub(crate) fn start<F>(writer: impl FnOnce(Groups<T>) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (entries, receiver) = mpsc::channel(QUEUE);
        Self {
            entries,
            budget: Semaphore::new(usize::try_from(BUDGET).unwrap_or(usize::MAX)),
            task: Mutex::new(Some(tokio::spawn(writer(Groups(receiver))))),
        }
    }
    /// Hands an item of about `bytes` over and waits until it is durable.
    pub(crate) async fn apply<A>(
        &self,
        bytes: usize,
        item: impl FnOnce(Reply<A>) -> T,
    ) -> Result<A, PortError> {
        let weight = u32::try_from(bytes / 1024).unwrap_or(u32::MAX).clamp(1, BUDGET);
        // Held until the answer is there. Who waits here holds nothing else.
        let _share = self.budget.acquire_many(weight).await.map_err(|_| closed())?;
        let (reply, answer) = oneshot::channel();
        self.entries.send(Entry::Item(item(reply))).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }
    /// Finishes what was accepted and waits for the writer's end.
    pub(crate) async fn close(&self) -> Result<(), PortError> {
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(task) = task else { return Ok(()) };
        // If the writer is gone already, there is nothing to tell it.
        let told = self.entries.send(Entry::Close).await;
        drop(told);
        task.await.map_err(|error| PortError::permanent("the store's writer ended badly").because(error))
    }
}
