//! What belongs to the server and its host, domain to wire (layer 2): agents, tokens, findings, repositories, the queue.

use super::{time, word};
use telecoder_api as wire;
use telecoder_engine::request::{Finding, NewToken};
use telecoder_model::port::agent::AgentStatus;
use telecoder_model::port::git::RepositoryFacts;
use telecoder_model::port::store::{QueueDepth, Token};
use telecoder_model::repository::Repository;

pub(crate) fn agent(from: AgentStatus) -> wire::agent::Agent {
    wire::agent::Agent {
        name: from.name.to_string(),
        description: from.description,
        in_catalogue: from.in_catalogue,
        installed: from.installed,
        version: from.version,
        size_bytes: from.size_bytes,
        location: from.location,
        providers: from.providers.iter().map(|provider| provider.as_str().to_owned()).collect(),
        problem: from.problem,
    }
}

/// The hash stays behind.
pub(crate) fn token(from: Token) -> wire::token::Token {
    wire::token::Token {
        id: from.id.to_string(),
        name: from.name,
        user: from.user.to_string(),
        scope: word::scope(from.scope),
        created_at: time(from.created_at),
        expires_at: from.expires_at.map(time),
        revoked_at: from.revoked_at.map(time),
    }
}

pub(crate) fn created_token(from: NewToken) -> wire::token::CreatedToken {
    wire::token::CreatedToken { token: token(from.token), secret: from.secret }
}

pub(crate) fn finding(from: Finding) -> wire::doctor::Finding {
    wire::doctor::Finding {
        subject: from.subject,
        state: word::finding(from.state),
        detail: from.detail,
        remedy: from.remedy,
    }
}

pub(crate) fn repository(name: &Repository, from: RepositoryFacts) -> wire::repository::RepositoryFacts {
    wire::repository::RepositoryFacts {
        repo: name.to_string(),
        default_branch: from.default_branch.map(String::from),
        head_sha: from.head.map(String::from),
        origin: from.origin.map(String::from),
        uncommitted: from.uncommitted,
        uncommitted_total: from.uncommitted_total,
    }
}

pub(crate) fn queue(from: QueueDepth) -> wire::health::QueueDepth {
    wire::health::QueueDepth { queued: from.queued, running: from.leased }
}
