//! Opening a database (dev layer): what is kept, what is refused and how it is told.

use super::{fresh, open};
use std::sync::Arc;
use telecoder_model::port::store::{SessionStore, Store};
use telecoder_model::{ErrorClass, PortError};
use telecoder_store::{Postgres, PostgresOptions};
use telecoder_testkit::conformance::store::fixture::{add, id, says, session};
use telecoder_testkit::postgres::{Database, LOCKED_USER, PASSWORD};

async fn refused(url: &str) -> PortError {
    Postgres::open(&url.parse().unwrap(), PostgresOptions::default()).await.unwrap_err()
}

#[tokio::test]
async fn what_was_written_is_there_after_reopening_and_a_closed_store_says_so() {
    let database = Database::new();
    for round in 0..3u64 {
        let postgres = open(&database, PostgresOptions::default()).await;
        let store: Arc<dyn Store> = Arc::new(postgres.store.clone());
        add(&store, session(round)).await;
        store.commit(says(round, &["x"])).await.unwrap();
        postgres.close().await.unwrap();
        postgres.close().await.unwrap();
        let closed = store.commit(says(round, &["late"])).await.unwrap_err();
        assert_eq!((closed.class, closed.what.as_str()), (ErrorClass::Permanent, "the store is closed"));
        assert_eq!(store.session(&id(round)).await.unwrap_err().class, ErrorClass::Permanent);
    }
    let (first, second) = tokio::join!(
        open(&database, PostgresOptions::default()),
        open(&database, PostgresOptions::default())
    );
    assert_eq!(first.store.all_events(0, 10).await.unwrap(), second.store.all_events(0, 10).await.unwrap());
    assert_eq!(second.store.all_events(0, 10).await.unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_start_together_make_the_tables_once() {
    let database = Database::new();
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let url = database.url().parse().unwrap();
            tokio::spawn(async move { Postgres::open(&url, PostgresOptions::default()).await.map(drop) })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(database.sql("SELECT count(*) = max(number) FROM migrations"), "t");
}

#[tokio::test]
async fn a_newer_database_is_refused_by_name_and_left_alone() {
    let (postgres, database) = fresh(PostgresOptions::default()).await;
    postgres.close().await.unwrap();
    database.sql("INSERT INTO migrations VALUES (1000, 'teams', 'x', '9.1.0', now())");
    let error = refused(&database.url()).await;
    assert_eq!(error.class, ErrorClass::Permanent);
    assert!(
        error.what.contains("the database was written by TeleCoder 9.1.0 (migration 1000, teams); this is"),
        "{error}"
    );
    assert_eq!(
        error.remedy.unwrap(),
        "Start TeleCoder 9.1.0 or later, or restore a backup from before the upgrade."
    );
    assert_eq!(database.sql("SELECT max(number) FROM migrations"), "1000");
}

#[tokio::test]
async fn a_database_of_another_program_is_left_as_it_is() {
    let database = Database::new();
    database.sql("CREATE TABLE notes (text TEXT)");
    let error = refused(&database.url()).await;
    assert!(error.what.ends_with("it was left as it is"), "{error}");
    database.sql("CREATE TABLE migrations (number INT)");
    assert!(refused(&database.url()).await.what.ends_with("it was left as it is"));
    assert_eq!(database.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "2");
}

#[tokio::test]
async fn who_may_not_enter_is_told_why_without_the_password() {
    let database = Database::new();
    let wrong = refused(&database.url_as(&format!("{LOCKED_USER}:wr0ng-w0rd"))).await;
    assert_eq!(wrong.class, ErrorClass::Denied, "{}", wrong.chain());
    assert!(wrong.chain().contains("password authentication failed"), "{}", wrong.chain());
    assert!(wrong.remedy.as_deref().unwrap().contains("TELECODER_DATABASE_URL"));
    // With the right one it may enter, but the schema is another's.
    let denied = refused(&database.url_as(&format!("{LOCKED_USER}:{PASSWORD}"))).await;
    assert_eq!(denied.class, ErrorClass::Denied, "{}", denied.chain());
    let missing = refused(&database.url().replace("/test_", "/absent_")).await;
    assert!(missing.chain().contains("does not exist"), "{}", missing.chain());
    assert!(missing.remedy.as_deref().unwrap().contains("createdb"));
    let nobody = refused("postgres://ann:s3cret-word@127.0.0.1:1/tasks").await;
    assert_eq!(nobody.class, ErrorClass::Transient, "{}", nobody.chain());
    assert!(nobody.what.starts_with("cannot use the database tasks at 127.0.0.1:1: "), "{nobody}");
    for error in [wrong, denied, missing, nobody] {
        let told = format!("{error:?} {}", error.chain());
        assert!(!told.contains("s3cret") && !told.contains("wr0ng") && !told.contains(PASSWORD), "{told}");
    }
}

#[tokio::test]
async fn texts_with_nul_characters_are_kept_but_for_these() {
    let (postgres, _database) = fresh(PostgresOptions::default()).await;
    let store: Arc<dyn Store> = Arc::new(postgres.store.clone());
    let mut new = session(1);
    new.prompt = "before\0after".to_owned();
    add(&store, new.clone()).await;
    assert_eq!(store.session(&id(1)).await.unwrap().unwrap().value, new, "a document keeps even these");
    store.commit(says(1, &["a\0b"])).await.unwrap();
    let who = telecoder_testkit::conformance::store::fixture::principal("local");
    assert_eq!(
        telecoder_model::port::store::OverviewStore::changes(&postgres.store, &who, 0, 10).await.unwrap(),
        []
    );
}
