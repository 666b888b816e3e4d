//! Local pull requests (dev layer): one open one a head, and what their state allows.

use super::fixture::{NEVER, THEN, add, class, principal, repository, session, session_of, user};
use std::sync::Arc;
use telecoder_model::ErrorClass;
use telecoder_model::id::TenantId;
use telecoder_model::port::store::{NewPull, PullChange, PullQuery, Store};
use telecoder_model::principal::Principal;
use telecoder_model::pull::{Pull, PullState};
use telecoder_model::refs::{BranchName, ObjectId};

fn commit(digit: char) -> ObjectId {
    digit.to_string().repeat(40).parse().unwrap()
}

/// A pull request of the n-th session.
fn new(n: u64) -> NewPull {
    let made = session(n);
    NewPull {
        tenant: made.tenant,
        owner: made.owner,
        session: made.id.clone(),
        repository: repository("/srv/code"),
        title: format!("Change {n}"),
        body: "What and why".to_owned(),
        base: "main".parse().unwrap(),
        head: BranchName::of_session(&made.id),
        head_commit: commit('a'),
        state: PullState::Open,
        at: THEN,
    }
}

fn state(state: PullState) -> PullChange {
    PullChange { state: Some(state), ..PullChange::default() }
}

/// The second request for an open head gives the first; after it was closed, a new one.
pub async fn a_head_has_one_open_pull_request(store: Arc<dyn Store>) {
    add(&store, session(1)).await;
    let (first, made) = store.open_pull(new(1)).await.unwrap();
    assert!(made);
    let expected = Pull {
        number: 1,
        tenant: TenantId::default_tenant(),
        owner: user("local"),
        session: session(1).id,
        repository: repository("/srv/code"),
        title: "Change 1".to_owned(),
        body: "What and why".to_owned(),
        base: "main".parse().unwrap(),
        head: BranchName::of_session(&session(1).id),
        head_commit: commit('a'),
        state: PullState::Open,
        merge_commit: None,
        created_at: THEN,
        updated_at: THEN,
    };
    assert_eq!(first, expected);
    let other = NewPull { title: "another".to_owned(), state: PullState::Draft, ..new(1) };
    assert_eq!(store.open_pull(other.clone()).await.unwrap(), (first.clone(), false));
    assert_eq!(store.pull(1).await.unwrap(), Some(first));
    assert_eq!(store.pull(2).await.unwrap(), None);
    let elsewhere = NewPull { repository: repository("/srv/other"), ..other.clone() };
    assert!(store.open_pull(elsewhere).await.unwrap().1);
    store.change_pull(1, state(PullState::Closed), THEN).await.unwrap();
    let (third, made) = store.open_pull(other).await.unwrap();
    assert!(made && third.number > 1);
    assert_eq!(third.state, PullState::Draft);
    let finished = NewPull { state: PullState::Merged, ..new(1) };
    assert_eq!(store.open_pull(finished).await.unwrap_err().class, ErrorClass::Permanent);
}

/// However many ask at the same time, one is made.
pub async fn concurrent_openers_get_the_same_pull_request(store: Arc<dyn Store>) {
    add(&store, session(1)).await;
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.open_pull(new(1)).await.unwrap() })
        })
        .collect();
    let mut made = 0;
    for task in tasks {
        let (pull, fresh) = task.await.unwrap();
        assert_eq!(pull.number, 1);
        made += u32::from(fresh);
    }
    assert_eq!(made, 1);
}

/// While it is open everything may change.
pub async fn an_open_pull_request_changes(store: Arc<dyn Store>) {
    add(&store, session(1)).await;
    let draft = NewPull { state: PullState::Draft, ..new(1) };
    let (before, _) = store.open_pull(draft).await.unwrap();
    let update = PullChange {
        title: Some("Better".to_owned()),
        body: Some("More".to_owned()),
        head_commit: Some(commit('b')),
        base: Some("develop".parse().unwrap()),
        state: Some(PullState::Open),
        merge_commit: None,
    };
    let expected = Pull {
        title: "Better".to_owned(),
        body: "More".to_owned(),
        head_commit: commit('b'),
        base: "develop".parse().unwrap(),
        state: PullState::Open,
        updated_at: NEVER,
        ..before
    };
    assert_eq!(store.change_pull(1, update, NEVER).await.unwrap(), expected);
    assert_eq!(store.pull(1).await.unwrap(), Some(expected));
    assert_eq!(class(store.change_pull(9, state(PullState::Closed), THEN).await), ErrorClass::NotFound);
}

/// Words may change always, the rest only while it is open.
pub async fn the_state_of_a_pull_request_rules_its_changes(store: Arc<dyn Store>) {
    add(&store, session(1)).await;
    store.open_pull(new(1)).await.unwrap();
    let merge = PullChange { merge_commit: Some(commit('c')), ..state(PullState::Merged) };
    let merged = store.change_pull(1, merge.clone(), NEVER).await.unwrap();
    assert_eq!((merged.state, merged.merge_commit.clone()), (PullState::Merged, Some(commit('c'))));
    let moved = PullChange { head_commit: Some(commit('d')), ..PullChange::default() };
    let rebased = PullChange { base: Some("main".parse().unwrap()), ..PullChange::default() };
    for change in [merge, state(PullState::Open), state(PullState::Closed), moved, rebased] {
        let outcome = store.change_pull(1, change.clone(), NEVER).await;
        assert_eq!(class(outcome), ErrorClass::Conflict, "{change:?}");
    }
    assert_eq!(store.pull(1).await.unwrap(), Some(merged));
    let words = PullChange { title: Some("Afterwards".to_owned()), ..PullChange::default() };
    assert_eq!(store.change_pull(1, words, NEVER).await.unwrap().title, "Afterwards");
}

fn query(limit: u32) -> PullQuery {
    PullQuery { limit, ..PullQuery::default() }
}

async fn numbers(store: &Arc<dyn Store>, who: &Principal, query: &PullQuery) -> (Vec<u64>, Option<String>) {
    let page = store.pulls(who, query).await.unwrap();
    (page.rows.into_iter().map(|pull| pull.number).collect(), page.next)
}

/// Newest first, and only places that the list gave.
pub async fn pull_requests_are_listed_in_pages(store: Arc<dyn Store>) {
    for n in 1..=5 {
        add(&store, session(n)).await;
        store.open_pull(new(n)).await.unwrap();
    }
    let me = Principal::local();
    let mut seen = Vec::new();
    let mut wanted = query(2);
    loop {
        let (rows, next) = numbers(&store, &me, &wanted).await;
        seen.push(rows);
        match next {
            Some(next) => wanted.after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, vec![vec![5, 4], vec![3, 2], vec![1]]);
    for limit in [0, 1001] {
        assert_eq!(class(store.pulls(&me, &query(limit)).await), ErrorClass::Permanent);
    }
    let mut made_up = query(1);
    made_up.after = Some("x".to_owned());
    assert_eq!(class(store.pulls(&me, &made_up).await), ErrorClass::NotFound);
}

/// The owner's only, narrowed by each filter.
pub async fn a_list_of_pull_requests_is_narrowed(store: Arc<dyn Store>) {
    for n in 1..=3 {
        add(&store, session(n)).await;
        store.open_pull(new(n)).await.unwrap();
    }
    add(&store, session_of(4, "bob")).await;
    let bobs = NewPull { owner: user("bob"), repository: repository("/srv/bob"), ..new(4) };
    store.open_pull(bobs).await.unwrap();
    store.change_pull(2, state(PullState::Closed), THEN).await.unwrap();
    let me = Principal::local();
    assert_eq!(numbers(&store, &me, &query(10)).await.0, [3, 2, 1]);
    let mut closed = query(10);
    closed.state = vec![PullState::Closed, PullState::Merged];
    assert_eq!(numbers(&store, &me, &closed).await.0, [2]);
    let mut of_session = query(10);
    of_session.session = Some(session(3).id);
    assert_eq!(numbers(&store, &me, &of_session).await.0, [3]);
    let mut of_repository = query(10);
    of_repository.repository = Some(repository("/srv/bob"));
    assert_eq!(numbers(&store, &me, &of_repository).await.0, Vec::<u64>::new());
    assert_eq!(numbers(&store, &principal("bob"), &of_repository).await.0, [4]);
}
