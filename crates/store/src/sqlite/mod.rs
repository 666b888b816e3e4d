//! The store on `SQLite` (layer 1): one file, one writer that commits in groups, several readers.
//!
//! Invariants: write-ahead log with `synchronous=FULL`, so that what was acknowledged survives a loss of power; a reader
//! sees every change that was acknowledged before it began; every statement that reads a list uses an index.

mod access;
mod commit;
mod copy;
mod create;
mod end;
mod failure;
mod group;
mod job;
mod log;
mod migrate;
mod open;
mod overview;
#[cfg(test)]
mod plan;
mod pull;
mod row;
mod run;
mod session;
mod sign_in;
mod write;
mod writer;

pub use copy::copy_database;

use crate::clock::SystemClock;
use crate::lock::DataDirLock;
use failure::sql;
use sqlx::SqlitePool;
use sqlx::pool::PoolConnection;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use telecoder_model::PortError;
use telecoder_model::id::InstanceId;
use telecoder_model::port::clock::Clock;
use telecoder_model::time::Timestamp;
use writer::Writer;

/// How to open a store.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// Proof that no other server uses the data folder: with it, jobs of earlier servers are adopted at once.
    pub lock: Option<Arc<DataDirLock>>,
    /// The store's own clock.
    pub clock: Arc<dyn Clock>,
    /// Connections that read at the same time, 1 to 64.
    pub readers: u32,
    /// The most bytes that the database file may take; beyond it every write fails with class `Full`.
    pub max_bytes: Option<u64>,
    /// How long to wait for another process that writes.
    pub busy_timeout: Duration,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            lock: None,
            clock: Arc::new(SystemClock::new()),
            readers: 4,
            max_bytes: None,
            busy_timeout: Duration::from_secs(5),
        }
    }
}

/// The store on one `SQLite` file. Cloning gives another handle of the same store.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    writer: Arc<Writer>,
    readers: SqlitePool,
    clock: Arc<dyn Clock>,
    servers: Servers,
}

/// What this process knows about servers without asking a wall clock: when each last gave a sign of life here.
#[derive(Debug, Clone)]
struct Servers {
    /// Held as long as the store is, because its presence is the proof that earlier servers are dead.
    lock: Option<Arc<DataDirLock>>,
    /// By the monotonic clock.
    seen: Arc<Mutex<HashMap<InstanceId, Duration>>>,
}

impl SqliteStore {
    /// Opens a store and creates it where there is none (file 0600, folder 0700).
    ///
    /// # Errors
    /// Class `Permanent` with a remedy if the file is damaged, of another program, or of a newer version.
    pub async fn open(path: &Path, options: SqliteOptions) -> Result<Self, PortError> {
        let (connection, readers) = open::open(path, &options).await?;
        Ok(Self {
            writer: Arc::new(Writer::start(connection, path, options.lock.clone())),
            readers,
            clock: options.clock,
            servers: Servers { lock: options.lock, seen: Arc::new(Mutex::new(HashMap::new())) },
        })
    }

    /// Finishes what was accepted and closes the file. Whatever comes later fails.
    ///
    /// # Errors
    /// If the writer ended badly.
    pub async fn close(&self) -> Result<(), PortError> {
        self.readers.close().await;
        self.writer.close().await
    }

    /// Looks for damage in the whole file; gives what was found, at most 100 lines, nothing if it is sound.
    /// It takes as long as reading the file.
    ///
    /// # Errors
    /// If the file cannot be read at all.
    pub async fn damage(&self) -> Result<Vec<String>, PortError> {
        let lines: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(100)")
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot check the database"))?;
        Ok(lines.into_iter().filter(|line| line != "ok").collect())
    }

    async fn reader(&self) -> Result<PoolConnection<sqlx::Sqlite>, PortError> {
        self.readers.acquire().await.map_err(sql("cannot read the database"))
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
