//! The blobs' conformance suite on `PostgreSQL` (dev layer).

use super::{fresh, open};
use bytes::Bytes;
use std::sync::Arc;
use telecoder_model::port::blobs::Blobs;
use telecoder_store::PostgresOptions;
use telecoder_testkit::conformance::Subject;

async fn make() -> Subject<dyn Blobs> {
    let (postgres, database) = fresh(PostgresOptions::default()).await;
    Subject::with(Arc::new(postgres.blobs), (postgres.store, database))
}

telecoder_testkit::blobs_conformance!(make);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_server_puts_another_reads_whatever_its_size() {
    let (first, database) = fresh(PostgresOptions::default()).await;
    let second = open(&database, PostgresOptions::default()).await;
    for size in [0, 1, (4 << 20) - 1, 4 << 20, (4 << 20) + 1, 17 << 20] {
        let bytes: Bytes = (0..size).map(|n| u8::try_from(n % 251).unwrap()).collect::<Vec<u8>>().into();
        let kept = first.blobs.put(bytes.clone()).await.unwrap();
        assert_eq!(second.blobs.get(&kept.digest).await.unwrap(), bytes, "{size}");
    }
}
