//! Sessions (layer 2): create, list, show, rename, lineage, stop, rerun, usage.

use super::{DEFAULT_ROWS, MAX_ROWS, link, list_error, pull_states, repository_parameter, session_of};
use crate::access::Caller;
use crate::app::App;
use crate::convert::request::{Circumstances, new_session, parameter};
use crate::convert::{session, word};
use crate::errors::ApiError;
use crate::extract::{JsonBody, Nothing, OptionalBody, Parameters, limit};
use crate::once::{once, replayed};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use telecoder_api as wire;
use telecoder_model::port::store::{PullFilter, SessionQuery};
use telecoder_model::repository::Repository;
use telecoder_model::session::{Session, Source, Status};
use utoipa::IntoParams;

/// The longest words that are searched for, in bytes; the store takes no more.
const MAX_SEARCH: usize = 1000;

pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    body: JsonBody<wire::session::NewSession>,
) -> Result<Response, ApiError> {
    let parent = match body.value.parent_session_id.as_deref() {
        Some(id) => Some(session_of(&app, &caller, id).await?),
        None => None,
    };
    let once = once(&headers, &uri, &body.bytes)?;
    let around = Circumstances { parent, source: source(&headers), once };
    let new = new_session(body.value, around, app.engine().forge_host())?;
    let (made, created) = app.engine().submit(&caller.principal, new).await?;
    Ok(answer(made, created))
}

/// A new session, or the one that an earlier request made.
fn answer(made: Session, created: bool) -> Response {
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    (status, location(&made.id), replayed(created), Json(session::session(made))).into_response()
}

/// Only the command line says `telecoder-cli/…`, only browsers send `Origin`.
fn source(headers: &HeaderMap) -> Source {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("");
    if agent.starts_with("telecoder-cli/") {
        Source::Cli
    } else if headers.contains_key(header::ORIGIN) {
        Source::Web
    } else {
        Source::Api
    }
}

fn location(id: &telecoder_model::id::SessionId) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(&format!("/api/sessions/{id}")) {
        headers.insert(header::LOCATION, value);
    }
    headers
}

/// Which sessions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListParameters {
    /// Statuses, separated by commas; `active` stands for all that have not ended.
    status: Option<String>,
    /// This agent.
    agent: Option<String>,
    /// A policy of this name.
    policy: Option<String>,
    /// Reruns and children of this session.
    parent: Option<String>,
    /// Sessions of the line of this session.
    lineage: Option<String>,
    /// This repository.
    repo: Option<String>,
    /// Words in title or prompt.
    q: Option<String>,
    /// Only with a pull request on a forge: its number, or `any`. (Local ones are listed by `/api/pulls`.)
    pr: Option<String>,
    /// States of that pull request, separated by commas: draft, open, merged, closed.
    pr_state: Option<String>,
    /// The repository of that pull request, or the one that its session works on.
    pr_repo: Option<String>,
    /// Rows, 1 to 1,000.
    #[param(default = 50, minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// Where the page begins, from the `Link` header of the page before.
    cursor: Option<String>,
}

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    uri: Uri,
    Parameters(given): Parameters<ListParameters>,
) -> Result<Response, ApiError> {
    let parent = match given.parent.as_deref() {
        Some(id) => Some(session_of(&app, &caller, id).await?),
        None => None,
    };
    let lineage = match given.lineage.as_deref() {
        Some(id) => {
            let id = session_of(&app, &caller, id).await?;
            Some(app.engine().session(&caller.principal, &id).await?.lineage)
        }
        None => None,
    };
    let query = SessionQuery {
        status: statuses(given.status.as_deref())?,
        agent: parameter("agent", given.agent.as_deref())?,
        policy: given.policy,
        parent,
        lineage,
        repository: repository_parameter(&app, given.repo.as_deref())?,
        text: search(given.q)?,
        pull: pull_filter(&app, given.pr.as_deref(), given.pr_state.as_deref(), given.pr_repo.as_deref())?,
        limit: limit(given.limit, DEFAULT_ROWS, MAX_ROWS)?,
        after: given.cursor,
    };
    let listed = app.engine().sessions(&caller.principal, &query).await;
    let page = listed.map_err(|error| list_error(query.after.as_deref(), error))?;
    let rows: Vec<_> = page.rows.into_iter().map(session::session).collect();
    Ok((link(&uri, "cursor", page.next.as_deref()), Json(rows)).into_response())
}

/// Words to search for, at most [`MAX_SEARCH`] bytes of them.
fn search(words: Option<String>) -> Result<Option<String>, ApiError> {
    let words = words.filter(|words| !words.is_empty());
    if words.as_ref().is_some_and(|words| words.len() > MAX_SEARCH) {
        return Err(ApiError::parameter("q", format!("at most {MAX_SEARCH} bytes can be searched for")));
    }
    Ok(words)
}

/// Any of the three parameters asks for sessions with a pull request on a forge.
fn pull_filter(
    app: &App,
    number: Option<&str>,
    state: Option<&str>,
    repository: Option<&str>,
) -> Result<Option<PullFilter>, ApiError> {
    if number.or(state).or(repository).is_none() {
        return Ok(None);
    }
    let number =
        match number.filter(|number| *number != "any") {
            None => None,
            Some(text) => Some(text.parse::<u64>().ok().filter(|number| *number > 0).ok_or_else(|| {
                ApiError::parameter("pr", format!("`{text}` is neither a number nor `any`"))
            })?),
        };
    let repository = repository
        .map(|text| Repository::named(text, app.engine().forge_host()))
        .transpose()
        .map_err(|error| ApiError::parameter("prRepo", error))?;
    Ok(Some(PullFilter { number, state: pull_states("prState", state)?, repository }))
}

fn statuses(text: Option<&str>) -> Result<Vec<Status>, ApiError> {
    let mut all = Vec::new();
    for word in text.unwrap_or("").split(',').map(str::trim).filter(|word| !word.is_empty()) {
        if word == "active" {
            all.extend(Status::ALL.into_iter().filter(|status| !status.has_ended()));
        } else {
            let status: wire::session::Status =
                word.parse().map_err(|error| ApiError::parameter("status", format!("{error}, active")))?;
            all.push(word::status_of(status));
        }
    }
    Ok(all)
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<wire::session::Session>, ApiError> {
    let id = session_of(&app, &caller, &id).await?;
    Ok(Json(session::session(app.engine().session(&caller.principal, &id).await?)))
}

pub(crate) async fn rename(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody<wire::session::SessionChange>,
) -> Result<Json<wire::session::Session>, ApiError> {
    let title = body.value.title;
    if title.trim().is_empty() {
        return Err(ApiError::field("title", "it is empty"));
    }
    let id = session_of(&app, &caller, &id).await?;
    let renamed = app.engine().rename(&caller.principal, &id, title).await?;
    Ok(Json(session::session(renamed)))
}

pub(crate) async fn lineage(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Vec<wire::session::Session>>, ApiError> {
    let id = session_of(&app, &caller, &id).await?;
    let line = app.engine().lineage(&caller.principal, &id).await?;
    Ok(Json(line.into_iter().map(session::session).collect()))
}

pub(crate) async fn stop(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    OptionalBody(Nothing {}): OptionalBody<Nothing>,
) -> Result<Json<wire::session::Session>, ApiError> {
    let id = session_of(&app, &caller, &id).await?;
    let stopped = app.engine().stop(&caller.principal, &id).await?;
    Ok(Json(session::session(stopped)))
}

pub(crate) async fn rerun(
    State(app): State<App>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    Path(id): Path<String>,
    OptionalBody(Nothing {}): OptionalBody<Nothing>,
) -> Result<Response, ApiError> {
    let id = session_of(&app, &caller, &id).await?;
    let once = once(&headers, &uri, &[])?;
    let (new, created) = app.engine().rerun(&caller.principal, &id, once).await?;
    Ok(answer(new, created))
}

pub(crate) async fn checks(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Vec<wire::session::Check>>, ApiError> {
    let id = session_of(&app, &caller, &id).await?;
    Ok(Json(session::session(app.engine().session(&caller.principal, &id).await?).checks))
}

pub(crate) async fn usage(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<wire::usage::SessionUsage>, ApiError> {
    let id = session_of(&app, &caller, &id).await?;
    Ok(Json(session::session_usage(&app.engine().session(&caller.principal, &id).await?)))
}
