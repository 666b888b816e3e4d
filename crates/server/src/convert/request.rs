//! Requests, wire to domain (layer 2): every text of a person is parsed into a type here, or refused with the field's name.

use super::word;
use crate::errors::ApiError;
use axum::http::StatusCode;
use std::fmt::Display;
use std::str::FromStr;
use telecoder_api as wire;
use telecoder_engine::request::{NewSession, Once, PublishRequest, TokenRequest};
use telecoder_model::id::SessionId;
use telecoder_model::repository::Repository;
use telecoder_model::session::{Requester, Source};

const MAX_REQUESTER_CHARS: usize = 200;
const MAX_BODY_CHARS: usize = 100_000;

/// What a task says beside its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Circumstances {
    /// The session that `parentSessionId` names.
    pub(crate) parent: Option<SessionId>,
    /// Where it comes from.
    pub(crate) source: Source,
    /// By what a repetition is known.
    pub(crate) once: Option<Once>,
}

pub(crate) fn new_session(
    from: wire::session::NewSession,
    around: Circumstances,
    forge_host: &str,
) -> Result<NewSession, ApiError> {
    refuse_unbuilt(&from)?;
    let base = match (from.base, from.revision) {
        (Some(base), Some(revision)) if base != revision => {
            return Err(ApiError::field("ref", "it differs from `base`; give one of them"));
        }
        (Some(base), _) => parsed("base", Some(&base))?,
        (None, revision) => parsed("ref", revision.as_deref())?,
    };
    Ok(NewSession {
        prompt: from.prompt,
        repository: from.repo.as_deref().map(|text| repository(text, forge_host)).transpose()?,
        mode: from.mode.map(word::mode_of).unwrap_or_default(),
        agent: parsed("agent", from.agent.as_deref().filter(|name| *name != "auto"))?,
        model: from.model,
        policy: from.policy,
        pipeline: from.pipeline.map(word::pipeline_of),
        base,
        title: from.title,
        publish: from.publish.map(word::publish_of),
        forge: from.forge.map(word::forge_of).unwrap_or_default(),
        parent: around.parent,
        source: around.source,
        requester: from.requester.as_ref().map(requester).transpose()?,
        pull: from.source_pr,
        issue: from.source_issue,
        once: around.once,
    })
}

/// Refuses what this version cannot do, rather than ignoring it.
fn refuse_unbuilt(from: &wire::session::NewSession) -> Result<(), ApiError> {
    let unbuilt = [
        ("budgetUsd", from.budget_usd.is_some()),
        ("attempts", from.attempts.is_some_and(|attempts| attempts != 1)),
    ];
    match unbuilt.into_iter().find(|(_, given)| *given) {
        Some((name, _)) => Err(ApiError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "not_supported",
            format!("`{name}` is not supported by this version"),
        )
        .hint("leave it out")),
        None => Ok(()),
    }
}

/// Reads the field `repo`; `owner/name` means one of the configured forge.
pub(crate) fn repository(text: &str, forge_host: &str) -> Result<Repository, ApiError> {
    Repository::named(text, forge_host).map_err(|error| ApiError::field("repo", error))
}

fn requester(from: &wire::session::Requester) -> Result<Requester, ApiError> {
    for (name, text) in [("requester.name", &from.name), ("requester.email", &from.email)] {
        let fine = !text.trim().is_empty()
            && text.chars().count() <= MAX_REQUESTER_CHARS
            && !text.chars().any(|c| c.is_control() || matches!(c, '<' | '>'));
        if !fine {
            return Err(ApiError::field(name, "1 to 200 printable characters without < and > were expected"));
        }
    }
    Ok(Requester { name: from.name.trim().to_owned(), email: from.email.trim().to_owned() })
}

pub(crate) fn publish(from: wire::pull::PublishRequest) -> Result<PublishRequest, ApiError> {
    if from.body.as_ref().is_some_and(|body| body.chars().count() > MAX_BODY_CHARS || body.contains('\0')) {
        return Err(ApiError::field("body", "at most 100,000 characters without NUL were expected"));
    }
    Ok(PublishRequest {
        base: parsed("base", from.base.as_deref())?,
        title: from.title,
        body: from.body,
        draft: from.draft,
        rebase: from.rebase.unwrap_or(false),
    })
}

pub(crate) fn token(from: wire::token::NewToken) -> Result<TokenRequest, ApiError> {
    Ok(TokenRequest {
        name: from.name,
        scope: word::scope_of(from.scope),
        user: parsed("user", from.user.as_deref())?,
        expires_at: parsed("expiresAt", from.expires_at.as_deref())?,
    })
}

/// Parses a field.
pub(crate) fn parsed<T: FromStr>(name: &str, text: Option<&str>) -> Result<Option<T>, ApiError>
where
    T::Err: Display,
{
    text.map(|text| text.parse().map_err(|error| ApiError::field(name, error))).transpose()
}

/// Parses a parameter of a query.
pub(crate) fn parameter<T: FromStr>(name: &str, text: Option<&str>) -> Result<Option<T>, ApiError>
where
    T::Err: Display,
{
    text.map(|text| text.parse().map_err(|error| ApiError::parameter(name, error))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn around() -> Circumstances {
        Circumstances { parent: None, source: Source::Api, once: None }
    }

    fn refused(body: serde_json::Value) -> String {
        let error = new_session(serde_json::from_value(body).unwrap(), around(), "github.com").unwrap_err();
        format!("{} {}: {}\n", error.status.as_u16(), error.code, error.message)
    }

    #[test]
    fn a_wrong_field_is_named() {
        let all: String = [
            json!({"prompt": "x", "repo": "--upload-pack=x"}),
            json!({"prompt": "x", "repo": "https://me:hunter2@github.com/a/b"}),
            json!({"prompt": "x", "agent": "../evil"}),
            json!({"prompt": "x", "base": "-x"}),
            json!({"prompt": "x", "ref": "a..b"}),
            json!({"prompt": "x", "base": "a", "ref": "b"}),
            json!({"prompt": "x", "budgetUsd": 1.5}),
            json!({"prompt": "x", "attempts": 2}),
            json!({"prompt": "x", "requester": {"name": "A <b>", "email": "a@b"}}),
        ]
        .into_iter()
        .map(refused)
        .collect();
        assert!(!all.contains("hunter2"));
        expect_test::expect![[r#"
            400 invalid_field: `repo`: `--upload-pack=x` is not a repository: it may not begin with a dash
            400 invalid_field: `repo`: `https://…@github.com/a/b` is not a repository: credentials do not belong in a URL; set GITHUB_TOKEN for the server instead
            400 invalid_field: `agent`: `../evil` is not a valid agent name: only a-z, 0-9 and - are allowed
            400 invalid_field: `base`: `-x` is not a valid branch, tag or full commit id: it may not begin with a dash
            400 invalid_field: `ref`: `a..b` is not a valid branch, tag or full commit id: it has a misplaced `/` or `.`
            400 invalid_field: `ref`: it differs from `base`; give one of them
            422 not_supported: `budgetUsd` is not supported by this version
            422 not_supported: `attempts` is not supported by this version
            400 invalid_field: `requester.name`: 1 to 200 printable characters without < and > were expected
        "#]].assert_eq(&all);
    }

    #[test]
    fn auto_means_that_the_server_chooses_and_ref_is_base() {
        let body = json!({"prompt": "x", "repo": "acme/api", "agent": "auto", "ref": "main", "attempts": 1, "mode": "chat"});
        let new = new_session(serde_json::from_value(body).unwrap(), around(), "github.com").unwrap();
        assert_eq!(new.agent, None);
        assert_eq!(new.base.unwrap().to_string(), "main");
        assert_eq!(new.repository.unwrap().to_string(), "acme/api");
        assert_eq!(new.mode, telecoder_model::session::Mode::Chat);
    }
}
