//! Recordings of the real agents of the catalogue (`examples/drive.rs`, long lists cut): what they wrote gives these
//! actions, and we write what we wrote then.

use super::{Acp, fresh, show};
use crate::catalogue::{self, Start};
use crate::conversation::Settings;
use crate::runtime::settings_of;
use expect_test::{ExpectFile, expect_file};
use serde_json::Value;
use std::collections::VecDeque;
use telecoder_model::policy::{PermissionAnswer, Policy};
use telecoder_model::port::agent::{Action, Conversation, PermissionReply};
use telecoder_model::port::gateway::Provider;

fn settings(agent: &str, provider: Provider, policy: &Policy) -> Settings {
    let agent = catalogue::find(agent).unwrap();
    let plan = (agent.configure)(&Start { provider, model: None, permissions: policy.permissions }).unwrap();
    settings_of(agent, &plan)
}

/// Plays a recording and gives the conversation behind it and the actions but what was sent.
fn play(transcript: &str, mut acp: Acp, policy: &Policy) -> (Acp, String) {
    let ours: Vec<Value> = transcript
        .lines()
        .filter_map(|line| line.strip_prefix("> "))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut prompts: VecDeque<String> = ours
        .iter()
        .filter(|line| line["method"] == "session/prompt")
        .map(|line| line["params"]["prompt"][0]["text"].as_str().unwrap().to_owned())
        .collect();
    let mut cancel = ours.iter().any(|line| line["method"] == "session/cancel");
    let mut sent = Vec::new();
    let mut log = String::new();
    let mut todo: VecDeque<Action> = acp.open().into();
    let mut theirs = transcript.lines().filter_map(|line| line.strip_prefix("< "));
    loop {
        let Some(action) = todo.pop_front() else {
            let Some(line) = theirs.next() else { break };
            todo = acp.receive(line.as_bytes()).into();
            acp = Acp::restore(&acp.state()).unwrap();
            assert!(acp.state().to_string().len() < 8 * 1024, "the state grew large");
            continue;
        };
        if let Action::Send(line) = &action {
            sent.push(serde_json::from_slice::<Value>(line).unwrap());
            continue;
        }
        log.push_str(&(show(&action) + "\n"));
        match &action {
            Action::Ready | Action::TurnEnded(_) => {
                if let Some(prompt) = prompts.pop_front() {
                    todo.extend(acp.prompt(&prompt));
                }
            }
            Action::Ask(question) => {
                let reply = match policy.answer(question.kind) {
                    PermissionAnswer::Allow => PermissionReply::Allow,
                    PermissionAnswer::Deny | PermissionAnswer::Ask => PermissionReply::Deny,
                };
                todo.extend(acp.answer(&question.request, reply));
            }
            Action::Event(body) if cancel && body.name() == "tool_call" => {
                cancel = false;
                todo.extend(acp.cancel());
            }
            Action::Event(_) | Action::Unask(_) => {}
            Action::Send(_) | Action::TurnFailed(_) | Action::Broken { .. } => panic!("{log}"),
        }
    }
    // Our own version stands in the first line.
    assert_eq!(sent.len(), ours.len());
    for (now, then) in sent.iter().zip(&ours).skip(1) {
        assert_eq!(now, then);
    }
    (acp, log)
}

struct Recording {
    agent: &'static str,
    provider: Provider,
    first: &'static str,
    load: &'static str,
    cancel: &'static str,
}

fn check(recording: &Recording, expected: &ExpectFile) {
    let observe = Policy::observe();
    let standard = Policy::standard();
    let start = |policy| fresh(settings(recording.agent, recording.provider, policy));
    let (acp, first) = play(recording.first, start(&observe), &observe);
    // The same state meets a new process.
    let (_, load) = play(recording.load, acp, &observe);
    let (_, cancel) = play(recording.cancel, start(&standard), &standard);
    expected.assert_eq(&format!(
        "# a first turn, policy observe\n{first}\n# loaded again by another process\n{load}\n# cancelled, policy standard\n{cancel}"
    ));
}

macro_rules! recordings {
    ($($test:ident $agent:literal $provider:ident;)*) => {$(
        #[test]
        fn $test() {
            check(
                &Recording {
                    agent: $agent,
                    provider: Provider::$provider,
                    first: include_str!(concat!("../transcripts/", $agent, ".txt")),
                    load: include_str!(concat!("../transcripts/", $agent, "-load.txt")),
                    cancel: include_str!(concat!("../transcripts/", $agent, "-cancel.txt")),
                },
                &expect_file![concat!("../transcripts/", $agent, ".actions")],
            );
        }
    )*};
}

recordings! {
    goose_as_recorded "goose" Openai;
    opencode_as_recorded "opencode" Anthropic;
    codex_as_recorded "codex" Openai;
    claude_code_as_recorded "claude-code" Anthropic;
    gemini_as_recorded "gemini" Gemini;
}
