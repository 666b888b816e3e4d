//! Local pull requests (layer 2).

use super::{DEFAULT_ROWS, MAX_ROWS, link, list_error, pull_states, repository_parameter, session_of};
use crate::access::Caller;
use crate::app::App;
use crate::convert::people;
use crate::errors::ApiError;
use crate::extract::{Nothing, OptionalBody, Parameters, limit};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use telecoder_api::pull::Pull;
use telecoder_model::port::store::PullQuery;
use utoipa::IntoParams;

/// Which pull requests.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListParameters {
    /// States, separated by commas: draft, open, merged, closed.
    state: Option<String>,
    /// Of this repository.
    repo: Option<String>,
    /// Of this session.
    session: Option<String>,
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
    let state = pull_states("state", given.state.as_deref())?;
    let session = match given.session.as_deref() {
        Some(id) => Some(session_of(&app, &caller, id).await?),
        None => None,
    };
    let query = PullQuery {
        state,
        repository: repository_parameter(&app, given.repo.as_deref())?,
        session,
        limit: limit(given.limit, DEFAULT_ROWS, MAX_ROWS)?,
        after: given.cursor,
    };
    let listed = app.engine().pulls(&caller.principal, &query).await;
    let page = listed.map_err(|error| list_error(query.after.as_deref(), error))?;
    let rows: Vec<Pull> = page.rows.into_iter().map(people::pull).collect();
    Ok((link(&uri, "cursor", page.next.as_deref()), Json(rows)).into_response())
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(number): Path<String>,
) -> Result<Json<Pull>, ApiError> {
    let number = number_of(&number)?;
    Ok(Json(people::pull(app.engine().pull(&caller.principal, number).await?)))
}

pub(crate) async fn merge(
    State(app): State<App>,
    caller: Caller,
    Path(number): Path<String>,
    OptionalBody(Nothing {}): OptionalBody<Nothing>,
) -> Result<Json<Pull>, ApiError> {
    let number = number_of(&number)?;
    let pull = app.engine().merge_pull(&caller.principal, number).await?;
    Ok(Json(people::pull(pull)))
}

pub(crate) async fn close(
    State(app): State<App>,
    caller: Caller,
    Path(number): Path<String>,
    OptionalBody(Nothing {}): OptionalBody<Nothing>,
) -> Result<Json<Pull>, ApiError> {
    let number = number_of(&number)?;
    let pull = app.engine().close_pull(&caller.principal, number).await?;
    Ok(Json(people::pull(pull)))
}

/// A number that no pull request can have is one that does not exist.
fn number_of(text: &str) -> Result<u64, ApiError> {
    text.parse::<u32>().map(u64::from).map_err(|_| {
        ApiError::not_found("pull_not_found", "no pull request has this number").hint("a number was expected")
    })
}
