//! The end of sessions (layer 1).
//!
//! Invariants: what keeps a session is looked for in the transaction that removes it; the grave is written in the same one.

use super::SqliteStore;
use super::failure::sql;
use super::group::Change;
use crate::ends::{self, Found, MAX_DIGESTS};
use crate::page::limit;
use crate::row::{Columns, json};
use async_trait::async_trait;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use telecoder_model::PortError;
use telecoder_model::id::SessionId;
use telecoder_model::port::store::{Burial, EndStore, EndedQuery, EndedSession, Grave, Hold};
use telecoder_model::time::Timestamp;

pub(super) const ACTIVE: &str = "SELECT id FROM sessions
     WHERE status NOT IN ('complete', 'error', 'stopped') AND id > ? ORDER BY id LIMIT ?";
/// What keeps a session. An effect that only follows its pull request keeps nothing.
pub(super) const HOLD: &str = "SELECT s.status, s.version, s.tenant, s.owner,
            EXISTS (SELECT 1 FROM jobs WHERE session = s.id) AS job,
            EXISTS (SELECT 1 FROM decisions WHERE session = s.id AND state = 'pending') AS decision,
            EXISTS (SELECT 1 FROM outbox
                    WHERE session = s.id AND state = 'pending' AND kind <> 'follow') AS publishing,
            (SELECT min(number) FROM pulls WHERE session = s.id AND state IN ('draft', 'open')) AS pull
     FROM sessions s WHERE s.id = ?";
pub(super) const UNNAMED: &str = "SELECT e.value AS digest FROM json_each(?) e
     WHERE NOT EXISTS (SELECT 1 FROM blob_uses WHERE digest = e.value)";
pub(super) const GRAVES: &str = "SELECT session, blobs FROM graves ORDER BY place LIMIT ?";
/// The rows of a session, what depends on others first.
pub(super) const ROWS: [&str; 11] = [
    "DELETE FROM events WHERE session = ?",
    "DELETE FROM blob_uses WHERE session = ?",
    "DELETE FROM runs WHERE session = ?",
    "DELETE FROM inputs WHERE session = ?",
    "DELETE FROM messages WHERE session = ?",
    "DELETE FROM decisions WHERE session = ?",
    "DELETE FROM outbox WHERE session = ?",
    "DELETE FROM reservations WHERE session = ?",
    "DELETE FROM pulls WHERE session = ?",
    "DELETE FROM documents WHERE session = ?",
    "DELETE FROM sessions WHERE id = ?",
];

#[async_trait]
impl EndStore for SqliteStore {
    async fn ended(&self, query: &EndedQuery) -> Result<Vec<EndedSession>, PortError> {
        ended(query)?
            .build()
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot list sessions that have ended"))?
            .iter()
            .map(ends::session)
            .collect()
    }

    async fn active(&self, after: Option<&SessionId>, rows: u32) -> Result<Vec<SessionId>, PortError> {
        sqlx::query(ACTIVE)
            .bind(after.map_or("", SessionId::as_str))
            .bind(limit(rows)?)
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot list sessions that have not ended"))?
            .iter()
            .map(|row| Columns(row).parsed("id"))
            .collect()
    }

    async fn hold(&self, id: &SessionId) -> Result<Option<Hold>, PortError> {
        Ok(look(&mut *self.reader().await?, id).await?.hold)
    }

    async fn bury(&self, id: &SessionId, expect: Option<u64>, at: Timestamp) -> Result<Burial, PortError> {
        self.writer.apply(Bury { id: id.clone(), expect, at }).await
    }

    async fn graves(&self, rows: u32) -> Result<Vec<Grave>, PortError> {
        sqlx::query(GRAVES)
            .bind(limit(rows)?)
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot read graves"))?
            .iter()
            .map(ends::grave)
            .collect()
    }

    async fn close_grave(&self, id: &SessionId) -> Result<(), PortError> {
        self.writer.apply(Close(id.clone())).await
    }

    async fn unnamed_blobs(&self, digests: &[String]) -> Result<Vec<String>, PortError> {
        if digests.len() > MAX_DIGESTS {
            return Err(PortError::permanent(format!("at most {MAX_DIGESTS} digests can be looked for")));
        }
        sqlx::query(UNNAMED)
            .bind(json(&digests)?)
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot look who names a blob"))?
            .iter()
            .map(|row| Columns(row).text("digest"))
            .collect()
    }

    async fn bytes(&self) -> Result<u64, PortError> {
        let row = sqlx::query(
            "SELECT (p.page_count - f.freelist_count) * s.page_size AS bytes
             FROM pragma_page_count p, pragma_freelist_count f, pragma_page_size s",
        )
        .fetch_one(&mut *self.reader().await?)
        .await
        .map_err(sql("cannot measure the database"))?;
        Columns(&row).number("bytes")
    }
}

/// The statement of a page of sessions that have ended.
pub(super) fn ended(query: &EndedQuery) -> Result<QueryBuilder<Sqlite>, PortError> {
    ends::page(query, "sessions INDEXED BY sessions_ended")
}

async fn look(connection: &mut SqliteConnection, id: &SessionId) -> Result<Found, PortError> {
    let row = sqlx::query(HOLD)
        .bind(id.as_str())
        .fetch_optional(connection)
        .await
        .map_err(sql("cannot look what keeps a session"))?
        .ok_or_else(|| PortError::not_found(format!("there is no session {id}")))?;
    ends::found(&row)
}

struct Bury {
    id: SessionId,
    expect: Option<u64>,
    at: Timestamp,
}

impl Change for Bury {
    type Answer = Burial;
    async fn apply(&self, tx: &mut SqliteConnection) -> Result<Burial, PortError> {
        let failed = || sql("cannot remove a session");
        let found = look(tx, &self.id).await?;
        if let Some(expect) = self.expect
            && expect != found.version
        {
            return Err(PortError::conflict(format!(
                "session {} has version {}, not {expect}",
                self.id, found.version
            )));
        }
        if let Some(hold) = found.hold {
            return Ok(Burial::Held(hold));
        }
        let blobs: Vec<String> =
            sqlx::query_scalar("SELECT digest FROM blob_uses WHERE session = ? ORDER BY digest")
                .bind(self.id.as_str())
                .fetch_all(&mut *tx)
                .await
                .map_err(failed())?;
        sqlx::query("INSERT INTO graves (session, tenant, owner, buried_at, blobs) VALUES (?, ?, ?, ?, ?)")
            .bind(self.id.as_str())
            .bind(found.tenant)
            .bind(found.owner)
            .bind(self.at.as_micros())
            .bind(json(&blobs)?)
            .execute(&mut *tx)
            .await
            .map_err(failed())?;
        for statement in ROWS {
            sqlx::query(statement).bind(self.id.as_str()).execute(&mut *tx).await.map_err(failed())?;
        }
        Ok(Burial::Done(Grave { session: self.id.clone(), blobs }))
    }
}

struct Close(SessionId);

impl Change for Close {
    type Answer = ();
    async fn apply(&self, tx: &mut SqliteConnection) -> Result<(), PortError> {
        sqlx::query("DELETE FROM graves WHERE session = ?")
            .bind(self.0.as_str())
            .execute(tx)
            .await
            .map(|_| ())
            .map_err(sql("cannot close a grave"))
    }
}
