//! Several servers with data folders of their own on one database (dev layer).

use super::open;
use std::sync::Arc;
use std::time::Duration;
use telecoder_model::ErrorClass;
use telecoder_model::port::store::{Commit, Store, Write};
use telecoder_store::{DataDirLock, Postgres, PostgresOptions};
use telecoder_testkit::conformance::store::fixture::{
    NEVER, NO_LIMITS, THEN, add, claim, effect, end, fence, id, queue, says, server, session, writes,
};
use telecoder_testkit::postgres::Database;

const HOUR: Duration = Duration::from_secs(3600);

fn of(name: &str) -> PostgresOptions {
    PostgresOptions { host: Some(name.parse().unwrap()), ..PostgresOptions::default() }
}

async fn host(database: &Database, name: &str) -> (Postgres, Arc<dyn Store>) {
    let postgres = open(database, of(name)).await;
    let store: Arc<dyn Store> = Arc::new(postgres.store.clone());
    (postgres, store)
}

/// From the first write of a worker on, whatever becomes of it; before that the work is anybody's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_was_worked_on_is_claimed_by_servers_of_its_host_only() {
    let database = Database::new();
    let (_a, on_a) = host(&database, "a").await;
    let (_b, on_b) = host(&database, "b").await;
    on_a.register(&server("s1")).await.unwrap();
    on_b.register(&server("s2")).await.unwrap();
    queue(&on_a, session(1)).await;
    let lease = claim(&on_a, "s1").await.unwrap();
    on_a.leave(&server("s1")).await.unwrap();
    let other = claim(&on_b, "s2").await.unwrap();
    assert_eq!((other.session.clone(), other.epoch), (id(1), lease.epoch + 1), "nothing lies on a yet");

    on_b.commit(Commit { fence: fence("s2", &other), ..says(1, &["begun"]) }).await.unwrap();
    on_b.leave(&server("s2")).await.unwrap();
    on_a.register(&server("s3")).await.unwrap();
    assert_eq!(claim(&on_a, "s3").await, None, "it lies on b");
    on_b.register(&server("s4")).await.unwrap();
    let again = claim(&on_b, "s4").await.unwrap();
    assert!(!again.is_lost);
    end(&on_b, "s4", &again).await.unwrap();
    // A message later: it lies there still.
    on_a.commit(writes(1, vec![Write::Enqueue { not_before: THEN }])).await.unwrap();
    assert_eq!(claim(&on_a, "s3").await, None);
    assert_eq!(claim(&on_b, "s4").await.unwrap().session, id(1));
}

/// What is to be published lies there too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outside_effects_are_performed_by_the_sessions_host_only() {
    let database = Database::new();
    let (_a, on_a) = host(&database, "a").await;
    let (_b, on_b) = host(&database, "b").await;
    on_a.register(&server("s1")).await.unwrap();
    queue(&on_a, session(1)).await;
    let lease = claim(&on_a, "s1").await.unwrap();
    let effect = Write::Outbox(Box::new(effect("push", 1)));
    on_a.commit(Commit { fence: fence("s1", &lease), ..writes(1, vec![effect]) }).await.unwrap();
    assert_eq!(on_b.due_outbox(THEN, 10).await.unwrap(), []);
    assert_eq!(on_a.due_outbox(THEN, 10).await.unwrap().len(), 1);
}

/// Its sessions are taken over by whoever notices, as lost, so that they end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sessions_of_a_host_that_is_gone_for_good_are_taken_over_as_lost() {
    let database = Database::new();
    let (_a, on_a) = host(&database, "a").await;
    let short = PostgresOptions { host_gone: Duration::ZERO, ..of("b") };
    let b = open(&database, short).await;
    let on_b: Arc<dyn Store> = Arc::new(b.store.clone());
    let (_c, on_c) = host(&database, "c").await;
    on_a.register(&server("s1")).await.unwrap();
    for n in [1, 2] {
        queue(&on_a, session(n)).await;
        let lease = claim(&on_a, "s1").await.unwrap();
        on_a.commit(Commit { fence: fence("s1", &lease), ..says(n, &["begun"]) }).await.unwrap();
    }
    for (store, name) in [(&on_b, "s2"), (&on_c, "s3")] {
        store.register(&server(name)).await.unwrap();
    }
    // A host that is only silent keeps its sessions.
    on_b.heartbeat(&server("s2")).await.unwrap();
    on_c.heartbeat(&server("s3")).await.unwrap();
    assert_eq!(on_c.reap(HOUR).await.unwrap(), 0);
    assert_eq!(on_b.reap(Duration::ZERO).await.unwrap(), 2);
    on_b.register(&server("s2")).await.unwrap();
    on_c.register(&server("s3")).await.unwrap();
    assert_eq!(claim(&on_c, "s3").await, None, "b took them over");
    let lost = claim(&on_b, "s2").await.unwrap();
    assert_eq!((lost.session.clone(), lost.is_lost, lost.epoch), (id(1), true, 2));
    // The one that was gone comes back: nothing of it is its own any more.
    let stale = fence("s1", &lost).map(|fence| telecoder_model::port::store::Fence { epoch: 1, ..fence });
    let late = on_a.commit(Commit { fence: stale, ..says(1, &["late"]) }).await.unwrap_err();
    assert_eq!(late.class, ErrorClass::Conflict);
    assert_eq!(on_a.heartbeat(&server("s1")).await.unwrap_err().class, ErrorClass::Conflict);
    on_a.register(&server("s1")).await.unwrap();
    assert_eq!(claim(&on_a, "s1").await, None);
}

/// A restart after a kill goes on at once: the lock proves that the folder's earlier servers are dead, and says nothing of others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_folders_lock_only_jobs_of_its_earlier_servers_are_adopted() {
    let database = Database::new();
    let folder = tempfile::tempdir().unwrap();
    let lock = || Some(Arc::new(DataDirLock::acquire(folder.path()).unwrap()));
    let first = open(&database, PostgresOptions { lock: lock(), ..of("a") }).await;
    let on_a: Arc<dyn Store> = Arc::new(first.store.clone());
    let (_b, on_b) = host(&database, "b").await;
    on_a.register(&server("s1")).await.unwrap();
    on_b.register(&server("s2")).await.unwrap();
    queue(&on_a, session(1)).await;
    queue(&on_a, session(2)).await;
    let lost = claim(&on_a, "s1").await.unwrap();
    let kept = claim(&on_b, "s2").await.unwrap();
    first.close().await.unwrap();
    drop((on_a, first));

    let second = open(&database, PostgresOptions { lock: lock(), ..of("a") }).await;
    let on_a: Arc<dyn Store> = Arc::new(second.store.clone());
    assert_eq!(on_a.register(&server("s3")).await.unwrap(), 1);
    assert_eq!(on_a.register(&server("s4")).await.unwrap(), 0, "s3 is of this process");
    assert!(on_b.holds(&server("s2"), &kept.session, kept.epoch).await.unwrap());
    assert_eq!(end(&on_a, "s1", &lost).await.unwrap_err().class, ErrorClass::Conflict);
    let adopted = claim(&on_a, "s3").await.unwrap();
    assert_eq!((adopted.session, adopted.epoch, adopted.tries), (lost.session, 2, 2));
}

/// A server whose clock is wrong by minutes neither delays jobs nor takes them early.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_servers_clock_decides_nothing() {
    let database = Database::new();
    let (_a, store) = host(&database, "a").await;
    store.register(&server("s1")).await.unwrap();
    for (n, skew) in [(1, 300), (2, -300)] {
        add(&store, session(n)).await;
        let now: i64 =
            database.sql("SELECT (extract(epoch FROM clock_timestamp()) * 1e6)::bigint").parse().unwrap();
        let at = telecoder_model::time::Timestamp::from_micros(now + skew * 1_000_000);
        let due = Commit { at, ..writes(n, vec![Write::Enqueue { not_before: at }]) };
        store.commit(due).await.unwrap();
        assert_eq!(claim(&store, "s1").await.unwrap().session, id(n), "{skew}");
    }
    add(&store, session(3)).await;
    let later = Commit { at: THEN, ..writes(3, vec![Write::Enqueue { not_before: NEVER }]) };
    store.commit(later).await.unwrap();
    assert_eq!(claim(&store, "s1").await, None);
}

/// Limits and fairness are of all servers together, whichever of them claims.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn servers_that_claim_at_once_keep_the_limits_together() {
    let database = Database::new();
    let (_a, on_a) = host(&database, "a").await;
    let (_b, on_b) = host(&database, "b").await;
    for n in 0..20 {
        queue(&on_a, session(n)).await;
    }
    let limits = telecoder_model::port::store::ClaimLimits { user: 7, ..NO_LIMITS };
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let store = Arc::clone(if n % 2 == 0 { &on_a } else { &on_b });
            tokio::spawn(async move {
                let name = server(&format!("s{n}"));
                store.register(&name).await.unwrap();
                let mut mine = Vec::new();
                for _ in 0..4 {
                    mine.extend(store.claim(&name, limits).await.unwrap());
                }
                mine
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    assert_eq!(all.len(), 7, "{all:?}");
    assert_eq!(on_a.depth().await.unwrap().leased, 7);
}
