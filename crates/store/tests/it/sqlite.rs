//! The store's conformance suite on `SQLite` (dev layer).

use std::sync::Arc;
use telecoder_model::port::store::Store;
use telecoder_store::{SqliteOptions, SqliteStore};
use telecoder_testkit::conformance::Subject;

async fn make() -> Subject<dyn Store> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/telecoder.db");
    let store = SqliteStore::open(&path, SqliteOptions::default()).await.unwrap();
    Subject::with(Arc::new(store), folder)
}

telecoder_testkit::store_conformance!(make);
