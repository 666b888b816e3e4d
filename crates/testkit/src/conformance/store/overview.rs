//! What lists of all sessions are made from (dev layer).

use super::fixture::{add, change, principal, repository, said, session, session_of};
use std::sync::Arc;
use telecoder_model::event::{Author, EventBody, ToolCall};
use telecoder_model::port::store::{RepositoryUse, Store};
use telecoder_model::session::{Session, Status};

/// Statuses are told, floods are left out, other people's sessions do not exist, and pages go on where they ended.
pub async fn changes_are_those_that_lists_show(store: Arc<dyn Store>) {
    add(&store, session_of(1, "ann")).await;
    add(&store, session_of(2, "bob")).await;
    let mut commit = change(1);
    commit.events = vec![
        EventBody::Status { status: Status::Running, reason: None },
        said("a flood"),
        EventBody::Thought { text: "hm".to_owned() },
        EventBody::ToolCall(ToolCall { id: "t".to_owned(), ..ToolCall::default() }),
        EventBody::Message { author: Author::User, text: "go on".to_owned(), chunk: false, turn: 2 },
        EventBody::Done { status: Status::Complete },
    ];
    store.commit(commit).await.unwrap();
    let mut commit = change(2);
    commit.events = vec![EventBody::Status { status: Status::Stopped, reason: None }];
    store.commit(commit).await.unwrap();
    let ann = principal("ann");
    let told = store.changes(&ann, 0, 1000).await.unwrap();
    let shown: Vec<_> = told.iter().map(|one| (one.seq, one.name.as_str(), one.status)).collect();
    assert_eq!(
        shown,
        [(1, "status", Some(Status::Running)), (5, "message", None), (6, "done", Some(Status::Complete))]
    );
    assert!(told.iter().all(|one| one.session == session(1).id));
    let mut paged = Vec::new();
    let mut after = 0;
    while let Some(last) = store.changes(&ann, after, 1).await.unwrap().pop() {
        after = last.global;
        paged.push(last);
    }
    assert_eq!(paged, told);
    assert!(store.changes(&ann, 0, 0).await.is_err());
    assert!(store.changes(&ann, 0, 1001).await.is_err());
}

/// Counted by owner, the one that was used last first; sessions without a repository do not count.
pub async fn repositories_are_counted(store: Arc<dyn Store>) {
    add(&store, session_of(1, "ann")).await;
    add(&store, Session { status: Status::Complete, ..session_of(2, "ann") }).await;
    add(&store, Session { repository: Some(repository("acme/web")), ..session_of(3, "ann") }).await;
    add(&store, Session { repository: None, ..session_of(4, "ann") }).await;
    add(&store, session_of(5, "bob")).await;
    let used = |name: &str, sessions, active, n| RepositoryUse {
        repository: repository(name),
        sessions,
        active,
        last_used: session(n).created_at,
    };
    let ann = principal("ann");
    let all = [used("acme/web", 1, 1, 3), used("acme/api", 2, 1, 2)];
    assert_eq!(store.repositories(&ann, 1000).await.unwrap(), all);
    assert_eq!(store.repositories(&ann, 1).await.unwrap(), all[..1]);
    assert_eq!(store.repositories(&principal("carl"), 10).await.unwrap(), []);
    assert!(store.repositories(&ann, 0).await.is_err());
}
