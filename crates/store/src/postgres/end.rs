//! The end of sessions (layer 1).
//!
//! Invariant: what keeps a session is looked for after its row is locked, so that nothing comes in between.

use super::PostgresStore;
use super::failure::sql;
use super::lock::{commit, execute};
use crate::ends::{self, Found, MAX_DIGESTS};
use crate::page::limit;
use crate::row::{Columns, json};
use async_trait::async_trait;
use sqlx::{PgConnection, Postgres};
use telecoder_model::PortError;
use telecoder_model::id::SessionId;
use telecoder_model::port::store::{Burial, EndStore, EndedQuery, EndedSession, Grave, Hold};
use telecoder_model::time::Timestamp;

/// What keeps a session. An effect that only follows its pull request keeps nothing.
const HOLD: &str = "SELECT s.status, s.version, s.tenant, s.owner,
            EXISTS (SELECT 1 FROM jobs WHERE session = s.id)::int4::int8 AS job,
            EXISTS (SELECT 1 FROM decisions WHERE session = s.id AND state = 'pending')::int4::int8 AS decision,
            EXISTS (SELECT 1 FROM outbox
                    WHERE session = s.id AND state = 'pending' AND kind <> 'follow')::int4::int8 AS publishing,
            (SELECT min(number) FROM pulls WHERE session = s.id AND state IN ('draft', 'open')) AS pull
     FROM sessions s WHERE s.id = $1";
/// The rows of a session, what depends on others first.
const ROWS: [&str; 11] = [
    "DELETE FROM events WHERE session = $1",
    "DELETE FROM blob_uses WHERE session = $1",
    "DELETE FROM runs WHERE session = $1",
    "DELETE FROM inputs WHERE session = $1",
    "DELETE FROM messages WHERE session = $1",
    "DELETE FROM decisions WHERE session = $1",
    "DELETE FROM outbox WHERE session = $1",
    "DELETE FROM reservations WHERE session = $1",
    "DELETE FROM pulls WHERE session = $1",
    "DELETE FROM documents WHERE session = $1",
    "DELETE FROM sessions WHERE id = $1",
];

#[async_trait]
impl EndStore for PostgresStore {
    async fn ended(&self, query: &EndedQuery) -> Result<Vec<EndedSession>, PortError> {
        let mut statement = ends::page::<Postgres>(query, "sessions")?;
        let rows = self.link.rows(statement.build()).await;
        rows.map_err(sql("cannot list sessions that have ended"))?.iter().map(ends::session).collect()
    }

    async fn active(&self, after: Option<&SessionId>, rows: u32) -> Result<Vec<SessionId>, PortError> {
        let listed = sqlx::query(
            "SELECT id FROM sessions WHERE status NOT IN ('complete', 'error', 'stopped') AND id > $1
             ORDER BY id LIMIT $2",
        )
        .bind(after.map_or("", SessionId::as_str))
        .bind(limit(rows)?);
        let rows = self.link.rows(listed).await.map_err(sql("cannot list sessions that have not ended"))?;
        rows.iter().map(|row| Columns(row).parsed("id")).collect()
    }

    async fn hold(&self, id: &SessionId) -> Result<Option<Hold>, PortError> {
        let found = self.link.row(sqlx::query(HOLD).bind(id.as_str())).await;
        let row = found.map_err(sql("cannot look what keeps a session"))?.ok_or_else(|| missing(id))?;
        Ok(ends::found(&row)?.hold)
    }

    async fn bury(&self, id: &SessionId, expect: Option<u64>, at: Timestamp) -> Result<Burial, PortError> {
        let failed = || sql("cannot remove a session");
        let mut held = self.link.held().await.map_err(failed())?;
        let burying = tokio::time::timeout(self.link.patience(), bury(&mut held, id, expect, at));
        match burying.await {
            Ok(Ok(burial)) => {
                held.give_back();
                Ok(burial)
            }
            // Closing the connection ends the transaction.
            Ok(Err(error)) => Err(error),
            Err(_) => Err(failed()(super::link::silent())),
        }
    }

    async fn graves(&self, rows: u32) -> Result<Vec<Grave>, PortError> {
        let listed =
            sqlx::query("SELECT session, blobs FROM graves ORDER BY place LIMIT $1").bind(limit(rows)?);
        let rows = self.link.rows(listed).await.map_err(sql("cannot read graves"))?;
        rows.iter().map(ends::grave).collect()
    }

    async fn close_grave(&self, id: &SessionId) -> Result<(), PortError> {
        let closed = sqlx::query("DELETE FROM graves WHERE session = $1").bind(id.as_str());
        self.link.change(closed).await.map(|_| ()).map_err(sql("cannot close a grave"))
    }

    async fn unnamed_blobs(&self, digests: &[String]) -> Result<Vec<String>, PortError> {
        if digests.len() > MAX_DIGESTS {
            return Err(PortError::permanent(format!("at most {MAX_DIGESTS} digests can be looked for")));
        }
        let asked = sqlx::query(
            "SELECT asked.digest FROM unnest($1::text[]) AS asked (digest)
             WHERE NOT EXISTS (SELECT 1 FROM blob_uses u WHERE u.digest = asked.digest)",
        )
        .bind(digests.to_vec());
        let rows = self.link.rows(asked).await.map_err(sql("cannot look who names a blob"))?;
        rows.iter().map(|row| Columns(row).text("digest")).collect()
    }

    async fn bytes(&self) -> Result<u64, PortError> {
        // They lie on the database's disk.
        Ok(0)
    }
}

fn missing(id: &SessionId) -> PortError {
    PortError::not_found(format!("there is no session {id}"))
}

async fn bury(
    tx: &mut PgConnection,
    id: &SessionId,
    expect: Option<u64>,
    at: Timestamp,
) -> Result<Burial, PortError> {
    let failed = || sql("cannot remove a session");
    execute(tx, "BEGIN").await.map_err(failed())?;
    let locked = sqlx::query("SELECT 1 FROM sessions WHERE id = $1 FOR UPDATE").bind(id.as_str());
    locked.fetch_optional(&mut *tx).await.map_err(failed())?.ok_or_else(|| missing(id))?;
    let row = sqlx::query(HOLD).bind(id.as_str()).fetch_one(&mut *tx).await.map_err(failed())?;
    let Found { version, tenant, owner, hold } = ends::found(&row)?;
    if let Some(expect) = expect
        && expect != version
    {
        return Err(PortError::conflict(format!("session {id} has version {version}, not {expect}")));
    }
    if let Some(hold) = hold {
        execute(tx, "ROLLBACK").await.map_err(failed())?;
        return Ok(Burial::Held(hold));
    }
    let named =
        sqlx::query("SELECT digest FROM blob_uses WHERE session = $1 ORDER BY digest").bind(id.as_str());
    let rows = named.fetch_all(&mut *tx).await.map_err(failed())?;
    let blobs: Vec<String> = rows.iter().map(|row| Columns(row).text("digest")).collect::<Result<_, _>>()?;
    sqlx::query("INSERT INTO graves (session, tenant, owner, buried_at, blobs) VALUES ($1, $2, $3, $4, $5)")
        .bind(id.as_str())
        .bind(tenant)
        .bind(owner)
        .bind(at.as_micros())
        .bind(json(&blobs)?)
        .execute(&mut *tx)
        .await
        .map_err(failed())?;
    for statement in ROWS {
        sqlx::query(statement).bind(id.as_str()).execute(&mut *tx).await.map_err(failed())?;
    }
    commit(tx).await.map_err(failed())?;
    Ok(Burial::Done(Grave { session: id.clone(), blobs }))
}
