//! Commits (dev layer): compare-and-set, fences, neighbours.

use super::fixture::{
    THEN, add, change, claim, decision, effect, end, fence, id, queue, reservation, said, says, server,
    session, user, writes,
};
use std::sync::Arc;
use telecoder_model::ErrorClass;
use telecoder_model::port::store::{Commit, Committed, Fence, Store, Versioned, Write};
use telecoder_model::session::{Session, Status};

/// What was written is read back, field by field.
pub async fn a_new_session_is_read_back_whole(store: Arc<dyn Store>) {
    assert_eq!(store.session(&id(1)).await.unwrap(), None);
    let mut new = session(1);
    new.prompt = "Zeilen\nmit \"Zeichen\", \u{1f468}\u{200d}\u{1f469} und \\ – alles".to_owned();
    let commit = Commit {
        events: vec![said("one"), said("two")],
        writes: vec![Write::NewSession(Box::new(new.clone()))],
        ..change(1)
    };
    let committed = Committed { version: 1, last_seq: 2, message: None };
    assert_eq!(store.commit(commit).await.unwrap(), committed);
    let read = Versioned { value: new, version: 1, last_seq: 2 };
    assert_eq!(store.session(&id(1)).await.unwrap(), Some(read));
}

/// An id is given once.
pub async fn a_taken_id_is_refused(store: Arc<dyn Store>) {
    add(&store, session(1)).await;
    let other = Session { prompt: "another".to_owned(), ..session(1) };
    let again = Commit { events: vec![said("never")], ..writes(1, vec![Write::NewSession(Box::new(other))]) };
    assert_eq!(store.commit(again).await.unwrap_err().class, ErrorClass::Conflict);
    let kept = store.session(&id(1)).await.unwrap().unwrap();
    assert_eq!((kept.value, kept.last_seq), (session(1), 0));
}

fn replacement(n: u64, status: Status, expect: u64) -> Commit {
    let new = Session { status, ..session(n) };
    Commit { expect: Some(expect), ..writes(n, vec![Write::Session(Box::new(new))]) }
}

/// A version grows by one with each replacement and is the condition of the next.
pub async fn a_replaced_session_has_the_next_version(store: Arc<dyn Store>) {
    add(&store, session(1)).await;
    let done = store.commit(replacement(1, Status::Preparing, 1)).await.unwrap();
    assert_eq!(done.version, 2);
    let late = store.commit(replacement(1, Status::Stopped, 1)).await.unwrap_err();
    assert_eq!(late.class, ErrorClass::Conflict);
    let read = store.session(&id(1)).await.unwrap().unwrap();
    assert_eq!((read.value.status, read.version), (Status::Preparing, 2));
    let unread = Commit { expect: Some(1), ..says(1, &["a condition also guards events"]) };
    assert_eq!(store.commit(unread).await.unwrap_err().class, ErrorClass::Conflict);
    let unconditional = Commit { expect: None, ..replacement(1, Status::Running, 2) };
    assert_eq!(store.commit(unconditional).await.unwrap_err().class, ErrorClass::Permanent);
}

/// Compare-and-set among writers at the same time.
pub async fn of_many_writers_with_one_version_one_wins(store: Arc<dyn Store>) {
    add(&store, session(1)).await;
    for version in 1..=5 {
        let tasks: Vec<_> = (0..8)
            .map(|writer| {
                let store = Arc::clone(&store);
                let mut commit = replacement(1, Status::Running, version);
                commit.events = vec![said(&format!("writer {writer}"))];
                tokio::spawn(async move { store.commit(commit).await })
            })
            .collect();
        let mut winners = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(done) => {
                    winners += 1;
                    assert_eq!((done.version, done.last_seq), (version + 1, version));
                }
                Err(error) => assert_eq!(error.class, ErrorClass::Conflict),
            }
        }
        assert_eq!(winners, 1);
    }
}

/// Rows of a session that does not exist are refused.
pub async fn a_commit_without_a_session_writes_nothing(store: Arc<dyn Store>) {
    for commit in [says(1, &["x"]), writes(1, vec![Write::Enqueue { not_before: THEN }]), change(1)] {
        assert_eq!(store.commit(commit).await.unwrap_err().class, ErrorClass::NotFound);
    }
    assert_eq!(store.all_events(0, 10).await.unwrap(), Vec::new());
    assert_eq!(store.depth().await.unwrap().queued, 0);
}

/// A commit writes rows of its own session only, and ends a job only with proof.
pub async fn a_commit_that_contradicts_itself_is_refused(store: Arc<dyn Store>) {
    add(&store, session(1)).await;
    add(&store, session(2)).await;
    let foreign = vec![
        Write::NewSession(Box::new(session(3))),
        Write::NewDecision(Box::new(decision("d", 2))),
        Write::Outbox(Box::new(effect("k", 2))),
        Write::Reserve(reservation("k", 2)),
        Write::EndJob,
    ];
    for write in foreign {
        let error = store.commit(writes(1, vec![write])).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Permanent);
    }
    let moved = Session { owner: user("eve"), ..session(1) };
    let theft = Commit { expect: Some(1), ..writes(1, vec![Write::Session(Box::new(moved))]) };
    assert_eq!(store.commit(theft).await.unwrap_err().class, ErrorClass::Permanent);
}

/// Commits that arrive together may share a transaction; one that fails harms no other.
pub async fn neighbours_of_a_failing_commit_are_kept(store: Arc<dyn Store>) {
    for n in 0..10 {
        add(&store, session(n)).await;
    }
    let tasks: Vec<_> = (0..200)
        .map(|i| {
            let store = Arc::clone(&store);
            let n = i % 10;
            let mut commit = says(n, &["kept or not at all"]);
            // Every third has a condition that cannot hold.
            commit.expect = (i % 3 == 0).then_some(99);
            tokio::spawn(async move { (i, store.commit(commit).await) })
        })
        .collect();
    let mut kept = 0;
    for task in tasks {
        let (i, outcome) = task.await.unwrap();
        assert_eq!(outcome.is_ok(), i % 3 != 0, "{i}");
        kept += u64::from(outcome.is_ok());
    }
    let mut found = 0;
    for n in 0..10 {
        found += store.session(&id(n)).await.unwrap().unwrap().last_seq;
    }
    assert_eq!(found, kept);
}

/// A fence names server and epoch; neither an older epoch, nor another server, nor an ended job will do.
pub async fn a_stale_fence_loses(store: Arc<dyn Store>) {
    store.register(&server("s1")).await.unwrap();
    store.register(&server("s2")).await.unwrap();
    queue(&store, session(1)).await;
    let fenced = |fence: Option<Fence>| Commit { fence, ..says(1, &["mine"]) };
    let unclaimed = Fence { instance: server("s1"), epoch: 0 };
    assert_eq!(store.commit(fenced(Some(unclaimed))).await.unwrap_err().class, ErrorClass::Conflict);
    let first = claim(&store, "s1").await.unwrap();
    store.commit(fenced(fence("s1", &first))).await.unwrap();
    assert_eq!(store.leave(&server("s1")).await.unwrap(), 1);
    let second = claim(&store, "s2").await.unwrap();
    assert!(second.epoch > first.epoch);
    for stale in [fence("s1", &first), fence("s2", &first), fence("s1", &second)] {
        assert_eq!(store.commit(fenced(stale)).await.unwrap_err().class, ErrorClass::Conflict);
    }
    assert!(store.holds(&server("s2"), &id(1), second.epoch).await.unwrap());
    assert!(!store.holds(&server("s1"), &id(1), first.epoch).await.unwrap());
    store.commit(fenced(fence("s2", &second))).await.unwrap();
    end(&store, "s2", &second).await.unwrap();
    assert_eq!(end(&store, "s2", &second).await.unwrap_err().class, ErrorClass::Conflict);
    // What a person does needs no proof.
    store.commit(fenced(None)).await.unwrap();
    assert_eq!(store.session(&id(1)).await.unwrap().unwrap().last_seq, 3);
}
