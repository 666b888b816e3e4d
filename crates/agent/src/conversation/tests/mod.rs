//! Tests of the conversation: recorded agents, rules, and properties.

mod properties;
mod replay;
mod rules;

use super::{Acp, Settings};
use telecoder_model::port::agent::Action;

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
            question
                .options
                .iter()
                .map(|option| option.kind.as_str())
                .collect::<Vec<_>>()
                .join(" ")
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
    Settings {
        agent: "testy".to_owned(),
        cwd: "/workspace".to_owned(),
        ..Settings::default()
    }
}
