//! What lists of all sessions are made from (layer 1).

use super::SqliteStore;
use super::failure::sql;
use crate::document;
use crate::page::limit;
use crate::row::integer;
use async_trait::async_trait;
use telecoder_model::PortError;
use telecoder_model::port::store::{OverviewStore, RepositoryUse, SessionChange};
use telecoder_model::principal::Principal;

/// The bodies of floods are never read: their type stands at the beginning, and `json_extract` stops there.
pub(super) const CHANGES: &str = "SELECT global, session, seq, json_extract(body, '$.type') AS name,
            json_extract(body, '$.data.status') AS status
     FROM events WHERE global > ? AND tenant = ? AND owner = ?
       AND json_extract(body, '$.type')
           NOT IN ('thought', 'plan', 'tool_call', 'tool_update', 'output', 'step', 'file_change')
       AND NOT (json_extract(body, '$.type') = 'message' AND json_extract(body, '$.data.author') = 'agent')
     ORDER BY global LIMIT ?";

pub(super) const REPOSITORIES: &str = "SELECT repository, count(*) AS sessions,
            sum(status NOT IN ('complete', 'error', 'stopped')) AS active, max(created_at) AS last_used
     FROM sessions INDEXED BY sessions_repository WHERE tenant = ? AND owner = ? AND repository IS NOT NULL
     GROUP BY repository ORDER BY last_used DESC, repository LIMIT ?";

#[async_trait]
impl OverviewStore for SqliteStore {
    async fn changes(&self, who: &Principal, after: u64, rows: u32) -> Result<Vec<SessionChange>, PortError> {
        let found = sqlx::query(CHANGES)
            .bind(integer(after))
            .bind(who.tenant.as_str())
            .bind(who.user.as_str())
            .bind(limit(rows)?)
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot read changes"))?;
        found.iter().map(document::change).collect()
    }

    async fn repositories(&self, who: &Principal, rows: u32) -> Result<Vec<RepositoryUse>, PortError> {
        let found = sqlx::query(REPOSITORIES)
            .bind(who.tenant.as_str())
            .bind(who.user.as_str())
            .bind(limit(rows)?)
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot list repositories"))?;
        found.iter().map(document::repository_use).collect()
    }
}
