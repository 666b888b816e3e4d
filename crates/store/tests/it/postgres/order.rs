//! The order of events over several servers (dev layer): nothing is skipped, whatever transactions are open elsewhere.

use super::{fresh, open};
use sqlx::{Connection, Executor, PgConnection};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use telecoder_model::ErrorClass;
use telecoder_model::event::Event;
use telecoder_model::port::store::Store;
use telecoder_store::PostgresOptions;
use telecoder_testkit::conformance::store::fixture::{add, id, says, session};
use telecoder_testkit::postgres::Database;
use telecoder_testkit::wait::soon;

const WRITERS: u64 = 9;
const COMMITS: u64 = 40;

/// Reads on from the last event until `done` was set before a read that finds nothing.
async fn follow(store: Arc<dyn Store>, done: Arc<AtomicBool>) -> Vec<Event> {
    let mut seen: Vec<Event> = Vec::new();
    loop {
        let last = done.load(Ordering::SeqCst);
        let after = seen.last().map_or(0, |event| event.global);
        let next = store.all_events(after, 7).await.unwrap();
        if next.is_empty() && last {
            return seen;
        }
        seen.extend(next);
        tokio::task::yield_now().await;
    }
}

async fn other(database: &Database) -> PgConnection {
    PgConnection::connect(&database.url()).await.unwrap()
}

/// Three servers write, two read; other programs begin transactions, write in them, and end them now and then.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reader_of_three_servers_events_meets_each_once_and_in_order() {
    let (first, database) = fresh(PostgresOptions::default()).await;
    let mut servers: Vec<Arc<dyn Store>> = vec![Arc::new(first.store.clone())];
    for _ in 0..2 {
        servers.push(Arc::new(open(&database, PostgresOptions::default()).await.store));
    }
    for n in 0..WRITERS {
        add(&servers[0], session(n)).await;
    }
    let mut foreign = other(&database).await;
    foreign.execute("CREATE TABLE foreign_rows (n INT)").await.unwrap();
    foreign.execute("BEGIN; INSERT INTO foreign_rows VALUES (1)").await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = servers
        .iter()
        .take(2)
        .map(|store| tokio::spawn(follow(Arc::clone(store), Arc::clone(&done))))
        .collect();
    let writers: Vec<_> = (0..WRITERS)
        .map(|n| {
            let store = Arc::clone(&servers[usize::try_from(n % 3).unwrap()]);
            tokio::spawn(async move {
                for _ in 0..COMMITS {
                    store.commit(says(n, &["x", "y"])).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    done.store(true, Ordering::SeqCst);
    for reader in readers {
        let seen = soon("the reader", reader).await.unwrap();
        assert!(seen.is_sorted_by(|a, b| a.global < b.global));
        for n in 0..WRITERS {
            let numbers: Vec<u64> = seen.iter().filter(|e| e.session == id(n)).map(|e| e.seq).collect();
            assert_eq!(numbers, (1..=2 * COMMITS).collect::<Vec<u64>>(), "session {n}");
        }
    }
    foreign.execute("COMMIT").await.unwrap();
}

/// Servers write to the same sessions too: a person's message reaches one, the worker is on another.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn servers_that_write_to_the_same_sessions_keep_their_numbers_dense() {
    let (first, database) = fresh(PostgresOptions::default()).await;
    let second = open(&database, PostgresOptions::default()).await;
    let servers: [Arc<dyn Store>; 2] = [Arc::new(first.store.clone()), Arc::new(second.store.clone())];
    for n in 0..5 {
        add(&servers[0], session(n)).await;
    }
    let tasks: Vec<_> = (0..20_usize)
        .map(|task| {
            let store = Arc::clone(&servers[task % 2]);
            tokio::spawn(async move {
                for round in 0..20 {
                    let n = u64::try_from((task + round) % 5).unwrap();
                    store.commit(says(n, &["x"])).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    for n in 0..5 {
        let events = servers[1].events(&id(n), 0, 1000).await.unwrap();
        assert!(events.iter().map(|event| event.seq).eq(1..=80), "session {n}");
        assert!(events.is_sorted_by(|a, b| a.global < b.global));
    }
}

/// A server that is paused in the middle of a transaction holds the lock of the numbers; the database gives it up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_goes_silent_in_a_transaction_holds_the_others_up_for_a_bounded_time() {
    let (first, database) = fresh(PostgresOptions::default()).await;
    let store: Arc<dyn Store> = Arc::new(first.store.clone());
    add(&store, session(1)).await;
    let mut silent = other(&database).await;
    silent.execute("SET idle_in_transaction_session_timeout = 500").await.unwrap();
    silent.execute("BEGIN; SELECT pg_advisory_xact_lock(1413697348, 1)").await.unwrap();
    silent.execute("SELECT * FROM sessions FOR UPDATE").await.unwrap();
    let done = soon("the commit", store.commit(says(1, &["x"]))).await.unwrap();
    assert_eq!(done.last_seq, 1);
    assert!(silent.execute("SELECT 1").await.is_err(), "its transaction was given up");
    let set = database.sql(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
            AND application_name = 'telecoder' AND state LIKE 'idle in transaction%'",
    );
    assert_eq!(set, "0");
}

/// Whoever cannot get a lock in time is told that it may be tried again, and nothing of it is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_waits_too_long_is_refused_and_leaves_nothing() {
    let options = PostgresOptions { patience: Duration::from_millis(400), ..PostgresOptions::default() };
    let (first, database) = fresh(options).await;
    let store: Arc<dyn Store> = Arc::new(first.store.clone());
    add(&store, session(1)).await;
    let mut other = other(&database).await;
    other.execute("BEGIN; SELECT * FROM sessions FOR UPDATE").await.unwrap();
    let refused = store.commit(says(1, &["x"])).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Transient, "{}", refused.chain());
    other.execute("ROLLBACK").await.unwrap();
    assert_eq!(store.commit(says(1, &["y"])).await.unwrap().last_seq, 1);
}

/// Connections that the database ends (a restart, an administrator) cost the calls of that moment at most.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_its_connections_were_ended_the_store_goes_on() {
    let (first, database) = fresh(PostgresOptions::default()).await;
    let store: Arc<dyn Store> = Arc::new(first.store.clone());
    add(&store, session(1)).await;
    for round in 0..5 {
        let before = store.commit(says(1, &["x"])).await.unwrap().last_seq;
        database.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'telecoder'
             AND datname = current_database()",
        );
        assert_eq!(store.session(&id(1)).await.unwrap().unwrap().last_seq, before, "round {round}");
    }
}
