//! All or nothing (dev layer): whatever write of a commit fails, nothing of it is left.

use super::fixture::{
    NEVER, THEN, claim, decision, effect, fence, id, queue_message, reservation, said, server, session,
    writes,
};
use std::sync::Arc;
use telecoder_model::ErrorClass;
use telecoder_model::decision::{Decision, DecisionState};
use telecoder_model::id::{ProcessId, TenantId, UserId};
use telecoder_model::port::store::{Claim, Commit, MessageState, OutboxRow, OutboxState, Store, Write};

fn process() -> ProcessId {
    "agent-1".parse().unwrap()
}

fn input(number: u64) -> Write {
    Write::Input { process: process(), number, line: "line".into() }
}

fn delivered(number: u64) -> Write {
    Write::Message { number, state: MessageState::Delivered, turn: Some(1) }
}

fn answered() -> Write {
    Write::Decision(Box::new(Decision { state: DecisionState::Approved, ..decision("old", 1) }))
}

fn settled() -> Write {
    Write::OutboxUpdate(Box::new(OutboxRow { state: OutboxState::Done, ..effect("old", 1) }))
}

/// A session with one row of each kind, and its claim.
async fn begin(store: &Arc<dyn Store>) -> Claim {
    let rows = vec![
        Write::NewSession(Box::new(session(1))),
        Write::Run(serde_json::json!({"step": 1})),
        input(1),
        queue_message("first"),
        Write::NewDecision(Box::new(decision("old", 1))),
        Write::Outbox(Box::new(effect("old", 1))),
        Write::Reserve(reservation("old", 1)),
        Write::Enqueue { not_before: THEN },
    ];
    store.commit(writes(1, rows)).await.unwrap();
    store.register(&server("s1")).await.unwrap();
    claim(store, "s1").await.unwrap()
}

/// One write of each kind that can follow, all of which succeed.
fn one_of_each() -> Vec<Write> {
    vec![
        Write::Session(Box::new(session(1))),
        Write::Run(serde_json::json!({"step": 2})),
        input(2),
        Write::DropInputs { process: process(), up_to: 1 },
        queue_message("second"),
        delivered(1),
        Write::NewDecision(Box::new(decision("new", 1))),
        answered(),
        Write::Enqueue { not_before: NEVER },
        Write::EndJob,
        Write::Outbox(Box::new(effect("new", 1))),
        settled(),
        Write::Blob { digest: "b".repeat(64) },
        Write::Reserve(reservation("new", 1)),
    ]
}

/// Writes that fail after those.
fn failing() -> Vec<(Write, ErrorClass)> {
    let (conflict, not_found) = (ErrorClass::Conflict, ErrorClass::NotFound);
    vec![
        (Write::NewSession(Box::new(session(1))), conflict),
        (input(2), conflict),
        (input(9), conflict),
        (delivered(1), conflict),
        (delivered(9), not_found),
        (Write::NewDecision(Box::new(decision("old", 1))), conflict),
        (answered(), conflict),
        (Write::Decision(Box::new(decision("none", 1))), not_found),
        (settled(), conflict),
        (Write::OutboxUpdate(Box::new(effect("none", 1))), not_found),
        (Write::Reserve(reservation("old", 1)), conflict),
    ]
}

/// Everything that the session has, for comparison.
async fn everything(store: &Arc<dyn Store>) -> String {
    let tenant = TenantId::default_tenant();
    format!(
        "{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}",
        store.session(&id(1)).await.unwrap(),
        store.events(&id(1), 0, 1000).await.unwrap(),
        store.run(&id(1)).await.unwrap(),
        store.inputs(&id(1), &process(), 0).await.unwrap(),
        store.messages(&id(1)).await.unwrap(),
        store.pending_decisions(&tenant, None, Some(&id(1))).await.unwrap(),
        store.outbox("old").await.unwrap(),
        store.outbox("new").await.unwrap(),
        store.reservation(&tenant, &UserId::local(), "new").await.unwrap(),
        store.unnamed_blobs(&["b".repeat(64)]).await.unwrap(),
        store.depth().await.unwrap(),
    )
}

/// For each kind of write: a commit of one of each, ended by one that fails, leaves no trace.
pub async fn a_failing_write_of_any_kind_leaves_nothing_behind(store: Arc<dyn Store>) {
    let lease = begin(&store).await;
    let untouched = everything(&store).await;
    let commit = |last: Option<Write>| Commit {
        expect: Some(1),
        fence: fence("s1", &lease),
        events: vec![said("gone")],
        ..writes(1, one_of_each().into_iter().chain(last).collect())
    };
    for (write, class) in failing() {
        let error = store.commit(commit(Some(write.clone()))).await.unwrap_err();
        assert_eq!(error.class, class, "{write:?}: {error:?}");
        assert_eq!(everything(&store).await, untouched, "{write:?}");
    }
    // Without the one that fails, all of it happens.
    let done = store.commit(commit(None)).await.unwrap();
    assert_eq!((done.version, done.last_seq, done.message), (2, 1, Some(2)));
}
