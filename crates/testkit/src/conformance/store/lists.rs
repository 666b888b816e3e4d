//! Lists of sessions (dev layer): order, filters, pages, owners.

use super::fixture::{THEN, add, id, principal, repository, session, session_of, user, writes};
use std::sync::Arc;
use telecoder_model::ErrorClass;
use telecoder_model::id::SessionId;
use telecoder_model::policy::Policy;
use telecoder_model::port::store::{Commit, PullFilter, SessionQuery, Store, Write};
use telecoder_model::principal::Principal;
use telecoder_model::pull::{PullNews, PullState};
use telecoder_model::session::{Session, SessionPull, Status};

fn query(limit: u32) -> SessionQuery {
    SessionQuery { limit, ..SessionQuery::default() }
}

fn ids(numbers: impl IntoIterator<Item = u64>) -> Vec<SessionId> {
    numbers.into_iter().map(id).collect()
}

async fn list(store: &Arc<dyn Store>, query: &SessionQuery) -> Vec<SessionId> {
    let page = store.sessions(&Principal::local(), query).await.unwrap();
    assert_eq!(page.next, None);
    page.rows.into_iter().map(|session| session.id).collect()
}

/// Every session once, newest first, those of one moment too.
pub async fn pages_go_from_new_to_old_without_gaps(store: Arc<dyn Store>) {
    for n in 0..23 {
        // Groups of five share a moment.
        let at = session(n / 5).created_at;
        let new = Session { created_at: at, ..session(n) };
        add(&store, new).await;
    }
    let whole = store.sessions(&Principal::local(), &query(23)).await.unwrap();
    assert_eq!((whole.rows.len(), &whole.next), (23, &None));
    assert!(whole.rows.is_sorted_by(|a, b| (a.created_at, &a.id) > (b.created_at, &b.id)));
    for size in [1, 2, 7, 22] {
        let mut seen = Vec::new();
        let mut wanted = query(size);
        loop {
            let page = store.sessions(&Principal::local(), &wanted).await.unwrap();
            assert!(page.rows.len() <= usize::try_from(size).unwrap());
            seen.extend(page.rows);
            match page.next {
                Some(next) => wanted.after = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, whole.rows, "pages of {size}");
    }
}

/// Sessions that come, change or append meanwhile neither repeat nor hide those behind the page.
pub async fn pages_stay_stable_while_sessions_come(store: Arc<dyn Store>) {
    for n in 0..10 {
        add(&store, session(n)).await;
    }
    let mut seen = Vec::new();
    let mut wanted = query(3);
    let mut newer = 100;
    loop {
        let page = store.sessions(&Principal::local(), &wanted).await.unwrap();
        seen.extend(page.rows.into_iter().map(|session| session.id));
        add(&store, session(newer)).await;
        newer += 1;
        let touched = Session { status: Status::Running, ..session(9) };
        let version = store.session(&id(9)).await.unwrap().unwrap().version;
        replace(&store, 9, version, touched).await;
        match page.next {
            Some(next) => wanted.after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, ids((0..10).rev()));
}

/// A query of ten rows with one filter.
fn only(filter: impl FnOnce(&mut SessionQuery)) -> SessionQuery {
    let mut query = query(10);
    filter(&mut query);
    query
}

async fn replace(store: &Arc<dyn Store>, n: u64, version: u64, new: Session) {
    let commit = Commit { expect: Some(version), ..writes(n, vec![Write::Session(Box::new(new))]) };
    store.commit(commit).await.unwrap();
}

/// Each filter alone, and all together.
pub async fn filters_narrow_a_list(store: Arc<dyn Store>) {
    let special = Session {
        status: Status::Waiting,
        agent: "goose".parse().unwrap(),
        policy: Policy::observe(),
        parent: Some(id(1)),
        lineage: id(1),
        repository: Some(repository("/srv/code")),
        prompt: "Fix the Frobnicator".to_owned(),
        ..session(2)
    };
    add(&store, session(1)).await;
    add(&store, special.clone()).await;
    add(&store, session(3)).await;
    let filters: [fn(&mut SessionQuery); 7] = [
        |q| q.status = vec![Status::Waiting, Status::Running],
        |q| q.agent = Some("goose".parse().unwrap()),
        |q| q.policy = Some("observe".to_owned()),
        |q| q.parent = Some(id(1)),
        |q| q.repository = Some(repository("/srv/code")),
        |q| q.text = Some("frobnicator".to_owned()),
        |q| (q.status, q.lineage) = (vec![Status::Waiting], Some(id(1))),
    ];
    let mut all = query(10);
    for filter in filters {
        filter(&mut all);
        let query = only(filter);
        assert_eq!(list(&store, &query).await, ids([2]), "{query:?}");
    }
    assert_eq!(list(&store, &all).await, ids([2]), "{all:?}");
    assert_eq!(list(&store, &only(|q| q.lineage = Some(id(1)))).await, ids([2, 1]));
    assert_eq!(list(&store, &only(|q| q.parent = Some(id(3)))).await, ids([]));
}

/// A session's pull request on a forge finds it, by number, state and repository, as it is now; a local one never does.
pub async fn a_pull_request_on_a_forge_finds_its_sessions(store: Arc<dyn Store>) {
    let pull = |number: u64, state: PullState| {
        Some(SessionPull {
            number,
            url: format!("https://forge/{number}"),
            state,
            head: "a".repeat(40).parse().unwrap(),
            pushed: None,
            base: None,
            order: None,
            body_given: false,
            news: PullNews::default(),
        })
    };
    let local = Some(repository("/srv/code"));
    for new in [
        session(1),
        Session { pull: pull(7, PullState::Open), ..session(2) },
        Session {
            pull: pull(7, PullState::Draft),
            repository: local.clone(),
            target: Some(repository("acme/web")),
            ..session(3)
        },
        Session { pull: pull(7, PullState::Open), repository: local.clone(), ..session(4) },
        Session { pull: pull(8, PullState::Open), ..session_of(5, "ann") },
    ] {
        add(&store, new).await;
    }
    let of = async |filter: PullFilter| list(&store, &only(|q| q.pull = Some(filter))).await;
    let all = PullFilter::default;
    assert_eq!(of(all()).await, ids([3, 2]));
    assert_eq!(of(PullFilter { number: Some(7), ..all() }).await, ids([3, 2]));
    assert_eq!(of(PullFilter { number: Some(8), ..all() }).await, ids([]));
    assert_eq!(of(PullFilter { state: vec![PullState::Draft], ..all() }).await, ids([3]));
    let both = vec![PullState::Draft, PullState::Open, PullState::Merged];
    assert_eq!(of(PullFilter { state: both, ..all() }).await, ids([3, 2]));
    for (place, found) in [("acme/web", 3), ("/srv/code", 3), ("acme/api", 2)] {
        let there = PullFilter { repository: Some(repository(place)), ..all() };
        assert_eq!(of(there).await, ids([found]), "{place}");
    }
    let merged = Session { pull: pull(9, PullState::Merged), ..session(2) };
    replace(&store, 2, 1, merged).await;
    replace(&store, 3, 1, Session { repository: local, ..session(3) }).await;
    assert_eq!(of(PullFilter { number: Some(7), ..all() }).await, ids([]));
    assert_eq!(of(PullFilter { number: Some(9), state: vec![PullState::Merged], ..all() }).await, ids([2]));
    assert_eq!(of(all()).await, ids([2]));
}

/// The status of now counts, one or several.
pub async fn a_list_follows_the_status(store: Arc<dyn Store>) {
    for n in 1..=3 {
        add(&store, session(n)).await;
    }
    let complete = Session { status: Status::Complete, ..session(3) };
    replace(&store, 3, 1, complete).await;
    let of = async |status: &[Status]| list(&store, &only(|q| q.status = status.to_vec())).await;
    assert_eq!(of(&[Status::Complete]).await, ids([3]));
    assert_eq!(of(&[Status::Pending]).await, ids([2, 1]));
    assert_eq!(of(&[Status::Complete, Status::Pending]).await, ids([3, 2, 1]));
    assert_eq!(of(&Status::ALL).await, ids([3, 2, 1]));
    assert_eq!(of(&[Status::Stopped]).await, ids([]));
}

/// Title and prompt, without regard to case beyond ASCII too, and nothing in the text is a pattern.
pub async fn a_search_ignores_case(store: Arc<dyn Store>) {
    let named = |n: u64, title: Option<&str>, prompt: &str| Session {
        title: title.map(ToOwned::to_owned),
        prompt: prompt.to_owned(),
        ..session(n)
    };
    add(&store, named(1, None, "Räume das LAGER auf")).await;
    add(&store, named(2, Some("Grüße ÜBERALL"), "x")).await;
    add(&store, named(3, None, "raise to 100% _now_")).await;
    let found = async |text: &str| {
        let query = SessionQuery { text: Some(text.to_owned()), ..query(10) };
        list(&store, &query).await
    };
    assert_eq!(found("lager").await, ids([1]));
    assert_eq!(found("RÄUME").await, ids([1]));
    assert_eq!(found("überall").await, ids([2]));
    assert_eq!(found("100%").await, ids([3]));
    assert_eq!(found("%").await, ids([3]));
    assert_eq!(found("_now_").await, ids([3]));
    assert_eq!(found("' OR 1=1 --").await, ids([]));
    let mut renamed = named(1, Some("Inventory"), "Räume das LAGER auf");
    renamed.status = Status::Running;
    replace(&store, 1, 1, renamed).await;
    assert_eq!(found("INVENTORY").await, ids([1]));
}

/// Neither another user nor another tenant shows up.
pub async fn lists_show_only_what_is_the_owners(store: Arc<dyn Store>) {
    add(&store, session_of(1, "ann")).await;
    add(&store, session_of(2, "bob")).await;
    let elsewhere = Session { tenant: "elsewhere".parse().unwrap(), ..session_of(3, "ann") };
    add(&store, elsewhere).await;
    let seen = async |who: &Principal| -> Vec<SessionId> {
        let page = store.sessions(who, &query(10)).await.unwrap();
        page.rows.into_iter().map(|session| session.id).collect()
    };
    assert_eq!(seen(&principal("ann")).await, ids([1]));
    assert_eq!(seen(&principal("bob")).await, ids([2]));
    assert_eq!(seen(&principal("nobody")).await, ids([]));
    let there = Principal { tenant: "elsewhere".parse().unwrap(), user: user("ann"), ..Principal::local() };
    assert_eq!(seen(&there).await, ids([3]));
    assert_eq!(store.sessions_by_prefix(&principal("bob"), id(1).as_str()).await.unwrap(), ids([]));
    assert_eq!(store.sessions_by_prefix(&there, id(3).as_str()).await.unwrap(), ids([3]));
}

/// A prefix finds the owner's ids, at most 10, and is no pattern.
pub async fn a_prefix_finds_ids(store: Arc<dyn Store>) {
    for n in 0..32 {
        add(&store, session(n)).await;
    }
    let who = Principal::local();
    let whole = id(7);
    let found = store.sessions_by_prefix(&who, whole.as_str()).await.unwrap();
    assert_eq!(found, vec![whole.clone()]);
    let found = store.sessions_by_prefix(&who, &whole.as_str()[..1]).await.unwrap();
    assert_eq!(found, vec![whole.clone()]);
    assert_eq!(store.sessions_by_prefix(&who, "").await.unwrap().len(), 10);
    for none in ["zzzz", "%", "_", "A", "{", "\u{10ffff}", "aaaaaaaaaaaaaaaa"] {
        assert_eq!(store.sessions_by_prefix(&who, none).await.unwrap(), ids([]), "{none}");
    }
}

/// 1 to 1,000 rows, and only places that a list gave.
pub async fn bounds_of_pages_hold(store: Arc<dyn Store>) {
    add(&store, session(1)).await;
    for limit in [0, 1001, u32::MAX] {
        let error = store.sessions(&Principal::local(), &query(limit)).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Permanent);
    }
    for after in ["", "x", "1", "' OR 1=1", "s1-../../etc"] {
        let made_up = SessionQuery { after: Some(after.to_owned()), ..query(1) };
        let error = store.sessions(&Principal::local(), &made_up).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::NotFound, "{after}");
    }
    let endless = SessionQuery { text: Some("x".repeat(1 << 20)), ..query(1) };
    assert!(store.sessions(&Principal::local(), &endless).await.is_err());
    assert!(session(1).created_at > THEN);
}
