//! The end of sessions (dev layer).

use super::fixture::{
    NEVER, THEN, add, change, claim, class, decision, effect, end, fence, id, principal, queue,
    queue_message, repository, reservation, says, server, session, session_of, user, writes,
};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use telecoder_model::ErrorClass;
use telecoder_model::decision::DecisionState;
use telecoder_model::port::store::{
    Burial, EndedQuery, EndedSession, Grave, Hold, NewPull, OutboxState, PullChange, PullQuery, SessionQuery,
    Store, Write,
};
use telecoder_model::principal::Principal;
use telecoder_model::pull::PullState;
use telecoder_model::refs::ObjectId;
use telecoder_model::session::{Session, Status};
use telecoder_model::time::Timestamp;

/// The n-th session, ended.
fn over(n: u64) -> Session {
    Session { status: Status::Complete, ..session(n) }
}

fn at(n: u64) -> Timestamp {
    THEN.plus(Duration::from_secs(n))
}

fn all() -> EndedQuery {
    EndedQuery { before: NEVER, owner: None, after: None, limit: 100 }
}

fn digest(n: u64) -> String {
    format!("{n:064}")
}

async fn listed(store: &Arc<dyn Store>, query: EndedQuery) -> Vec<EndedSession> {
    store.ended(&query).await.unwrap()
}

fn ids(rows: &[EndedSession]) -> Vec<&str> {
    rows.iter().map(|row| row.id.as_str()).collect()
}

/// Oldest change first, in pages, up to a moment, of everybody or of one owner.
pub async fn sessions_that_have_ended_are_listed_by_their_last_change(store: Arc<dyn Store>) {
    for (n, status) in [Status::Complete, Status::Error, Status::Stopped, Status::Idle, Status::Running]
        .into_iter()
        .enumerate()
    {
        let n = u64::try_from(n).unwrap();
        let owner = user(if n == 1 { "ann" } else { "local" });
        add(&store, Session { status, owner, updated_at: at(100 - n), ..session(n) }).await;
    }
    let rows = listed(&store, all()).await;
    assert_eq!(ids(&rows), [id(2).as_str(), id(1).as_str(), id(0).as_str()]);
    assert_eq!(rows[0].updated_at, at(98));
    let first = listed(&store, EndedQuery { limit: 1, ..all() }).await;
    assert_eq!(first, rows[..1]);
    let rest = listed(&store, EndedQuery { after: first.first().cloned(), ..all() }).await;
    assert_eq!(rest, rows[1..]);
    assert_eq!(listed(&store, EndedQuery { before: at(100), ..all() }).await, rows[..2]);
    let ann = EndedQuery { owner: Some(principal("ann")), ..all() };
    assert_eq!(ids(&listed(&store, ann).await), [id(1).as_str()]);
    for limit in [0, 1001] {
        assert!(store.ended(&EndedQuery { limit, ..all() }).await.is_err());
    }
}

/// By id, in pages, of everybody.
pub async fn sessions_that_have_not_ended_are_listed(store: Arc<dyn Store>) {
    for n in 0..6 {
        let status = Status::ALL[usize::try_from(n).unwrap()];
        add(&store, Session { status, owner: user(&format!("u{n}")), ..session(n) }).await;
    }
    add(&store, over(6)).await;
    let everyone: Vec<_> = (0..6).map(id).collect();
    let mut sorted = everyone.clone();
    sorted.sort();
    assert_eq!(store.active(None, 100).await.unwrap(), sorted);
    assert_eq!(store.active(None, 2).await.unwrap(), sorted[..2]);
    assert_eq!(store.active(Some(&sorted[1]), 100).await.unwrap(), sorted[2..]);
}

/// Opens a pull request of the n-th session; gives its number.
async fn open(store: &Arc<dyn Store>, n: u64) -> u64 {
    let pull = NewPull {
        tenant: session(n).tenant,
        owner: session(n).owner,
        session: id(n),
        repository: repository("/srv/repo"),
        title: "t".to_owned(),
        body: "b".to_owned(),
        base: "main".parse().unwrap(),
        head: session(n).branch,
        head_commit: "1".repeat(40).parse::<ObjectId>().unwrap(),
        state: PullState::Open,
        at: THEN,
    };
    store.open_pull(pull).await.unwrap().0.number
}

/// From the strongest reason to none.
pub async fn what_keeps_a_session_is_told(store: Arc<dyn Store>) {
    store.register(&server("s1")).await.unwrap();
    queue(&store, session(1)).await;
    let first = id(1);
    let hold = || store.hold(&first);
    assert_eq!(hold().await.unwrap(), Some(Hold::Active));
    let lease = claim(&store, "s1").await.unwrap();
    let number = open(&store, 1).await;
    let mut ended = writes(
        1,
        vec![
            Write::Session(Box::new(over(1))),
            Write::NewDecision(Box::new(decision("d1", 1))),
            Write::Outbox(Box::new(effect("e1", 1))),
        ],
    );
    ended.expect = Some(1);
    ended.fence = fence("s1", &lease);
    store.commit(ended).await.unwrap();
    assert_eq!(hold().await.unwrap(), Some(Hold::Job));
    end(&store, "s1", &lease).await.unwrap();
    assert_eq!(hold().await.unwrap(), Some(Hold::Decision));
    let mut answered = decision("d1", 1);
    answered.state = DecisionState::Denied;
    store.commit(writes(1, vec![Write::Decision(Box::new(answered))])).await.unwrap();
    assert_eq!(hold().await.unwrap(), Some(Hold::Publishing));
    let mut done = effect("e1", 1);
    done.state = OutboxState::Done;
    let mut follow = effect("e2", 1);
    follow.kind = "follow".to_owned();
    let settled = vec![Write::OutboxUpdate(Box::new(done)), Write::Outbox(Box::new(follow))];
    store.commit(writes(1, settled)).await.unwrap();
    assert_eq!(hold().await.unwrap(), Some(Hold::Pull(number)));
    let closed = PullChange { state: Some(PullState::Closed), ..PullChange::default() };
    store.change_pull(number, closed, THEN).await.unwrap();
    assert_eq!(hold().await.unwrap(), None);
    assert_eq!(class(store.hold(&id(2)).await), ErrorClass::NotFound);
}

/// Whatever keeps it: nothing of it changes.
pub async fn what_is_kept_is_not_removed(store: Arc<dyn Store>) {
    add(&store, session(1)).await;
    add(&store, over(2)).await;
    let number = open(&store, 2).await;
    for (n, hold) in [(1, Hold::Active), (2, Hold::Pull(number))] {
        assert_eq!(store.bury(&id(n), None, THEN).await.unwrap(), Burial::Held(hold));
        assert!(store.session(&id(n)).await.unwrap().is_some());
    }
    assert_eq!(store.graves(10).await.unwrap(), []);
}

/// Every read forgets it, what it reserved is free, and others keep what is theirs.
pub async fn a_removed_session_leaves_nothing_but_a_grave(store: Arc<dyn Store>) {
    for n in [1, 2] {
        add(&store, over(n)).await;
        let number = open(&store, n).await;
        let merged = PullChange { state: Some(PullState::Merged), ..PullChange::default() };
        store.change_pull(number, merged, THEN).await.unwrap();
        let process = "agent".parse().unwrap();
        let mut answered = decision(&format!("d{n}"), n);
        answered.state = DecisionState::Approved;
        let mut effect = effect(&format!("e{n}"), n);
        effect.state = OutboxState::Failed;
        let rows = vec![
            Write::Run(serde_json::json!({"n": n})),
            Write::Input { process, number: 1, line: Bytes::from_static(b"x") },
            queue_message("more"),
            Write::NewDecision(Box::new(answered)),
            Write::Outbox(Box::new(effect)),
            Write::Blob { digest: digest(n) },
            Write::Reserve(reservation(&format!("k{n}"), n)),
        ];
        store.commit(writes(n, rows)).await.unwrap();
        store.commit(says(n, &["one", "two"])).await.unwrap();
    }
    let last = store.all_events(0, 100).await.unwrap().last().unwrap().global;
    let grave = Grave { session: id(1), blobs: vec![digest(1)] };
    assert_eq!(store.bury(&id(1), Some(1), at(9)).await.unwrap(), Burial::Done(grave.clone()));
    assert_eq!(class(store.bury(&id(1), None, at(9)).await), ErrorClass::NotFound);
    assert_eq!(left(&store, 1).await, [false; 9]);
    assert_eq!(left(&store, 2).await, [true; 9]);
    assert_eq!(class(store.commit(says(1, &["late"])).await), ErrorClass::NotFound);
    assert_eq!(store.graves(10).await.unwrap(), [grave]);
    store.commit(says(2, &["on"])).await.unwrap();
    let events = store.all_events(0, 100).await.unwrap();
    assert!(events.iter().all(|event| event.session == id(2)) && events.last().unwrap().global > last);
    for _ in 0..2 {
        store.close_grave(&id(1)).await.unwrap();
        assert_eq!(store.graves(10).await.unwrap(), []);
    }
}

/// Whether each kind of row of the n-th session is there.
async fn left(store: &Arc<dyn Store>, n: u64) -> [bool; 9] {
    let who = Principal::local();
    let query = SessionQuery { limit: 10, ..SessionQuery::default() };
    let listed = store.sessions(&who, &query).await.unwrap().rows;
    let pulls = PullQuery { session: Some(id(n)), limit: 10, ..PullQuery::default() };
    [
        store.session(&id(n)).await.unwrap().is_some(),
        listed.iter().any(|session| session.id == id(n)),
        !store.events(&id(n), 0, 10).await.unwrap().is_empty(),
        store.run(&id(n)).await.unwrap().is_some(),
        !store.messages(&id(n)).await.unwrap().is_empty(),
        store.decision(&format!("d{n}").parse().unwrap()).await.unwrap().is_some(),
        store.outbox(&format!("e{n}")).await.unwrap().is_some(),
        store.reservation(&who.tenant, &who.user, &format!("k{n}")).await.unwrap().is_some(),
        !store.pulls(&who, &pulls).await.unwrap().rows.is_empty(),
    ]
}

/// Whoever decided by an older version is refused.
pub async fn a_removal_holds_against_the_version(store: Arc<dyn Store>) {
    add(&store, over(1)).await;
    let again = Write::Session(Box::new(over(1)));
    let mut touched = change(1);
    touched.expect = Some(1);
    touched.writes.push(again);
    store.commit(touched).await.unwrap();
    assert_eq!(class(store.bury(&id(1), Some(1), THEN).await), ErrorClass::Conflict);
    assert!(matches!(store.bury(&id(1), Some(2), THEN).await.unwrap(), Burial::Done(_)));
}

/// The others find nothing.
pub async fn of_many_removals_one_is_done(store: Arc<dyn Store>) {
    add(&store, over(1)).await;
    let tasks = (0..8).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.bury(&id(1), None, THEN).await })
    });
    let mut done = 0;
    for outcome in futures::future::join_all(tasks).await {
        match outcome.unwrap() {
            Ok(burial) => {
                assert!(matches!(burial, Burial::Done(_)));
                done += 1;
            }
            Err(error) => assert_eq!(error.class, ErrorClass::NotFound),
        }
    }
    assert_eq!((done, store.graves(10).await.unwrap().len()), (1, 1));
}

/// One that two sessions name is named until the second goes; naming it twice does nothing.
pub async fn blobs_are_named_as_long_as_a_session_does(store: Arc<dyn Store>) {
    let name = |n| Write::Blob { digest: digest(n) };
    add(&store, over(1)).await;
    add(&store, Session { status: Status::Error, ..session_of(2, "ann") }).await;
    store.commit(writes(1, vec![name(7), name(8), name(7)])).await.unwrap();
    store.commit(writes(2, vec![name(8)])).await.unwrap();
    let asked: Vec<String> = (6..10).map(digest).collect();
    let unnamed = || store.unnamed_blobs(&asked);
    let sorted = |mut digests: Vec<String>| {
        digests.sort();
        digests
    };
    assert_eq!(sorted(unnamed().await.unwrap()), [digest(6), digest(9)]);
    let Burial::Done(grave) = store.bury(&id(1), None, THEN).await.unwrap() else { panic!("it is kept") };
    assert_eq!(grave.blobs, [digest(7), digest(8)]);
    assert_eq!(sorted(unnamed().await.unwrap()), [digest(6), digest(7), digest(9)]);
    store.bury(&id(2), None, THEN).await.unwrap();
    assert_eq!(unnamed().await.unwrap().len(), 4);
    assert_eq!(store.unnamed_blobs(&[]).await.unwrap(), Vec::<String>::new());
}

/// No less with more rows.
pub async fn the_rows_have_a_size(store: Arc<dyn Store>) {
    add(&store, session(1)).await;
    let before = store.bytes().await.unwrap();
    let text = "word ".repeat(100_000);
    store.commit(says(1, &[&text, &text])).await.unwrap();
    assert!(store.bytes().await.unwrap() >= before);
}
