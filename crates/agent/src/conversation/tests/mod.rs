//! Tests of the conversation: recorded agents, rules, and properties.

mod opening;
mod properties;
mod replay;
mod rules;

use super::{Acp, Settings};
use expect_test::Expect;
use serde_json::{Value, json};
use telecoder_model::port::agent::{Action, Conversation};

/// One line of an action, for snapshots.
fn show(action: &Action) -> String {
    match action {
        Action::Send(line) => format!("send {}", String::from_utf8_lossy(line)),
        Action::Event(body) => format!("event {}", serde_json::to_string(body).unwrap()),
        Action::Ready => "ready".to_owned(),
        Action::Ask(question) => format!(
            "ask {} {:?} {:?} [{}]",
            question.request,
            question.kind,
            question.title,
            question.options.iter().map(|option| option.kind.as_str()).collect::<Vec<_>>().join(" ")
        ),
        Action::Unask(request) => format!("unask {request}"),
        Action::TurnEnded(reason) => format!("turn ended {reason:?}"),
        Action::TurnFailed(why) => format!("turn failed: {why}"),
        Action::Broken { reason, remedy } => format!("broken: {reason} / {remedy:?}"),
    }
}

fn show_all(actions: &[Action]) -> String {
    actions.iter().map(|action| show(action) + "\n").collect()
}

fn fresh(settings: Settings) -> Acp {
    Acp::restore(&Acp::beginning(settings)).unwrap()
}

fn plain() -> Settings {
    Settings { agent: "testy".to_owned(), cwd: "/workspace".to_owned(), ..Settings::default() }
}

fn line(acp: &mut Acp, value: &Value) -> String {
    show_all(&acp.receive(value.to_string().as_bytes()))
}

fn initialized(load: bool) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "result": {"protocolVersion": 1, "agentCapabilities": {"loadSession": load}}})
}

fn session(id: u64) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "result": {"sessionId": "s"}})
}

/// A conversation that is ready; its next request has the id 3.
fn ready() -> Acp {
    ready_with(plain())
}

fn ready_with(settings: Settings) -> Acp {
    let mut acp = fresh(settings);
    acp.open();
    line(&mut acp, &initialized(true));
    line(&mut acp, &session(2));
    acp
}

fn in_turn() -> Acp {
    let mut acp = ready();
    acp.prompt("do it");
    acp
}

fn update(update: &Value) -> Value {
    json!({"jsonrpc": "2.0", "method": "session/update", "params": {"sessionId": "s", "update": update}})
}

fn permission(id: &Value, options: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": "session/request_permission", "params": {
        "sessionId": "s", "toolCall": {"toolCallId": "t", "kind": "edit", "title": "Write a"}, "options": options}})
}

fn both() -> Value {
    json!([{"optionId": "y", "name": "Yes", "kind": "allow_once"}, {"optionId": "n", "name": "No", "kind": "reject_once"}])
}

fn check(actual: &str, expected: &Expect) {
    expected.assert_eq(actual);
}
