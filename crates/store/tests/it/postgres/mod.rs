//! The store, the bus and the blobs on `PostgreSQL` (dev layer): the ports' conformance suites, and what only it can show.
#![cfg(feature = "postgres")]

mod blobs;
mod bus;
mod hosts;
mod opening;
mod order;
mod store;

use telecoder_store::{Postgres, PostgresOptions};
use telecoder_testkit::postgres::Database;

/// Everything in an empty database of its own.
async fn fresh(options: PostgresOptions) -> (Postgres, Database) {
    let database = Database::new();
    let postgres = open(&database, options).await;
    (postgres, database)
}

async fn open(database: &Database, options: PostgresOptions) -> Postgres {
    Postgres::open(&database.url().parse().unwrap(), options).await.unwrap()
}
