//! Sessions and their events (layer 1).

use super::SqliteStore;
use super::commit::Apply;
use super::failure::sql;
use crate::document;
use crate::list::{self, Dialect, page_of_sessions};
use crate::page::{MAX_IDS, limit, prefix_range};
use crate::row::{Columns, integer};
use async_trait::async_trait;
use sqlx::Sqlite;
use telecoder_model::PortError;
use telecoder_model::event::Event;
use telecoder_model::id::SessionId;
use telecoder_model::port::store::{Commit, Committed, Page, SessionQuery, SessionStore, Versioned};
use telecoder_model::principal::Principal;
use telecoder_model::session::Session;

impl Dialect for Sqlite {
    const PLACE_OF: &'static str = "instr";
    const UNINDEXED: &'static str = "+";
}

pub(super) const EVENTS: &str = "SELECT seq, global, session, at, body FROM events
     WHERE session = ? AND seq > ? ORDER BY seq LIMIT ?";
pub(super) const ALL_EVENTS: &str = "SELECT seq, global, session, at, body FROM events
     WHERE global > ? ORDER BY global LIMIT ?";
pub(super) const BY_PREFIX: &str = "SELECT id FROM sessions
     WHERE tenant = ? AND owner = ? AND id >= ? AND id < ? ORDER BY id LIMIT ?";

#[async_trait]
impl SessionStore for SqliteStore {
    async fn commit(&self, commit: Commit) -> Result<Committed, PortError> {
        self.writer.apply(Apply::new(commit)?).await
    }

    async fn session(&self, id: &SessionId) -> Result<Option<Versioned<Session>>, PortError> {
        let row = sqlx::query(
            "SELECT s.version, s.last_seq, d.document
             FROM sessions s CROSS JOIN documents d ON d.session = s.id WHERE s.id = ?",
        )
        .bind(id.as_str())
        .fetch_optional(&mut *self.reader().await?)
        .await
        .map_err(sql("cannot read a session"))?;
        row.as_ref().map(document::versioned).transpose()
    }

    async fn sessions(&self, who: &Principal, query: &SessionQuery) -> Result<Page<Session>, PortError> {
        let found = list::sessions::<Sqlite>(who, query)?
            .build()
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot list sessions"))?;
        page_of_sessions(query, &found)
    }

    async fn sessions_by_prefix(&self, who: &Principal, prefix: &str) -> Result<Vec<SessionId>, PortError> {
        let Some((from, to)) = prefix_range(prefix) else { return Ok(Vec::new()) };
        sqlx::query(BY_PREFIX)
            .bind(who.tenant.as_str())
            .bind(who.user.as_str())
            .bind(from)
            .bind(to)
            .bind(MAX_IDS)
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot find sessions"))?
            .iter()
            .map(|row| Columns(row).parsed("id"))
            .collect()
    }

    async fn events(&self, id: &SessionId, after: u64, rows: u32) -> Result<Vec<Event>, PortError> {
        let rows = limit(rows)?;
        sqlx::query(EVENTS)
            .bind(id.as_str())
            .bind(integer(after))
            .bind(rows)
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot read events"))?
            .iter()
            .map(document::event)
            .collect()
    }

    async fn all_events(&self, after: u64, rows: u32) -> Result<Vec<Event>, PortError> {
        let rows = limit(rows)?;
        sqlx::query(ALL_EVENTS)
            .bind(integer(after))
            .bind(rows)
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot read events"))?
            .iter()
            .map(document::event)
            .collect()
    }
}
