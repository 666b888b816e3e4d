//! What lists of all sessions are made from (layer 1).

use super::PostgresStore;
use super::failure::sql;
use crate::document;
use crate::page::limit;
use crate::row::integer;
use async_trait::async_trait;
use telecoder_model::PortError;
use telecoder_model::port::store::{OverviewStore, RepositoryUse, SessionChange};
use telecoder_model::principal::Principal;

#[async_trait]
impl OverviewStore for PostgresStore {
    async fn changes(&self, who: &Principal, after: u64, rows: u32) -> Result<Vec<SessionChange>, PortError> {
        let found = sqlx::query(
            "SELECT global, session, seq, name, status FROM events
             WHERE listed AND global > $1 AND tenant = $2 AND owner = $3 ORDER BY global LIMIT $4",
        )
        .bind(integer(after))
        .bind(who.tenant.as_str())
        .bind(who.user.as_str())
        .bind(limit(rows)?);
        let rows = self.link.rows(found).await.map_err(sql("cannot read changes"))?;
        rows.iter().map(document::change).collect()
    }

    async fn repositories(&self, who: &Principal, rows: u32) -> Result<Vec<RepositoryUse>, PortError> {
        let found = sqlx::query(
            "SELECT repository, count(*) AS sessions,
                    count(*) FILTER (WHERE status NOT IN ('complete', 'error', 'stopped')) AS active,
                    max(created_at) AS last_used
             FROM sessions WHERE tenant = $1 AND owner = $2 AND repository IS NOT NULL
             GROUP BY repository ORDER BY last_used DESC, repository LIMIT $3",
        )
        .bind(who.tenant.as_str())
        .bind(who.user.as_str())
        .bind(limit(rows)?);
        let rows = self.link.rows(found).await.map_err(sql("cannot list repositories"))?;
        rows.iter().map(document::repository_use).collect()
    }
}
