//! Events (dev layer): dense numbers a session, one order for all, readers at the same time.

use super::fixture::{Dice, NEVER, THEN, add, change, id, said, says, session};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use telecoder_model::ErrorClass;
use telecoder_model::event::{Event, EventBody};
use telecoder_model::id::SessionId;
use telecoder_model::port::store::{Commit, Store};

/// Numbers count from 1, in the order of the commit; time and body are kept.
pub async fn events_are_numbered_densely_from_one(store: Arc<dyn Store>) {
    add(&store, session(1)).await;
    store.commit(says(1, &["a", "b"])).await.unwrap();
    let late = Commit { at: NEVER, ..says(1, &["c"]) };
    assert_eq!(store.commit(late).await.unwrap().last_seq, 3);
    let events = store.events(&id(1), 0, 1000).await.unwrap();
    let told: Vec<_> = events.iter().map(|e| (e.seq, e.at, e.session.clone(), e.body.clone())).collect();
    let at = change(1).at;
    assert_eq!(
        told,
        vec![(1, at, id(1), said("a")), (2, at, id(1), said("b")), (3, NEVER, id(1), said("c")),]
    );
    assert!(events.is_sorted_by(|a, b| a.global < b.global));
    assert_eq!(store.events(&id(1), 2, 1000).await.unwrap(), events[2..]);
    assert_eq!(store.events(&id(1), 0, 2).await.unwrap(), events[..2]);
    assert_eq!(store.events(&id(1), 3, 10).await.unwrap(), Vec::new());
    assert_eq!(store.events(&id(1), u64::MAX, 10).await.unwrap(), Vec::new());
    assert_eq!(store.events(&id(2), 0, 10).await.unwrap(), Vec::new());
    assert_eq!(store.all_events(0, 1000).await.unwrap(), events);
}

/// Only a replaced session has a new version.
pub async fn appending_alone_leaves_the_version(store: Arc<dyn Store>) {
    add(&store, session(1)).await;
    for n in 1..=3 {
        let done = store.commit(says(1, &["x"])).await.unwrap();
        assert_eq!((done.version, done.last_seq), (1, n));
    }
    let conditional = Commit { expect: Some(1), ..says(1, &["y"]) };
    assert_eq!(store.commit(conditional).await.unwrap().last_seq, 4);
}

/// A property: whatever the writers, the sizes of their commits and the failures between them, the numbers of each
/// session are 1..n, each writer's events are in its order, and each commit's events follow on each other.
pub async fn numbers_stay_dense_under_concurrent_writers(store: Arc<dyn Store>) {
    for seed in 0..4u64 {
        let sessions: Vec<u64> = (0..3).map(|n| 10 * seed + n).collect();
        for n in &sessions {
            add(&store, session(*n)).await;
        }
        let writers: Vec<_> = (0..6u64)
            .map(|writer| {
                let (store, sessions) = (Arc::clone(&store), sessions.clone());
                let dice = Dice::new(100 * seed + writer);
                tokio::spawn(async move { write_at_random(store, writer, sessions, dice).await })
            })
            .collect();
        let mut appended: BTreeMap<SessionId, u64> = BTreeMap::new();
        for writer in writers {
            for (session, count) in writer.await.unwrap() {
                *appended.entry(session).or_default() += count;
            }
        }
        for n in sessions {
            check_log(&store, n, appended.get(&id(n)).copied().unwrap_or(0)).await;
        }
    }
}

async fn write_at_random(
    store: Arc<dyn Store>,
    writer: u64,
    sessions: Vec<u64>,
    mut dice: Dice,
) -> BTreeMap<SessionId, u64> {
    let mut appended = BTreeMap::new();
    for round in 0..25 {
        let n = sessions[usize::try_from(dice.roll(3)).unwrap()];
        let count = dice.roll(5);
        let texts: Vec<String> = (0..count).map(|i| format!("{writer} {round} {i} {count}")).collect();
        let refused = dice.roll(4) == 0;
        let commit = Commit {
            expect: refused.then_some(7),
            events: texts.iter().map(|text| said(text)).collect(),
            ..change(n)
        };
        let outcome = store.commit(commit).await;
        assert_eq!(outcome.is_err(), refused, "{outcome:?}");
        if !refused {
            *appended.entry(id(n)).or_default() += count;
        }
    }
    appended
}

async fn check_log(store: &Arc<dyn Store>, n: u64, appended: u64) {
    let events = store.events(&id(n), 0, 1000).await.unwrap();
    let numbers: Vec<u64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=appended).collect::<Vec<u64>>());
    assert_eq!(store.session(&id(n)).await.unwrap().unwrap().last_seq, appended);
    assert!(events.is_sorted_by(|a, b| a.global < b.global));
    let words: Vec<Vec<u64>> = events.iter().map(spoken).collect();
    let mut rounds: BTreeMap<u64, u64> = BTreeMap::new();
    let mut rest = words.as_slice();
    while let [first, ..] = rest {
        let (writer, round, count) = (first[0], first[1], usize::try_from(first[3]).unwrap());
        let (commit, later) = rest.split_at(count);
        for (i, event) in commit.iter().enumerate() {
            assert_eq!(event[..3], [writer, round, u64::try_from(i).unwrap()], "a commit was torn");
        }
        if let Some(before) = rounds.insert(writer, round) {
            assert!(before < round, "a writer's commits changed places");
        }
        rest = later;
    }
}

fn spoken(event: &Event) -> Vec<u64> {
    let EventBody::Message { text, .. } = &event.body else {
        return Vec::new();
    };
    text.split(' ').map(|word| word.parse().unwrap()).collect()
}

/// A reader that follows the global numbers while others write misses nothing and meets nothing twice.
pub async fn a_concurrent_reader_never_meets_an_earlier_event(store: Arc<dyn Store>) {
    const WRITERS: u64 = 6;
    const COMMITS: u64 = 40;
    for n in 0..WRITERS {
        add(&store, session(n)).await;
    }
    let done = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn({
        let (store, done) = (Arc::clone(&store), Arc::clone(&done));
        async move {
            let mut seen: Vec<Event> = Vec::new();
            loop {
                // Looked at before the read, so that the last read begins after the last commit.
                let last = done.load(Ordering::SeqCst);
                let after = seen.last().map_or(0, |event| event.global);
                let next = store.all_events(after, 50).await.unwrap();
                if next.is_empty() && last {
                    return seen;
                }
                seen.extend(next);
                tokio::task::yield_now().await;
            }
        }
    });
    let writers: Vec<_> = (0..WRITERS)
        .map(|n| {
            let store = Arc::clone(&store);
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
    let seen = reader.await.unwrap();
    assert!(seen.is_sorted_by(|a, b| a.global < b.global));
    for n in 0..WRITERS {
        let numbers: Vec<u64> = seen.iter().filter(|e| e.session == id(n)).map(|e| e.seq).collect();
        assert_eq!(numbers, (1..=2 * COMMITS).collect::<Vec<u64>>());
    }
}

/// What was acknowledged is seen by whoever asks afterwards, on whatever connection.
pub async fn an_acknowledged_commit_is_visible_to_every_read(store: Arc<dyn Store>) {
    add(&store, session(1)).await;
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for _ in 0..30 {
                    let done = store.commit(says(1, &["x"])).await.unwrap();
                    let read = store.session(&id(1)).await.unwrap().unwrap();
                    assert!(read.last_seq >= done.last_seq);
                    let mine = store.events(&id(1), done.last_seq - 1, 1).await.unwrap();
                    assert_eq!(mine.len(), 1);
                    assert!(store.last_global().await.unwrap() >= mine[0].global);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// No read gives more than 1,000 rows.
pub async fn reads_of_events_are_bounded(store: Arc<dyn Store>) {
    add(&store, session(1)).await;
    let many = Commit { events: (0..1500).map(|_| said("x")).collect(), ..Commit::new(id(1), THEN) };
    assert_eq!(store.commit(many).await.unwrap().last_seq, 1500);
    assert_eq!(store.events(&id(1), 0, 1000).await.unwrap().len(), 1000);
    assert_eq!(store.all_events(0, 1000).await.unwrap().len(), 1000);
    for limit in [0, 1001] {
        assert_eq!(store.events(&id(1), 0, limit).await.unwrap_err().class, ErrorClass::Permanent);
        assert_eq!(store.all_events(0, limit).await.unwrap_err().class, ErrorClass::Permanent);
    }
}
