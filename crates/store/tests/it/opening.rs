//! Opening and closing (dev layer): what is kept, who may open, what is refused.

use sqlx::{ConnectOptions, Connection};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use telecoder_model::ErrorClass;
use telecoder_model::port::store::{SessionStore, Store};
use telecoder_store::{SqliteOptions, SqliteStore};
use telecoder_testkit::conformance::store::fixture::{add, id, says, session};

async fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, SqliteOptions::default()).await.unwrap()
}

async fn raw(path: &Path, statement: &'static str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn what_was_written_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    for round in 0..3u64 {
        let store = open(&path).await;
        let port: Arc<dyn Store> = Arc::new(store.clone());
        add(&port, session(round)).await;
        port.commit(says(round, &["x"])).await.unwrap();
        store.close().await.unwrap();
        store.close().await.unwrap();
        let closed = port.commit(says(round, &["late"])).await.unwrap_err();
        assert_eq!((closed.class, closed.what.as_str()), (ErrorClass::Permanent, "the store is closed"));
        assert!(port.session(&id(round)).await.is_err());
    }
    let store = open(&path).await;
    for n in 0..3 {
        assert_eq!(store.session(&id(n)).await.unwrap().unwrap().value, session(n));
    }
    let places: Vec<_> = store.all_events(0, 10).await.unwrap().iter().map(|e| e.global).collect();
    assert_eq!(places, [1, 2, 3]);
    assert_eq!(store.damage().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn closing_finishes_what_was_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let store = open(&path).await;
    let port: Arc<dyn Store> = Arc::new(store.clone());
    add(&port, session(1)).await;
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let port = Arc::clone(&port);
            tokio::spawn(async move { port.commit(says(1, &["x"])).await.is_ok() })
        })
        .collect();
    tokio::task::yield_now().await;
    store.close().await.unwrap();
    let mut accepted = 0;
    for task in tasks {
        accepted += u64::from(task.await.unwrap());
    }
    let again = open(&path).await;
    assert_eq!(again.session(&id(1)).await.unwrap().unwrap().last_seq, accepted);
}

#[tokio::test]
async fn files_are_only_the_owners() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/deep/t.db");
    let store = open(&path).await;
    let port: Arc<dyn Store> = Arc::new(store.clone());
    add(&port, session(1)).await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for file in ["t.db", "t.db-wal", "t.db-shm"] {
        assert_eq!(mode(&path.with_file_name(file)), 0o600, "{file}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_openers_write_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let (first, second) = tokio::join!(open(&path), open(&path));
    let stores: [Arc<dyn Store>; 2] = [Arc::new(first), Arc::new(second)];
    add(&stores[0], session(1)).await;
    let tasks: Vec<_> = (0..40)
        .map(|n| {
            let store = Arc::clone(&stores[n % 2]);
            tokio::spawn(async move { store.commit(says(1, &["x", "y"])).await.unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    for store in stores {
        let events = store.events(&id(1), 0, 1000).await.unwrap();
        let numbers: Vec<u64> = events.iter().map(|event| event.seq).collect();
        assert_eq!(numbers, (1..=80).collect::<Vec<u64>>());
    }
}

#[tokio::test]
async fn a_newer_database_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    open(&path).await.close().await.unwrap();
    raw(
        &path,
        "INSERT INTO migrations (number, name, digest, version, applied_at) VALUES (1000, 'teams', 'x', '9.1.0', 0)",
    )
    .await;
    let before = std::fs::read(&path).unwrap();
    let error = SqliteStore::open(&path, SqliteOptions::default()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Permanent);
    let expected = format!(
        "cannot open the database {}: the database was written by TeleCoder 9.1.0 (migration 1000, teams); this is \
         {}, which knows migrations up to ",
        path.display(),
        env!("CARGO_PKG_VERSION")
    );
    let number = error.what.strip_prefix(&expected).unwrap_or_else(|| panic!("{}", error.what));
    assert!(number.parse::<u32>().is_ok_and(|number| number < 1000), "{number}");
    assert_eq!(
        error.remedy.unwrap(),
        "Start TeleCoder 9.1.0 or later, or restore a backup from before the upgrade."
    );
    assert_eq!(std::fs::read(&path).unwrap(), before, "it was changed");
}

#[tokio::test]
async fn an_edited_migration_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    open(&path).await.close().await.unwrap();
    raw(&path, "UPDATE migrations SET digest = 'x'").await;
    let error = SqliteStore::open(&path, SqliteOptions::default()).await.unwrap_err();
    assert!(error.what.contains("migration 1 (first) of the database is not the one"), "{error}");
}

#[tokio::test]
async fn a_database_of_another_program_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    raw(&path, "CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('mine')").await;
    let before = std::fs::read(&path).unwrap();
    let error = SqliteStore::open(&path, SqliteOptions::default()).await.unwrap_err();
    assert!(error.what.ends_with("not one of TeleCoder; it was left as it is"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}
