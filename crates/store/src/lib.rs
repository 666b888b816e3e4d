//! Layer 1: what TeleCoder keeps, and the small adapters of this process: the store on SQLite, blobs in a folder, the
//! bus within one process, the system's clock and randomness.
//!
//! Invariants: nothing here knows the engine or another adapter; only `clock` asks the system for the time; a value that
//! was acknowledged is durable.

mod blobs;
mod bus;
mod clock;
mod document;
mod failure;
mod ids;
mod ledger;
mod list;
mod lock;
mod page;
mod prepared;
mod pull;
mod queue;
mod row;
mod sqlite;

pub use blobs::FileBlobs;
pub use bus::LocalBus;
pub use clock::SystemClock;
pub use ids::SystemIds;
pub use lock::DataDirLock;
pub use sqlite::{SqliteOptions, SqliteStore};
