//! The configuration (layer 2): defaults for everybody, settings for the operator.

use crate::access::Caller;
use crate::app::App;
use crate::convert::overview;
use crate::errors::ApiError;
use crate::extract::JsonBody;
use axum::Json;
use axum::extract::State;
use telecoder_api::config::{Config, ConfigChange, Defaults, KeyCheck, KeyToCheck};
use telecoder_model::port::gateway::Provider;
use telecoder_model::port::settings::Wishes;

pub(crate) async fn defaults(State(app): State<App>, caller: Caller) -> Result<Json<Defaults>, ApiError> {
    Ok(Json(overview::defaults(app.engine().task_defaults(&caller.principal).await?)))
}

pub(crate) async fn show(State(app): State<App>, caller: Caller) -> Result<Json<Config>, ApiError> {
    Ok(Json(overview::config(app.engine().configuration(&caller.principal).await?)))
}

pub(crate) async fn change(
    State(app): State<App>,
    caller: Caller,
    body: JsonBody<ConfigChange>,
) -> Result<Json<Config>, ApiError> {
    let ConfigChange { set, unset } = body.value;
    if let Some(twice) = unset.iter().find(|key| set.contains_key(*key)) {
        return Err(ApiError::field("unset", format!("`{twice}` is in `set` too")));
    }
    let set = set.into_iter().map(|(key, value)| (key, Some(value)));
    let wishes = Wishes(set.chain(unset.into_iter().map(|key| (key, None))).collect());
    Ok(Json(overview::config(app.engine().configure(&caller.principal, wishes).await?)))
}

pub(crate) async fn check(
    State(app): State<App>,
    caller: Caller,
    body: JsonBody<KeyToCheck>,
) -> Result<Json<KeyCheck>, ApiError> {
    let name = body.value.provider;
    let Some(provider) = Provider::ALL.into_iter().find(|provider| provider.as_str() == name) else {
        return Err(ApiError::field("provider", "anthropic, openai or gemini was expected"));
    };
    let found = app.engine().check_key(&caller.principal, provider).await?;
    Ok(Json(overview::key_check(provider, found)))
}
