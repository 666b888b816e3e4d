//! What people see and decide, domain to wire (layer 2): messages, approvals, inbox, pull requests.

use super::{event, session, time, word};
use telecoder_api as wire;
use telecoder_api::sign_in::{How, Me};
use telecoder_engine::request::{Inbox, NewSignIn, Published};
use telecoder_model::decision::Decision;
use telecoder_model::port::store::Message;
use telecoder_model::principal::Principal;
use telecoder_model::pull::Pull;
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

pub(crate) fn approval(from: Decision) -> wire::approval::Approval {
    wire::approval::Approval {
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

pub(crate) fn inbox(from: Inbox) -> wire::inbox::Inbox {
    let waiting = from.waiting.into_iter().map(|(decision, of)| wire::inbox::WaitingEntry {
        approval: approval(decision),
        session: session::session(of),
    });
    let finished = from
        .finished
        .into_iter()
        .map(|(of, unread)| wire::inbox::FinishedEntry { session: session::session(of), unread });
    wire::inbox::Inbox { waiting: waiting.collect(), finished: finished.collect() }
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

pub(crate) fn published(from: Published) -> wire::pull::Published {
    wire::pull::Published {
        session_id: from.session.to_string(),
        branch: from.branch.to_string(),
        title: from.title,
        pull_request_number: from.number,
        pull_request_url: from.url.clone(),
        number: from.number,
        url: from.url,
    }
}
