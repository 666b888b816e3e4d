//! How the database reads (layer 1, tests only): no statement of a list, of events or of the queue looks at a whole
//! table, and none sorts what an index has in order.

use super::{SqliteOptions, SqliteStore};
use super::{access, end, job, overview, pull, run, session, sign_in};
use crate::list;
use crate::page::SessionPlace;
use sqlx::{AssertSqlSafe, Row};
use telecoder_model::id::{SessionId, TenantId, UserId};
use telecoder_model::port::store::{EndedQuery, EndedSession, PullFilter, PullQuery, SessionQuery};
use telecoder_model::principal::Principal;
use telecoder_model::pull::PullState;
use telecoder_model::session::Status;
use telecoder_model::time::Timestamp;

async fn store() -> (tempfile::TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("t.db"), SqliteOptions::default()).await.unwrap();
    (folder, store)
}

async fn plan(store: &SqliteStore, statement: &str) -> Vec<String> {
    sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}")))
        .fetch_all(&mut *store.reader().await.unwrap())
        .await
        .unwrap()
        .iter()
        .map(|row| row.get::<String, _>("detail"))
        .collect()
}

async fn check(store: &SqliteStore, statement: &str, index: &str) {
    let lines = plan(store, statement).await;
    let text = lines.join("\n");
    for line in &lines {
        assert!(!line.contains("TEMP B-TREE"), "{statement}\n{text}");
        assert!(!line.starts_with("SCAN "), "{statement}\n{text}");
    }
    assert!(text.contains(index), "not by {index}: {statement}\n{text}");
}

fn sessions(query: SessionQuery) -> String {
    let query = SessionQuery { limit: 50, ..query };
    list::sessions::<sqlx::Sqlite>(&Principal::local(), &query).unwrap().into_string()
}

fn pulls(query: PullQuery) -> String {
    let query = PullQuery { limit: 50, ..query };
    list::pulls::<sqlx::Sqlite>(&Principal::local(), &query).unwrap().into_string()
}

/// Puts one filter into a query.
type Filter = fn(&mut SessionQuery);

/// Each filter of the list of sessions with the index that must serve it.
fn filters() -> [(Filter, &'static str); 12] {
    [
        (|_| {}, "sessions_newest"),
        (|q| q.status = vec![Status::Running], "sessions_status"),
        (|q| q.status = vec![Status::Running, Status::Waiting], "sessions_newest"),
        (|q| q.agent = Some("gym".parse().unwrap()), "sessions_newest"),
        (|q| q.policy = Some("x".to_owned()), "sessions_newest"),
        (|q| q.parent = Some(some_id()), "sessions_parent"),
        (|q| q.lineage = Some(some_id()), "sessions_lineage"),
        (|q| q.repository = Some("a/b".parse().unwrap()), "sessions_repository"),
        (|q| q.text = Some("x".to_owned()), "sessions_newest"),
        (|q| q.pull = Some(PullFilter::default()), "sessions_pulls"),
        (|q| q.pull = Some(PullFilter { number: Some(7), ..PullFilter::default() }), "sessions_pull "),
        (
            |q| {
                let (state, repository) = (vec![PullState::Open], Some("a/b".parse().unwrap()));
                q.pull = Some(PullFilter { number: None, state, repository });
            },
            "sessions_pulls",
        ),
    ]
}

fn some_id() -> SessionId {
    SessionId::from_random([1; 8])
}

#[tokio::test]
async fn lists_of_sessions_use_an_index_in_their_order() {
    let (_folder, store) = store().await;
    let after = SessionPlace { created_at: Timestamp::from_micros(1), id: some_id() };
    for (filter, index) in filters() {
        let mut query = SessionQuery::default();
        filter(&mut query);
        check(&store, &sessions(query.clone()), index).await;
        query.after = Some(after.write());
        check(&store, &sessions(query), index).await;
    }
    check(&store, session::BY_PREFIX, "sessions_prefix").await;
}

#[tokio::test]
async fn events_are_read_by_their_numbers() {
    let (_folder, store) = store().await;
    check(&store, session::EVENTS, "events_session (session=? AND seq>?)").await;
    check(&store, session::ALL_EVENTS, "INTEGER PRIMARY KEY (rowid>?)").await;
    check(&store, overview::CHANGES, "INTEGER PRIMARY KEY (rowid>?)").await;
}

#[tokio::test]
async fn rows_of_an_execution_are_read_by_index() {
    let (_folder, store) = store().await;
    check(&store, run::INPUTS, "(session=? AND process=? AND number>?)").await;
    check(&store, run::MESSAGES, "(session=?)").await;
    let (tenant, owner, id) = (TenantId::default_tenant(), UserId::local(), SessionId::from_random([1; 8]));
    let of_owner = list::pending::<sqlx::Sqlite>(&tenant, Some(&owner), None).into_string();
    check(&store, &of_owner, "decisions_pending (tenant=? AND owner=?)").await;
    let of_session = list::pending::<sqlx::Sqlite>(&tenant, None, Some(&id)).into_string();
    check(&store, &of_session, "decisions_session (session=?)").await;
    let both = list::pending::<sqlx::Sqlite>(&tenant, Some(&owner), Some(&id)).into_string();
    check(&store, &both, "decisions_").await;
    check(&store, access::TOKEN, "(hash=?)").await;
    check(&store, access::TOKENS, "tokens_newest (tenant=?)").await;
    check(&store, sign_in::SIGN_IN, "(hash=?)").await;
    // Only the sums of repositories are sorted.
    let repositories = plan(&store, overview::REPOSITORIES).await.join("\n");
    assert!(
        repositories.starts_with("SEARCH sessions USING INDEX sessions_repository (tenant=? AND owner=?"),
        "{repositories}"
    );
}

#[tokio::test]
async fn pull_requests_are_read_by_index() {
    let (_folder, store) = store().await;
    check(&store, pull::OPEN_OF_HEAD, "pulls_open (tenant=? AND repository=? AND head=?)").await;
    let queries = [
        (PullQuery::default(), "pulls_newest"),
        (
            PullQuery { state: vec![PullState::Open, PullState::Draft], ..PullQuery::default() },
            "pulls_newest",
        ),
        (PullQuery { repository: Some("/srv/x".parse().unwrap()), ..PullQuery::default() }, "pulls_newest"),
        (
            PullQuery { session: Some(SessionId::from_random([1; 8])), ..PullQuery::default() },
            "pulls_session",
        ),
        (PullQuery { after: Some("p5".to_owned()), ..PullQuery::default() }, "pulls_newest"),
    ];
    for (query, index) in queries {
        check(&store, &pulls(query), index).await;
    }
}

/// Also where a session's rows go: nothing looks at those of others, not even the check of what refers to it.
#[tokio::test]
async fn the_end_of_sessions_uses_indices() {
    let (_folder, store) = store().await;
    let row = EndedSession { id: some_id(), updated_at: Timestamp::from_micros(1) };
    for (after, owner) in [(None, None), (Some(row), Some(Principal::local()))] {
        let query = EndedQuery { before: Timestamp::from_micros(2), owner, after, limit: 10 };
        check(&store, &end::ended(&query).unwrap().into_string(), "sessions_ended (").await;
    }
    check(&store, end::ACTIVE, "sessions_active (id>?)").await;
    check(&store, end::HOLD, "outbox_session (session=?)").await;
    for statement in end::ROWS {
        check(&store, statement, "USING").await;
    }
    let unnamed = plan(&store, end::UNNAMED).await.join("\n");
    assert!(unnamed.contains("blob_uses_digest (digest=?)"), "{unnamed}");
}

/// The outbox is read in the order of its rows through an index that holds only what is pending; the queue by one step
/// for each user that waits, and only those users are sorted.
#[tokio::test]
async fn queues_are_read_without_looking_at_what_is_done() {
    let (_folder, store) = store().await;
    let due = plan(&store, run::DUE).await.join("\n");
    assert_eq!(due, "SCAN outbox USING INDEX outbox_pending");
    let next = plan(&store, job::NEXT).await;
    for line in &next {
        assert!(
            !line.starts_with("SCAN ") || line == "SCAN waiting" || line == "SCAN c",
            "{}",
            next.join("\n")
        );
    }
    let text = next.join("\n");
    for index in [
        "SEARCH j USING INDEX jobs_waiting (account=?)",
        "SEARCH l USING INDEX jobs_account (account=?)",
        "SEARCH r USING INDEX jobs_repository (repository=?)",
    ] {
        assert!(text.contains(index), "{index}\n{text}");
    }
}
