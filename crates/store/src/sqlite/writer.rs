//! The one writer of the database (layer 1), which commits in groups.
//!
//! Invariant: a change is applied at most once; every change that was accepted gets exactly one answer.

use super::group::{Change, Item, Waiting, commit_all};
use super::log::Log;
use crate::lock::DataDirLock;
use crate::queue::{Groups, Queue};
use sqlx::{Connection, SqliteConnection};
use std::path::Path;
use std::sync::Arc;
use telecoder_model::PortError;

/// The way to the writer.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Queue<Box<dyn Item>>,
}

impl Writer {
    /// Starts the writer on its connection to a database; it keeps the lock until the connection is closed.
    pub(super) fn start(
        connection: SqliteConnection,
        database: &Path,
        lock: Option<Arc<DataDirLock>>,
    ) -> Self {
        let log = Log::of(database);
        let queue = Queue::start(|groups| async move {
            run(connection, groups, log).await;
            drop(lock);
        });
        Self { queue }
    }
    /// Hands a change over and waits until it is durable.
    pub(super) async fn apply<C: Change>(&self, change: C) -> Result<C::Answer, PortError> {
        let bytes = change.bytes();
        self.queue.apply(bytes, |reply| Box::new(Waiting::new(change, reply)) as Box<dyn Item>).await
    }
    /// Finishes what was accepted and closes the connection.
    pub(super) async fn close(&self) -> Result<(), PortError> {
        self.queue.close().await
    }
}

async fn run(mut connection: SqliteConnection, mut groups: Groups<Box<dyn Item>>, mut log: Log) {
    while let Some(group) = groups.next().await {
        commit_all(&mut connection, group).await;
        log.bound(&mut connection).await;
    }
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "the database did not close cleanly");
    }
}
