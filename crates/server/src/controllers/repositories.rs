//! Repositories (layer 2).

use crate::access::Caller;
use crate::app::App;
use crate::convert::platform;
use crate::convert::request::repository;
use crate::errors::ApiError;
use crate::extract::JsonBody;
use axum::Json;
use axum::extract::State;
use telecoder_api::repository::{InspectRequest, RepositoryFacts};

pub(crate) async fn inspect(
    State(app): State<App>,
    caller: Caller,
    body: JsonBody<InspectRequest>,
) -> Result<Json<RepositoryFacts>, ApiError> {
    let repository = repository(&body.value.repo, app.engine().forge_host())?;
    let facts = app.engine().inspect_repository(&caller.principal, &repository).await?;
    Ok(Json(platform::repository(&repository, facts)))
}
