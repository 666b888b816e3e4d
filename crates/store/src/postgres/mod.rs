//! The store, the bus and the blobs on `PostgreSQL` (layer 1), for several servers on one database.
//!
//! Invariants: the database's clock alone decides who is dead and what is due; a session whose workspace lies in the data
//! folder of one host is worked on by that host only; events get their global numbers in the order of their commits; whatever
//! waits for the database waits a bounded time, and so does the database for a server that has gone silent.

mod access;
mod blobs;
mod bus;
mod end;
mod failure;
mod group;
mod job;
mod link;
mod lock;
mod migrate;
mod open;
mod overview;
mod pull;
mod row;
mod run;
mod session;
mod sign_in;
mod write;

pub use blobs::PostgresBlobs;
pub use bus::PostgresBus;

use crate::lock::DataDirLock;
use crate::queue::Queue;
use group::Waiting;
use link::Link;
use sqlx::postgres::PgConnectOptions;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use telecoder_model::PortError;
use telecoder_model::id::{HostId, InstanceId};

/// How to use a database.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// The data folder of this server, in which workspaces and sandboxes lie; without it no session is bound to a host.
    pub host: Option<HostId>,
    /// Proof that no other server uses that folder: with it, jobs of its earlier servers are adopted at once.
    pub lock: Option<Arc<DataDirLock>>,
    /// Silence after which a host counts as gone for good (24 h): its sessions are then taken over, to end.
    pub host_gone: Duration,
    /// Connections that commit at the same time, 1 to 64 (2).
    pub writers: u32,
    /// Connections for everything else, 2 to 64 (6).
    pub readers: u32,
    /// How long the database may take to answer (15 s).
    pub patience: Duration,
    /// How long a server may be silent within a transaction before the database gives the transaction up (5 s).
    pub idle_in_transaction: Duration,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            host: None,
            lock: None,
            host_gone: Duration::from_secs(24 * 60 * 60),
            writers: 2,
            readers: 6,
            patience: Duration::from_secs(15),
            idle_in_transaction: Duration::from_secs(5),
        }
    }
}

/// The address of a database. Never shown but for [`DatabaseUrl::place`].
#[derive(Clone)]
pub struct DatabaseUrl {
    options: Arc<PgConnectOptions>,
    place: String,
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("DatabaseUrl").field(&self.place).finish()
    }
}

/// Everything that is kept in one database.
#[derive(Debug, Clone)]
pub struct Postgres {
    /// The store.
    pub store: PostgresStore,
    /// The bus.
    pub bus: PostgresBus,
    /// The blobs.
    pub blobs: PostgresBlobs,
}

/// The store on `PostgreSQL`. Cloning gives another handle of the same store.
#[derive(Debug, Clone)]
pub struct PostgresStore {
    link: Link,
    writers: Arc<[Queue<Waiting>]>,
    host: Option<HostId>,
    /// Held as long as the store is, because its presence is the proof that earlier servers are dead.
    lock: Option<Arc<DataDirLock>>,
    host_gone: Duration,
    /// The servers of this very process.
    living: Arc<Mutex<BTreeSet<InstanceId>>>,
}

impl Postgres {
    /// Connects to a database and brings its tables up to this version.
    ///
    /// # Errors
    /// With a remedy: if it cannot be reached, refuses the user, is of another program, or of a newer version.
    pub async fn open(url: &DatabaseUrl, options: PostgresOptions) -> Result<Self, PortError> {
        let pools = open::open(url, &options).await?;
        let writers = (0..options.writers.clamp(1, 64))
            .map(|_| {
                let (link, host) = (pools.writers.clone(), options.host.clone());
                Queue::start(|groups| group::run(link, host, groups))
            })
            .collect();
        let store = PostgresStore {
            link: pools.readers.clone(),
            writers,
            host: options.host,
            lock: options.lock,
            host_gone: options.host_gone,
            living: Arc::default(),
        };
        let bus = PostgresBus::start(pools.bus);
        Ok(Self { store, bus, blobs: PostgresBlobs::new(pools.readers) })
    }

    /// Finishes what was accepted and closes the connections. Whatever comes later fails.
    ///
    /// # Errors
    /// If a writer ended badly.
    pub async fn close(&self) -> Result<(), PortError> {
        self.bus.close().await;
        for writer in self.store.writers.iter() {
            writer.close().await?;
        }
        self.store.link.close().await;
        Ok(())
    }
}
