//! The store's conformance suite on `SQLite` (dev layer).

use crate::conformance::store::Subject;
use std::sync::Arc;
use telecoder_store::{SqliteOptions, SqliteStore};

async fn make() -> Subject {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/telecoder.db");
    let store = SqliteStore::open(&path, SqliteOptions::default()).await.unwrap();
    Subject { store: Arc::new(store), keep: Box::new(folder) }
}

store_conformance!(make);
