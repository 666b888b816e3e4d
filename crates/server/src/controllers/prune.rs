//! The removal of sessions (layer 2): one by name, or the old ones together.

use super::session_of;
use crate::access::Caller;
use crate::app::App;
use crate::convert::session;
use crate::errors::ApiError;
use crate::extract::JsonBody;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use std::time::Duration;
use telecoder_api::prune::{PruneRequest, Pruned, PrunedSession};
use telecoder_engine::request::Prune;
use telecoder_model::port::store::EndedSession;
use telecoder_model::time::Timestamp;

/// The longest time that can be asked for: a century.
const MAX_SECONDS: u64 = 100 * 366 * 86_400;

pub(crate) async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let id = session_of(&app, &caller, &id).await?;
    app.engine().remove(&caller.principal, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn old(
    State(app): State<App>,
    caller: Caller,
    body: JsonBody<PruneRequest>,
) -> Result<Json<Pruned>, ApiError> {
    let given = body.value;
    if given.older_seconds.is_some_and(|seconds| seconds > MAX_SECONDS) {
        return Err(ApiError::field("olderSeconds", format!("at most {MAX_SECONDS}")));
    }
    let after = given.after.as_deref().map(place).transpose()?;
    let prune = Prune { older: given.older_seconds.map(Duration::from_secs), dry_run: given.dry_run, after };
    let pruned = app.engine().prune(&caller.principal, prune).await?;
    let sessions = pruned
        .sessions
        .into_iter()
        .map(|row| PrunedSession { session: session::session(row.session), kept: row.kept });
    Ok(Json(Pruned {
        dry_run: given.dry_run,
        sessions: sessions.collect(),
        next: pruned.next.map(|row| format!("{}-{}", row.updated_at.as_micros(), row.id)),
    }))
}

fn place(text: &str) -> Result<EndedSession, ApiError> {
    text.rsplit_once('-')
        .and_then(|(micros, id)| {
            let updated_at = Timestamp::from_micros(micros.parse().ok()?);
            Some(EndedSession { id: id.parse().ok()?, updated_at })
        })
        .ok_or_else(|| ApiError::field("after", "no call gave such a place"))
}
