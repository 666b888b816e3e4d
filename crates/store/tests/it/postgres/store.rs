//! The store's conformance suite on `PostgreSQL` (dev layer).

use super::fresh;
use std::sync::Arc;
use telecoder_model::port::store::Store;
use telecoder_store::PostgresOptions;
use telecoder_testkit::conformance::Subject;

async fn make() -> Subject<dyn Store> {
    let (postgres, database) = fresh(PostgresOptions::default()).await;
    Subject::with(Arc::new(postgres.store), (postgres.bus, database))
}

telecoder_testkit::store_conformance!(make);
