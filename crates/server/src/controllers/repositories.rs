//! Repositories (layer 2).

use crate::access::Caller;
use crate::app::App;
use crate::convert::request::repository;
use crate::convert::{overview, platform};
use crate::errors::ApiError;
use crate::extract::JsonBody;
use axum::Json;
use axum::extract::State;
use telecoder_api::repository::{InspectRequest, KnownRepository, RepositoryFacts};

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Vec<KnownRepository>>, ApiError> {
    let all = app.engine().repositories(&caller.principal).await?;
    Ok(Json(all.iter().map(overview::known_repository).collect()))
}

pub(crate) async fn inspect(
    State(app): State<App>,
    caller: Caller,
    body: JsonBody<InspectRequest>,
) -> Result<Json<RepositoryFacts>, ApiError> {
    let repository = repository(&body.value.repo, app.engine().forge_host())?;
    let facts = app.engine().inspect_repository(&caller.principal, &repository).await?;
    Ok(Json(platform::repository(&repository, facts)))
}
