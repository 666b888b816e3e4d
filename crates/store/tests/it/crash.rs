//! Kill -9 (dev layer): a child process of this very test binary writes and says what was acknowledged; it is killed in
//! the middle, again and again, on the same database.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use telecoder_model::port::store::{Store, Write};
use telecoder_store::{DataDirLock, SqliteOptions, SqliteStore};
#[cfg(feature = "postgres")]
use telecoder_store::{Postgres, PostgresOptions};
use telecoder_testkit::conformance::store::fixture::{add, id, says, session, writes};
#[cfg(feature = "postgres")]
use telecoder_testkit::postgres::Database;

/// Tells the child where its database is: a folder, or an address.
const PLACE: &str = "TELECODER_STORE_CRASH_PLACE";
const WRITERS: u64 = 4;

async fn open(folder: &Path) -> SqliteStore {
    let options = SqliteOptions {
        lock: Some(Arc::new(DataDirLock::acquire(folder).unwrap())),
        ..SqliteOptions::default()
    };
    SqliteStore::open(&folder.join("t.db"), options).await.unwrap()
}

/// The store at a place.
async fn store_at(place: &str) -> Arc<dyn Store> {
    #[cfg(feature = "postgres")]
    if place.starts_with("postgres://") {
        let options = PostgresOptions::default();
        return Arc::new(Postgres::open(&place.parse().unwrap(), options).await.unwrap().store);
    }
    Arc::new(open(Path::new(place)).await)
}

/// Not a test of its own: without its place it does nothing.
#[test]
fn the_child_writes_until_it_is_killed() {
    #[expect(clippy::disallowed_methods, reason = "the test's own channel to its child")]
    let Ok(place) = std::env::var(PLACE) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let store = store_at(&place).await;
        let tasks: Vec<_> = (0..WRITERS)
            .map(|n| {
                let store = Arc::clone(&store);
                tokio::spawn(async move { write_for_ever(&store, n).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

/// Each commit appends two events and writes their last number down as the state of the execution.
async fn write_for_ever(store: &Arc<dyn Store>, n: u64) {
    let mut last = match store.session(&id(n)).await.unwrap() {
        Some(read) => read.last_seq,
        None => add(store, session(n)).await.last_seq,
    };
    loop {
        let mut commit = says(n, &["x", "y"]);
        commit.writes = writes(n, vec![Write::Run((last + 2).into())]).writes;
        last = store.commit(commit).await.unwrap().last_seq;
        println!("ack {n} {last}");
    }
}

/// Starts the child, lets it acknowledge `count` commits, kills it, and gives the last acknowledged number of each writer.
fn run_child(place: &str, count: usize) -> Vec<u64> {
    #[expect(clippy::disallowed_methods, reason = "the test's own child")]
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::the_child_writes_until_it_is_killed", "--nocapture"])
        .env(PLACE, place)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = vec![0; usize::try_from(WRITERS).unwrap()];
    let mut note = |line: &str| -> bool {
        let words: Vec<&str> = line.split(' ').collect();
        let ["ack", n, seq] = words[..] else { return false };
        acknowledged[n.parse::<usize>().unwrap()] = seq.parse().unwrap();
        true
    };
    let mut seen = 0;
    while seen < count {
        let line = lines.next().expect("the child ended by itself").unwrap();
        seen += usize::from(note(&line));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // What it said before it died counts as well, but for a line that was cut.
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    for line in rest.iter().take(rest.len().saturating_sub(1)) {
        note(line);
    }
    acknowledged
}

#[tokio::test]
async fn a_killed_server_loses_nothing_that_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    for count in [1, 3, 40, 200, 7] {
        let acknowledged = run_child(folder.path().to_str().unwrap(), count);
        let store = open(folder.path()).await;
        assert_eq!(store.damage().await.unwrap(), Vec::<String>::new());
        let port: Arc<dyn Store> = Arc::new(store.clone());
        check(&port, acknowledged).await;
        store.close().await.unwrap();
    }
}

/// Its last transaction may still be at work in the database when the next server starts.
#[cfg(feature = "postgres")]
#[tokio::test]
async fn a_killed_server_loses_nothing_that_it_acknowledged_on_postgres() {
    let database = Database::new();
    for count in [1, 3, 40, 200, 7] {
        let acknowledged = run_child(&database.url(), count);
        let store = store_at(&database.url()).await;
        check(&store, acknowledged).await;
    }
}

/// What was acknowledged is there, dense, and no commit is torn.
async fn check(store: &Arc<dyn Store>, acknowledged: Vec<u64>) {
    for (n, acknowledged) in (0..WRITERS).zip(acknowledged) {
        let Some(read) = store.session(&id(n)).await.unwrap() else {
            assert_eq!(acknowledged, 0);
            continue;
        };
        assert!(read.last_seq >= acknowledged, "writer {n}: {} < {acknowledged}", read.last_seq);
        let mut numbers = Vec::new();
        while let Some(event) = next(store, n, &numbers).await {
            numbers.extend(event);
        }
        // The last commit of a server that died may come to its end while this reads.
        let last = store.session(&id(n)).await.unwrap().unwrap().last_seq;
        assert!(numbers.iter().copied().eq(1..=last), "writer {n}");
        let run = store.run(&id(n)).await.unwrap();
        assert_eq!(run.and_then(|run| run.as_u64()).unwrap_or(0), last, "a commit was torn");
    }
}

/// The next page of numbers.
async fn next(store: &Arc<dyn Store>, n: u64, numbers: &[u64]) -> Option<Vec<u64>> {
    let after = numbers.last().copied().unwrap_or(0);
    let page = store.events(&id(n), after, 1000).await.unwrap();
    (!page.is_empty()).then(|| page.iter().map(|event| event.seq).collect())
}
