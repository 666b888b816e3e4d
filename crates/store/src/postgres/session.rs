//! Sessions and their events (layer 1).

use super::PostgresStore;
use super::failure::sql;
use super::group::Waiting;
use crate::document;
use crate::list::{self, Dialect, page_of_sessions};
use crate::page::{MAX_IDS, limit, prefix_range};
use crate::prepared::Prepared;
use crate::row::{Columns, integer};
use async_trait::async_trait;
use sqlx::Postgres;
use telecoder_model::PortError;
use telecoder_model::event::Event;
use telecoder_model::id::SessionId;
use telecoder_model::port::store::{Commit, Committed, Page, SessionQuery, SessionStore, Versioned};
use telecoder_model::principal::Principal;
use telecoder_model::session::Session;

impl Dialect for Postgres {
    const PLACE_OF: &'static str = "strpos";
    const UNINDEXED: &'static str = "";
}

#[async_trait]
impl SessionStore for PostgresStore {
    async fn commit(&self, commit: Commit) -> Result<Committed, PortError> {
        let commit = Prepared::new(commit)?;
        // One session's commits go through one writer, in the order in which they come.
        let sum: usize = commit.session.as_str().bytes().map(usize::from).sum();
        let Some(writer) = self.writers.get(sum % self.writers.len().max(1)) else {
            return Err(crate::failure::closed());
        };
        writer.apply(commit.bytes(), |reply| Waiting { commit, reply }).await
    }

    async fn session(&self, id: &SessionId) -> Result<Option<Versioned<Session>>, PortError> {
        let found = sqlx::query(
            "SELECT s.version, s.last_seq, d.document
             FROM sessions s JOIN documents d ON d.session = s.id WHERE s.id = $1",
        );
        let row = self.link.row(found.bind(id.as_str())).await.map_err(sql("cannot read a session"))?;
        row.as_ref().map(document::versioned).transpose()
    }

    async fn sessions(&self, who: &Principal, query: &SessionQuery) -> Result<Page<Session>, PortError> {
        let mut statement = list::sessions::<Postgres>(who, query)?;
        let found = self.link.rows(statement.build()).await.map_err(sql("cannot list sessions"))?;
        page_of_sessions(query, &found)
    }

    async fn sessions_by_prefix(&self, who: &Principal, prefix: &str) -> Result<Vec<SessionId>, PortError> {
        let Some((from, to)) = prefix_range(prefix) else { return Ok(Vec::new()) };
        let found = sqlx::query(
            "SELECT id FROM sessions WHERE tenant = $1 AND owner = $2 AND id >= $3 AND id < $4 ORDER BY id LIMIT $5",
        )
        .bind(who.tenant.as_str())
        .bind(who.user.as_str())
        .bind(from)
        .bind(to)
        .bind(MAX_IDS);
        let rows = self.link.rows(found).await.map_err(sql("cannot find sessions"))?;
        rows.iter().map(|row| Columns(row).parsed("id")).collect()
    }

    async fn events(&self, id: &SessionId, after: u64, rows: u32) -> Result<Vec<Event>, PortError> {
        let found = sqlx::query(
            "SELECT seq, global, session, at, body FROM events WHERE session = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        )
        .bind(id.as_str())
        .bind(integer(after))
        .bind(limit(rows)?);
        let rows = self.link.rows(found).await.map_err(sql("cannot read events"))?;
        rows.iter().map(document::event).collect()
    }

    async fn all_events(&self, after: u64, rows: u32) -> Result<Vec<Event>, PortError> {
        let found = sqlx::query(
            "SELECT seq, global, session, at, body FROM events WHERE global > $1 ORDER BY global LIMIT $2",
        )
        .bind(integer(after))
        .bind(limit(rows)?);
        let rows = self.link.rows(found).await.map_err(sql("cannot read events"))?;
        rows.iter().map(document::event).collect()
    }
}
