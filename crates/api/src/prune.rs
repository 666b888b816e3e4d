//! Wire types: the removal of old sessions (layer 0).

use crate::session::Session;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which sessions that have ended shall be removed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PruneRequest {
    /// Those that did not change for so many seconds; absent: for as long as the server keeps sessions.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub older_seconds: Option<u64>,
    /// Only tell which.
    #[serde(default)]
    pub dry_run: bool,
    /// The `next` of a call before.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub after: Option<String>,
}

/// A session that is old enough.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PrunedSession {
    /// The session as it was.
    pub session: Session,
    /// Why it stays; `null`: it was removed, or would be.
    pub kept: Option<String>,
}

/// What a removal of old sessions did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pruned {
    /// Whether nothing was removed, only told.
    pub dry_run: bool,
    /// The sessions, the one that did not change for longest first; at most 500 a call.
    pub sessions: Vec<PrunedSession>,
    /// Give this as `after` to go on; `null` at the end.
    pub next: Option<String>,
}
