//! What belongs to an execution (dev layer): state, input lines, messages, decisions, outside effects, idempotency keys.

use super::fixture::{
    NEVER, THEN, add, class, decision, effect, id, queue_message, reservation, session, session_of, user,
    writes,
};
use bytes::Bytes;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use telecoder_model::ErrorClass;
use telecoder_model::decision::{Decision, DecisionState};
use telecoder_model::id::{DecisionId, ProcessId, TenantId, UserId};
use telecoder_model::port::store::{
    Message, MessageState, OutboxRow, OutboxState, Queueing, Reservation, Reserved, Store, Write,
};

/// The last state counts, and comes back as it was.
pub async fn the_state_of_an_execution_is_replaced(store: Arc<dyn Store>) {
    add(&store, session(1)).await;
    assert_eq!(store.run(&id(1)).await.unwrap(), None);
    for state in
        [json!({"offset": 1}), json!({"offset": u64::MAX, "text": "\u{0} ü \" \\", "list": [1.5, null]})]
    {
        store.commit(writes(1, vec![Write::Run(state.clone())])).await.unwrap();
        assert_eq!(store.run(&id(1)).await.unwrap(), Some(state));
    }
}

fn line(process: &ProcessId, number: u64, line: &'static [u8]) -> Write {
    Write::Input { process: process.clone(), number, line: Bytes::from_static(line) }
}

/// Lines come back in order and byte for byte; a number is given once; forgetting stops at the number that is named.
pub async fn input_lines_are_kept_until_forgotten(store: Arc<dyn Store>) {
    add(&store, session(1)).await;
    let agent: ProcessId = "agent-1".parse().unwrap();
    let other: ProcessId = "agent-2".parse().unwrap();
    let first = vec![
        line(&agent, 1, b"one"),
        line(&agent, 2, b"\x00\xff not text"),
        line(&agent, 3, b""),
        line(&other, 1, b"other"),
    ];
    store.commit(writes(1, first)).await.unwrap();
    let kept = store.inputs(&id(1), &agent, 0).await.unwrap();
    let expected: Vec<(u64, Bytes)> = vec![
        (1, Bytes::from_static(b"one")),
        (2, Bytes::from_static(b"\x00\xff not text")),
        (3, Bytes::new()),
    ];
    assert_eq!(kept, expected);
    assert_eq!(store.inputs(&id(1), &agent, 2).await.unwrap(), expected[2..]);
    for number in [0, 3, 5] {
        let error = store.commit(writes(1, vec![line(&agent, number, b"x")])).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Conflict, "{number}");
    }
    let forget = |up_to| Write::DropInputs { process: agent.clone(), up_to };
    store.commit(writes(1, vec![forget(2)])).await.unwrap();
    assert_eq!(store.inputs(&id(1), &agent, 0).await.unwrap(), expected[2..]);
    store.commit(writes(1, vec![forget(u64::MAX), forget(u64::MAX)])).await.unwrap();
    assert_eq!(store.inputs(&id(1), &agent, 0).await.unwrap(), Vec::new());
    assert_eq!(store.inputs(&id(1), &other, 0).await.unwrap().len(), 1);
    // Numbers go on behind what was forgotten, or begin anew with a new process of the name.
    store.commit(writes(1, vec![line(&agent, 4, b"four")])).await.unwrap();
    store.commit(writes(1, vec![forget(4), line(&agent, 1, b"anew")])).await.unwrap();
    assert_eq!(store.inputs(&id(1), &agent, 0).await.unwrap(), vec![(1, Bytes::from_static(b"anew"))]);
}

/// Numbers are dense also among writers at the same time.
pub async fn messages_are_numbered_densely(store: Arc<dyn Store>) {
    add(&store, session(1)).await;
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let store = Arc::clone(&store);
            let commit = writes(1, vec![queue_message("hello")]);
            tokio::spawn(async move { store.commit(commit).await.unwrap().message })
        })
        .collect();
    let mut numbers = Vec::new();
    for task in tasks {
        numbers.extend(task.await.unwrap());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=8).collect::<Vec<u64>>());
    let kept = store.messages(&id(1)).await.unwrap();
    assert!(kept.iter().map(|message| message.number).eq(1..=8));
    assert_eq!(store.messages(&id(2)).await.unwrap(), Vec::new());
}

/// A message is kept as it was written, and leaves the queue once.
pub async fn a_message_leaves_the_queue_once(store: Arc<dyn Store>) {
    add(&store, session(1)).await;
    let written =
        Write::NewMessage { author: user("ann"), content: "Also *this*".to_owned(), queue: Queueing::Steer };
    let second = writes(1, vec![queue_message("first"), written]);
    assert_eq!(store.commit(second).await.unwrap().message, Some(2));
    let expected = Message {
        number: 2,
        author: user("ann"),
        content: "Also *this*".to_owned(),
        queue: Queueing::Steer,
        state: MessageState::Queued,
        turn: None,
        created_at: writes(1, vec![]).at,
    };
    assert_eq!(store.messages(&id(1)).await.unwrap()[1], expected);

    let change = |number, state, turn| writes(1, vec![Write::Message { number, state, turn }]);
    store.commit(change(2, MessageState::Delivered, Some(3))).await.unwrap();
    let late = store.commit(change(2, MessageState::Dropped, None)).await;
    assert_eq!(class(late), ErrorClass::Conflict);
    for none in [0, 3, u64::MAX] {
        let outcome = store.commit(change(none, MessageState::Dropped, None)).await;
        assert_eq!(class(outcome), ErrorClass::NotFound, "{none}");
    }
    let delivered = Message { state: MessageState::Delivered, turn: Some(3), ..expected };
    let kept = store.messages(&id(1)).await.unwrap();
    assert_eq!((kept[0].state, &kept[1]), (MessageState::Queued, &delivered));
}

/// Of all answers at the same time one wins, and it is the one that is kept.
pub async fn the_first_answer_to_a_decision_wins(store: Arc<dyn Store>) {
    add(&store, session(1)).await;
    let asked = decision("d1", 1);
    store.commit(writes(1, vec![Write::NewDecision(Box::new(asked.clone()))])).await.unwrap();
    let name: DecisionId = "d1".parse().unwrap();
    assert_eq!(store.decision(&name).await.unwrap(), Some(asked.clone()));
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let answer = Decision {
                state: if n % 2 == 0 { DecisionState::Approved } else { DecisionState::Denied },
                answered_by: Some(user(&format!("user-{n}"))),
                answered_at: Some(NEVER),
                ..asked.clone()
            };
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let commit = writes(1, vec![Write::Decision(Box::new(answer.clone()))]);
                (answer, store.commit(commit).await)
            })
        })
        .collect();
    let mut winner = None;
    for task in tasks {
        let (answer, outcome) = task.await.unwrap();
        match outcome {
            Ok(_) => assert_eq!(winner.replace(answer), None, "two won"),
            Err(error) => assert_eq!(error.class, ErrorClass::Conflict),
        }
    }
    assert_eq!(store.decision(&name).await.unwrap(), Some(winner.unwrap()));
    assert_eq!(store.decision(&"none".parse().unwrap()).await.unwrap(), None);
}

/// Only what still waits, of whom or what is asked for.
pub async fn pending_decisions_are_listed_oldest_first(store: Arc<dyn Store>) {
    add(&store, session_of(1, "ann")).await;
    add(&store, session_of(2, "ann")).await;
    add(&store, session_of(3, "bob")).await;
    let ask = async |name: &str, n: u64, owner: &str| {
        let asked = Decision { owner: user(owner), ..decision(name, n) };
        store.commit(writes(n, vec![Write::NewDecision(Box::new(asked.clone()))])).await.unwrap();
        asked
    };
    let late = ask("late", 2, "ann").await;
    let early = ask("early", 1, "ann").await;
    let bobs = ask("bobs", 3, "bob").await;
    let answered = ask("answered", 1, "ann").await;
    let answer = Decision { state: DecisionState::Cancelled, ..answered };
    store.commit(writes(1, vec![Write::Decision(Box::new(answer))])).await.unwrap();
    let tenant = TenantId::default_tenant();
    let ann = user("ann");
    let pending = async |owner, n: Option<u64>| {
        let session = n.map(id);
        store.pending_decisions(&tenant, owner, session.as_ref()).await.unwrap()
    };
    assert_eq!(pending(Some(&ann), None).await, vec![early.clone(), late.clone()]);
    assert_eq!(pending(None, Some(2)).await, vec![late.clone()]);
    assert_eq!(pending(Some(&ann), Some(3)).await, Vec::new());
    assert_eq!(pending(None, None).await, vec![early, late, bobs]);
    let elsewhere: TenantId = "elsewhere".parse().unwrap();
    assert_eq!(store.pending_decisions(&elsewhere, None, Some(&id(2))).await.unwrap(), Vec::new());
}

/// The same effect is one row whoever decides it again; a settled one does not change.
pub async fn an_outside_effect_is_written_once(store: Arc<dyn Store>) {
    add(&store, session(1)).await;
    let row = effect("publish:1", 1);
    let again = OutboxRow { payload: json!("another"), ..row.clone() };
    for write in [row.clone(), again] {
        store.commit(writes(1, vec![Write::Outbox(Box::new(write))])).await.unwrap();
    }
    assert_eq!(store.outbox("publish:1").await.unwrap(), Some(row.clone()));
    let update =
        async |row: OutboxRow| store.commit(writes(1, vec![Write::OutboxUpdate(Box::new(row))])).await;
    let tried = OutboxRow {
        tries: 1,
        not_before: NEVER,
        result: Some(json!({"error": "the forge does not answer"})),
        ..row.clone()
    };
    update(tried.clone()).await.unwrap();
    assert_eq!(store.outbox("publish:1").await.unwrap(), Some(tried.clone()));
    let done = OutboxRow { state: OutboxState::Done, result: Some(json!({"number": 7})), ..tried.clone() };
    update(done.clone()).await.unwrap();
    assert_eq!(update(tried).await.unwrap_err().class, ErrorClass::Conflict);
    assert_eq!(update(effect("none", 1)).await.unwrap_err().class, ErrorClass::NotFound);
    assert_eq!(store.outbox("publish:1").await.unwrap(), Some(done));
    assert_eq!(store.outbox("none").await.unwrap(), None);
}

/// Pending and due, oldest first, bounded.
pub async fn outside_effects_are_due_in_order(store: Arc<dyn Store>) {
    add(&store, session(1)).await;
    let at = |key: &str, seconds: u64| OutboxRow {
        not_before: THEN.plus(Duration::from_secs(seconds)),
        ..effect(key, 1)
    };
    let failed = OutboxRow { state: OutboxState::Failed, ..effect("failed", 1) };
    for row in [at("a", 5), at("b", 0), at("c", 9), failed, at("d", 0)] {
        store.commit(writes(1, vec![Write::Outbox(Box::new(row))])).await.unwrap();
    }
    let due = async |seconds: u64, limit: u32| -> Vec<String> {
        let now = THEN.plus(Duration::from_secs(seconds));
        let rows = store.due_outbox(now, limit).await.unwrap();
        rows.into_iter().map(|row| row.key).collect()
    };
    assert_eq!(due(0, 10).await, ["b", "d"]);
    assert_eq!(due(5, 10).await, ["a", "b", "d"]);
    assert_eq!(due(9, 10).await, ["a", "b", "c", "d"]);
    assert_eq!(due(9, 2).await, ["a", "b"]);
    let of = async |number: u64| -> Vec<String> {
        let rows = store.pending_outbox(&id(number)).await.unwrap();
        rows.into_iter().map(|row| row.key).collect()
    };
    assert_eq!((of(1).await, of(2).await), (due(9, 10).await, Vec::new()));
    for limit in [0, 1001] {
        assert_eq!(store.due_outbox(THEN, limit).await.unwrap_err().class, ErrorClass::Permanent);
    }
}

/// A key is a user's own and names one session, or one of its messages, for ever.
pub async fn an_idempotency_key_is_taken_once(store: Arc<dyn Store>) {
    let tenant = TenantId::default_tenant();
    let of = |n: u64, name: &str, key: &str| Reservation { user: user(name), ..reservation(key, n) };
    let submit = |n: u64, name: &str, key: &str| {
        let rows = vec![Write::NewSession(Box::new(session_of(n, name))), Write::Reserve(of(n, name, key))];
        writes(n, rows)
    };
    let tasks: Vec<_> = (0..6)
        .map(|n| {
            let (store, commit) = (Arc::clone(&store), submit(n, "ann", "key"));
            tokio::spawn(async move { (n, store.commit(commit).await) })
        })
        .collect();
    let mut winners = Vec::new();
    for task in tasks {
        let (n, outcome) = task.await.unwrap();
        match outcome {
            Ok(_) => winners.push(n),
            Err(error) => {
                assert_eq!(error.class, ErrorClass::Conflict);
                assert_eq!(store.session(&id(n)).await.unwrap(), None, "a loser's session stays behind");
            }
        }
    }
    let [winner] = winners[..] else { panic!("one wins, not {winners:?}") };
    let kept = async |key: &str| store.reservation(&tenant, &user("ann"), key).await.unwrap();
    let first = Reserved { request: of(winner, "ann", "key").request, session: id(winner), message: 0 };
    assert_eq!(kept("key").await, Some(first.clone()));
    // With a message, it is the message's number that is kept; what comes later changes nothing.
    for key in ["one", "two"] {
        let rows = vec![queue_message(key), Write::Reserve(of(winner, "ann", key))];
        store.commit(writes(winner, rows)).await.unwrap();
    }
    assert_eq!(kept("one").await, Some(Reserved { message: 1, ..first.clone() }));
    assert_eq!(kept("two").await, Some(Reserved { message: 2, ..first.clone() }));
    assert_eq!(kept("key").await, Some(first));
    store.commit(submit(10, "bob", "key")).await.unwrap();
    store.commit(submit(11, "ann", "other")).await.unwrap();
    assert_eq!(store.reservation(&tenant, &UserId::local(), "key").await.unwrap(), None);
    let long = store.commit(submit(12, "ann", &"k".repeat(201))).await.unwrap_err();
    assert_eq!(long.class, ErrorClass::Permanent);
    store.commit(submit(12, "ann", &"ü".repeat(200))).await.unwrap();
}
