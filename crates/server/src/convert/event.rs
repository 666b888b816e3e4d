//! Events, domain to wire (layer 2): the one JSON encoding that all readers share.

use super::{session, time, word};
use serde::Serialize;
use telecoder_api::event as wire;
use telecoder_model::event::{BlobRef, Event, EventBody, PermissionOption, PlanEntry, ToolCall, ToolDiff};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    seq: u64,
    session_id: &'a str,
    at: String,
    #[serde(flatten)]
    body: wire::EventBody,
}

/// An event as JSON on one line.
pub(crate) fn json(event: &Event) -> String {
    let line = Line {
        seq: event.seq,
        session_id: event.session.as_str(),
        at: time(event.at),
        body: body(event.body.clone()),
    };
    // Strings, numbers and JSON values always serialise.
    serde_json::to_string(&line).unwrap_or_default()
}

/// Events as one JSON array of at most about `bound` bytes (one event at least), and how many of them it holds.
pub(crate) fn array(events: &[Event], bound: usize) -> (String, usize) {
    let mut text = "[".to_owned();
    let mut count = 0;
    for event in events {
        let next = json(event);
        if count > 0 {
            if text.len() + next.len() > bound {
                break;
            }
            text.push(',');
        }
        text.push_str(&next);
        count += 1;
    }
    text.push(']');
    (text, count)
}

fn body(from: EventBody) -> wire::EventBody {
    match from {
        EventBody::Status { status, reason } => {
            wire::EventBody::Status { status: word::status(status), reason }
        }
        EventBody::Step { step, state, detail, duration_ms } => {
            wire::EventBody::Step { step, state: word::step(state), detail, duration_ms }
        }
        EventBody::Message { author, text, chunk, turn } => {
            wire::EventBody::Message { author: word::author(author), text, chunk, turn }
        }
        EventBody::Thought { text } => wire::EventBody::Thought { text },
        EventBody::ToolCall(call) => wire::EventBody::ToolCall(tool_call(call)),
        EventBody::ToolUpdate(call) => wire::EventBody::ToolUpdate(tool_call(call)),
        EventBody::Plan { entries } => {
            wire::EventBody::Plan { entries: entries.into_iter().map(plan_entry).collect() }
        }
        EventBody::Output { stream, text, blob } => {
            wire::EventBody::Output { stream, text, blob: blob.map(blob_ref) }
        }
        EventBody::FileChange { paths, total, action } => {
            wire::EventBody::FileChange { paths, total, action }
        }
        EventBody::Usage(call) => wire::EventBody::Usage(session::model_call(call)),
        EventBody::Permission { decision, title, kind, options, state, by } => wire::EventBody::Permission {
            decision: decision.to_string(),
            title,
            kind: word::tool(kind),
            options: options.into_iter().map(permission_option).collect(),
            state,
            by,
        },
        EventBody::Outcome(outcome) => wire::EventBody::Outcome(session::outcome(outcome)),
        EventBody::Git { action, commit, branch, diff } => wire::EventBody::Git {
            action,
            commit: commit.to_string(),
            branch,
            diff: diff.map(session::diff_stat),
        },
        EventBody::PullRequest { number, url, action, subject, state, detail } => {
            wire::EventBody::PullRequest { number, url, action, subject, state, detail }
        }
        EventBody::Error { kind, message, hint } => {
            wire::EventBody::Error { kind: word::failure(kind), message, hint }
        }
        EventBody::Done { status } => wire::EventBody::Done { status: word::status(status) },
    }
}

fn tool_call(from: ToolCall) -> wire::ToolCall {
    wire::ToolCall {
        id: from.id,
        title: from.title,
        kind: from.kind.map(word::tool),
        status: from.status.map(word::tool_status),
        output: from.output,
        diffs: from.diffs.into_iter().map(tool_diff).collect(),
        locations: from.locations,
        input: from.input,
    }
}

pub(super) fn tool_diff(from: ToolDiff) -> wire::ToolDiff {
    wire::ToolDiff { path: from.path, old_text: from.old_text, new_text: from.new_text }
}

fn plan_entry(from: PlanEntry) -> wire::PlanEntry {
    wire::PlanEntry { content: from.content, priority: from.priority, status: from.status }
}

fn blob_ref(from: BlobRef) -> wire::BlobRef {
    wire::BlobRef { digest: from.digest, size: from.size }
}

pub(super) fn permission_option(from: PermissionOption) -> wire::PermissionOption {
    wire::PermissionOption { id: from.id, name: from.name, kind: from.kind }
}

#[cfg(test)]
mod tests {
    use super::*;
    use telecoder_model::policy::ToolKind;
    use telecoder_model::session::{FailureKind, Status};
    use telecoder_model::time::Timestamp;
    use telecoder_model::usage::{CallEnd, ModelCall, Usage};

    fn event(seq: u64, body: EventBody) -> Event {
        Event {
            seq,
            global: seq * 7,
            session: "abcdefghijkl".parse().unwrap(),
            at: Timestamp::from_micros(1_700_000_000_000_000),
            body,
        }
    }

    fn bodies() -> Vec<EventBody> {
        vec![
            EventBody::Status { status: Status::Running, reason: None },
            EventBody::ToolUpdate(ToolCall {
                id: "t1".to_owned(),
                kind: Some(ToolKind::SwitchMode),
                ..ToolCall::default()
            }),
            EventBody::Usage(ModelCall {
                number: 1,
                provider: "anthropic".to_owned(),
                model: None,
                end: CallEnd::Finished,
                status: Some(200),
                error: None,
                usage: Usage { input_tokens: 5, cost_micros: Some(1_500), ..Usage::default() },
            }),
            EventBody::Error { kind: FailureKind::DiskFull, message: "a\nb".to_owned(), hint: None },
            EventBody::Done { status: Status::Complete },
        ]
    }

    #[test]
    fn events_have_one_encoding_on_one_line_that_the_client_reads() {
        let mut all = String::new();
        for (number, body) in (1..).zip(bodies()) {
            let name = body.name();
            let line = json(&event(number, body));
            assert!(!line.contains('\n'));
            let read: telecoder_api::event::Event = serde_json::from_str(&line).unwrap();
            assert_eq!(read.kind, name);
            assert!(read.body().is_some(), "{line}");
            all.push_str(&line);
            all.push('\n');
        }
        expect_test::expect![[r#"
            {"seq":1,"sessionId":"abcdefghijkl","at":"2023-11-14T22:13:20.000Z","type":"status","data":{"status":"running"}}
            {"seq":2,"sessionId":"abcdefghijkl","at":"2023-11-14T22:13:20.000Z","type":"tool_update","data":{"id":"t1","kind":"switch_mode"}}
            {"seq":3,"sessionId":"abcdefghijkl","at":"2023-11-14T22:13:20.000Z","type":"usage","data":{"number":1,"provider":"anthropic","model":null,"end":"finished","status":200,"error":null,"usage":{"inputTokens":5,"outputTokens":0,"cachedTokens":0,"costUsd":0.0015,"durationMs":0}}}
            {"seq":4,"sessionId":"abcdefghijkl","at":"2023-11-14T22:13:20.000Z","type":"error","data":{"kind":"disk_full","message":"a\nb"}}
            {"seq":5,"sessionId":"abcdefghijkl","at":"2023-11-14T22:13:20.000Z","type":"done","data":{"status":"complete"}}
        "#]].assert_eq(&all);
    }

    #[test]
    fn an_array_is_bounded_but_never_empty() {
        let events: Vec<Event> = (1..).zip(bodies()).map(|(number, body)| event(number, body)).collect();
        assert_eq!(array(&events, usize::MAX).1, 5);
        assert_eq!(array(&events, 1).1, 1);
        assert_eq!(array(&[], 1), ("[]".to_owned(), 0));
        let (text, count) = array(&events, 400);
        assert!(text.len() <= 401 && (1..5).contains(&count));
        assert_eq!(serde_json::from_str::<Vec<telecoder_api::event::Event>>(&text).unwrap().len(), count);
    }
}
