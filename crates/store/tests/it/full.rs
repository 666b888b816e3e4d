//! No room (dev layer): the database's own limit gives the same result code as a full disk.

use std::path::Path;
use std::sync::Arc;
use telecoder_model::ErrorClass;
use telecoder_model::port::store::{RunStore, SessionStore, Store, Write};
use telecoder_store::{SqliteOptions, SqliteStore};
use telecoder_testkit::conformance::store::fixture::{add, id, says, session, writes};

async fn open(path: &Path, max_bytes: u64) -> SqliteStore {
    let options = SqliteOptions { max_bytes: Some(max_bytes), ..SqliteOptions::default() };
    SqliteStore::open(path, options).await.unwrap()
}

/// A commit that cannot fit fails with class `Full`; its neighbours of the same group are kept, reads go on, and with
/// more room writes go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_database_refuses_what_does_not_fit_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let store = open(&path, 1 << 20).await;
    let port: Arc<dyn Store> = Arc::new(store.clone());
    for n in 0..4 {
        add(&port, session(n)).await;
    }
    let large = serde_json::Value::String("x".repeat(2 << 20));
    let tasks: Vec<_> = (0..80)
        .map(|i| {
            let port = Arc::clone(&port);
            let n = i % 4;
            let mut commit = says(n, &["small"]);
            if i % 4 == 0 {
                commit = writes(n, vec![Write::Run(large.clone())]);
            }
            tokio::spawn(async move { (i, port.commit(commit).await) })
        })
        .collect();
    for task in tasks {
        let (i, outcome) = task.await.unwrap();
        match outcome {
            Ok(_) => assert_ne!(i % 4, 0),
            Err(error) => {
                assert_eq!((i % 4, error.class), (0, ErrorClass::Full), "{}", error.chain());
                assert!(error.remedy.unwrap().contains("space"));
            }
        }
    }
    for n in 0..4 {
        let kept = if n == 0 { 0 } else { 20 };
        assert_eq!(store.events(&id(n), 0, 1000).await.unwrap().len(), kept);
    }
    assert_eq!(store.run(&id(0)).await.unwrap(), None);
    store.close().await.unwrap();

    let roomier = open(&path, 16 << 20).await;
    roomier.commit(writes(0, vec![Write::Run(large.clone())])).await.unwrap();
    assert_eq!(roomier.run(&id(0)).await.unwrap(), Some(large));
    assert_eq!(roomier.damage().await.unwrap(), Vec::<String>::new());
}

/// Written to the brim: what was acknowledged is there, dense; what was refused is not.
#[tokio::test]
async fn the_log_stays_dense_to_the_brim() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let store = open(&path, 512 << 10).await;
    let port: Arc<dyn Store> = Arc::new(store.clone());
    add(&port, session(1)).await;
    let text = "word ".repeat(200);
    let mut acknowledged = 0;
    let refused = loop {
        match port.commit(says(1, &[text.as_str(); 5])).await {
            Ok(done) => acknowledged = done.last_seq,
            Err(error) => break error,
        }
    };
    assert_eq!(refused.class, ErrorClass::Full);
    assert!(acknowledged > 100);
    let events = store.events(&id(1), 0, 1000).await.unwrap();
    assert!(events.iter().map(|event| event.seq).eq(1..=acknowledged));
    store.close().await.unwrap();
    let again = open(&path, 8 << 20).await;
    assert_eq!(again.session(&id(1)).await.unwrap().unwrap().last_seq, acknowledged);
    again.commit(says(1, &["on"])).await.unwrap();
}
