//! What people see and decide, domain to wire (layer 2): messages, approvals, inbox, pull requests.

use super::{event, session, time, word};
use telecoder_api as wire;
use telecoder_api::sign_in::{How, Me};
use telecoder_engine::command::answer;
use telecoder_engine::request::{Inbox, NewSignIn, PublishPreview, Published};
use telecoder_model::decision::Decision;
use telecoder_model::event::ToolCall;
use telecoder_model::port::store::Message;
use telecoder_model::principal::Principal;
use telecoder_model::pull::Pull;
use telecoder_model::session::Session;
use telecoder_model::time::Timestamp;

pub(crate) fn message(from: Message) -> wire::message::Message {
    wire::message::Message {
        number: from.number,
        author: from.author.to_string(),
        content: from.content,
        queue: word::queueing(from.queue),
        state: word::message(from.state),
        turn: from.turn,
        created_at: time(from.created_at),
    }
}

pub(crate) fn approval(from: Decision, session: &Session) -> wire::approval::Approval {
    wire::approval::Approval {
        risk: word::risk(answer::risk(&from)),
        reason: answer::reason(&from, session),
        asked_by: session.agent.to_string(),
        session_title: session.display_title(),
        repo: session.repository.as_ref().map(ToString::to_string),
        detail: from.subject.map(|subject| approval_detail(*subject)),
        expires_at: None,
        id: from.id.to_string(),
        session_id: from.session.to_string(),
        title: from.title,
        kind: word::tool(from.kind),
        options: from.options.into_iter().map(event::permission_option).collect(),
        state: word::decision(from.state),
        answered_by: from.answered_by.map(String::from),
        note: from.note,
        created_at: time(from.created_at),
        answered_at: from.answered_at.map(time),
    }
}

/// What is the command of a call: agents name it `command` or `cmd`, as one text or as words.
fn command(input: &serde_json::Value) -> Option<String> {
    let value = input.get("command").or_else(|| input.get("cmd"))?;
    match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Array(words) => {
            let words: Option<Vec<&str>> = words.iter().map(serde_json::Value::as_str).collect();
            words.map(|words| words.join(" "))
        }
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::Object(_) => None,
    }
}

fn approval_detail(from: ToolCall) -> wire::approval::ApprovalDetail {
    wire::approval::ApprovalDetail {
        command: from.input.as_ref().and_then(command),
        tool_call_id: Some(from.id),
        input: from.input,
        diffs: from.diffs.into_iter().map(event::tool_diff).collect(),
        locations: from.locations,
    }
}

pub(crate) fn inbox(from: Inbox) -> wire::inbox::Inbox {
    let waiting = from.waiting.into_iter().map(|(decision, of)| wire::inbox::WaitingEntry {
        approval: approval(decision, &of),
        session: session::session(of),
    });
    let finished = from
        .finished
        .into_iter()
        .map(|(of, unread)| wire::inbox::FinishedEntry { session: session::session(of), unread });
    let finished: Vec<wire::inbox::FinishedEntry> = finished.collect();
    let unread = finished.iter().filter(|entry| entry.unread).count();
    wire::inbox::Inbox {
        seen_at: from.seen_at.map(time),
        unread: u64::try_from(unread).unwrap_or(u64::MAX),
        waiting: waiting.collect(),
        finished,
    }
}

pub(crate) fn me(who: &Principal, how: How, expires_at: Option<Timestamp>, version: String) -> Me {
    Me {
        login_required: false,
        user: Some(who.user.to_string()),
        scope: Some(word::scope(who.scope)),
        how: Some(how),
        expires_at: expires_at.map(time),
        version,
    }
}

pub(crate) fn sign_in_link(from: NewSignIn, public_url: &str) -> wire::sign_in::SignInLink {
    let path = format!("/login?code={}", from.secret);
    let url = format!("{}{path}", public_url.trim_end_matches('/'));
    wire::sign_in::SignInLink { code: from.secret, path, url, expires_at: time(from.expires_at) }
}

pub(crate) fn pull(from: Pull) -> wire::pull::Pull {
    wire::pull::Pull {
        number: from.number,
        session_id: from.session.to_string(),
        repo: from.repository.to_string(),
        title: from.title,
        body: from.body,
        base: from.base.to_string(),
        head: from.head.to_string(),
        head_sha: from.head_commit.to_string(),
        state: word::pull_state(from.state),
        merge_sha: from.merge_commit.map(String::from),
        created_at: time(from.created_at),
        updated_at: time(from.updated_at),
    }
}

pub(crate) fn preview(from: PublishPreview) -> wire::pull::PublishPreview {
    wire::pull::PublishPreview {
        session_id: from.session.to_string(),
        repo: from.repository.to_string(),
        forge: from.forge.to_owned(),
        branch: from.branch.to_string(),
        base: from.base.to_string(),
        title: from.title,
        body: from.body,
        draft: from.draft,
        existing: from.existing.map(|pull| wire::pull::ExistingPull {
            number: pull.number,
            url: pull.url,
            state: word::pull_state(pull.state),
        }),
    }
}

pub(crate) fn failing_log(from: telecoder_model::port::forge::FailingLog) -> wire::pull::FailingLog {
    wire::pull::FailingLog { job: from.job, url: from.url, tail: from.tail }
}

pub(crate) fn published(from: Published) -> wire::pull::Published {
    wire::pull::Published {
        session_id: from.session.to_string(),
        branch: from.branch.to_string(),
        title: from.title,
        pull_request_number: from.number,
        pull_request_url: from.url.clone(),
        number: from.number,
        url: from.url,
        notes: from.notes,
    }
}
