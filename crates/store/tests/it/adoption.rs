//! Dead servers on `SQLite` (dev layer): the lock on the data folder proves them dead; clocks that jump prove nothing.

use async_trait::async_trait;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use telecoder_model::ErrorClass;
use telecoder_model::port::clock::Clock;
use telecoder_model::port::store::{Commit, JobStore, SessionStore, Store};
use telecoder_model::time::Timestamp;
use telecoder_store::{DataDirLock, SqliteOptions, SqliteStore};
use telecoder_testkit::conformance::store::fixture::{
    NO_LIMITS, THEN, claim, end, fence, id, queue, says, server, session,
};

const EXPIRY: Duration = Duration::from_secs(30);

/// A clock whose two times are set apart from each other.
#[derive(Debug, Default)]
struct Clocks {
    wall_seconds: AtomicI64,
    monotonic_seconds: AtomicU64,
}

#[async_trait]
impl Clock for Clocks {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(THEN.as_micros() + 1_000_000 * self.wall_seconds.load(Ordering::SeqCst))
    }
    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.monotonic_seconds.load(Ordering::SeqCst))
    }
    async fn sleep(&self, _: Duration) {}
}

async fn open(dir: &Path, lock: Option<DataDirLock>, clock: &Arc<Clocks>) -> SqliteStore {
    let options = SqliteOptions {
        lock: lock.map(Arc::new),
        clock: Arc::<Clocks>::clone(clock),
        ..SqliteOptions::default()
    };
    SqliteStore::open(&dir.join("t.db"), options).await.unwrap()
}

#[tokio::test]
async fn with_the_lock_the_jobs_of_earlier_servers_are_adopted_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Clocks::default());
    let first = open(folder.path(), Some(DataDirLock::acquire(folder.path()).unwrap()), &clock).await;
    let port: Arc<dyn Store> = Arc::new(first.clone());
    first.register(&server("s1")).await.unwrap();
    queue(&port, session(1)).await;
    queue(&port, session(2)).await;
    let lost = claim(&port, "s1").await.unwrap();
    // The store holds the lock: as long as it lives, no other server comes this far.
    assert_eq!(DataDirLock::acquire(folder.path()).unwrap_err().class, ErrorClass::Conflict);
    // The server dies without a word; the kernel frees the lock.
    first.close().await.unwrap();
    drop((port, first));

    let second = open(folder.path(), Some(DataDirLock::acquire(folder.path()).unwrap()), &clock).await;
    let port: Arc<dyn Store> = Arc::new(second.clone());
    assert_eq!(second.register(&server("s2")).await.unwrap(), 1);
    assert_eq!(second.register(&server("s3")).await.unwrap(), 0, "s2 lives");
    assert_eq!(second.heartbeat(&server("s1")).await.unwrap_err().class, ErrorClass::Conflict);
    assert_eq!(end(&port, "s1", &lost).await.unwrap_err().class, ErrorClass::Conflict);
    let adopted = claim(&port, "s2").await.unwrap();
    assert_eq!((adopted.session, adopted.epoch, adopted.tries), (id(1), lost.epoch + 1, 2));
}

#[tokio::test]
async fn without_the_lock_nothing_is_adopted() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Clocks::default());
    let first = open(folder.path(), None, &clock).await;
    let port: Arc<dyn Store> = Arc::new(first.clone());
    first.register(&server("s1")).await.unwrap();
    queue(&port, session(1)).await;
    let lease = claim(&port, "s1").await.unwrap();
    let second = open(folder.path(), None, &clock).await;
    assert_eq!(second.register(&server("s2")).await.unwrap(), 0);
    let mine = Commit { fence: fence("s1", &lease), ..says(1, &["still mine"]) };
    first.commit(mine).await.unwrap();
    // Another process is judged by what it wrote down.
    clock.wall_seconds.store(29, Ordering::SeqCst);
    assert_eq!(second.reap(EXPIRY).await.unwrap(), 0);
    clock.wall_seconds.store(31, Ordering::SeqCst);
    assert_eq!(second.reap(EXPIRY).await.unwrap(), 1);
    let refused = first.claim(&server("s1"), NO_LIMITS).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Conflict);
}

/// A laptop that slept, or a clock that was set, does not make the server of this very process dead.
#[tokio::test]
async fn a_jump_of_the_wall_clock_kills_no_server() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Clocks::default());
    let store = open(folder.path(), None, &clock).await;
    let port: Arc<dyn Store> = Arc::new(store.clone());
    store.register(&server("s1")).await.unwrap();
    queue(&port, session(1)).await;
    let lease = claim(&port, "s1").await.unwrap();
    for wall in [8 * 3600, -8 * 3600] {
        clock.wall_seconds.store(wall, Ordering::SeqCst);
        assert_eq!(store.reap(EXPIRY).await.unwrap(), 0);
        assert!(store.holds(&server("s1"), &id(1), lease.epoch).await.unwrap());
    }
    clock.monotonic_seconds.store(25, Ordering::SeqCst);
    store.heartbeat(&server("s1")).await.unwrap();
    clock.monotonic_seconds.store(55, Ordering::SeqCst);
    assert_eq!(store.reap(EXPIRY).await.unwrap(), 0, "silent for 30 s, not longer");
    clock.monotonic_seconds.store(56, Ordering::SeqCst);
    assert_eq!(store.reap(EXPIRY).await.unwrap(), 1);
}
