//! Layer 1: what TeleCoder keeps, and the small adapters of this process: the store on SQLite, blobs in a folder, the
//! bus within one process, the system's clock and randomness.
//!
//! Invariants: nothing here knows the engine or another adapter; only `clock` asks the system for the time; a value that
//! was acknowledged is durable.

mod blobs;
mod bus;
mod clock;
mod document;
mod ends;
mod failure;
mod ids;
mod ledger;
mod list;
mod lock;
mod page;
#[cfg(feature = "postgres")]
mod postgres;
mod prepared;
mod pull;
mod queue;
mod refusal;
mod row;
mod sqlite;

pub use blobs::FileBlobs;
pub use bus::LocalBus;
pub use clock::SystemClock;
pub use ids::SystemIds;
pub use lock::DataDirLock;
#[cfg(feature = "postgres")]
pub use postgres::{DatabaseUrl, Postgres, PostgresBlobs, PostgresBus, PostgresOptions, PostgresStore};
pub use sqlite::{SqliteOptions, SqliteStore, copy_database};
