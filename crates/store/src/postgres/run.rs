//! What belongs to the execution of sessions (layer 1).

use super::PostgresStore;
use super::failure::sql;
use crate::document;
use crate::list::pending;
use crate::page::limit;
use crate::row::{Columns, Record, integer};
use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;
use sqlx::Postgres;
use telecoder_model::PortError;
use telecoder_model::decision::Decision;
use telecoder_model::id::{DecisionId, HostId, ProcessId, SessionId, TenantId, UserId};
use telecoder_model::port::store::{Message, OutboxRow, RunStore};
use telecoder_model::time::Timestamp;

/// Effects of sessions that lie on another host are left to that one: their commits lie there too.
const DUE: &str = "SELECT o.key, o.session, o.kind, o.payload, o.state, o.tries, o.not_before, o.result
     FROM outbox o JOIN sessions s ON s.id = o.session
     WHERE o.state = 'pending' AND o.not_before <= $1 AND (s.host IS NULL OR $3 IS NULL OR s.host = $3)
     ORDER BY o.place LIMIT $2";

#[async_trait]
impl RunStore for PostgresStore {
    async fn run(&self, id: &SessionId) -> Result<Option<Value>, PortError> {
        let found = sqlx::query("SELECT state FROM runs WHERE session = $1").bind(id.as_str());
        let row = self.link.row(found).await.map_err(sql("cannot read the state of an execution"))?;
        row.map(|row| Columns(&row).json("state")).transpose()
    }

    async fn inputs(
        &self,
        id: &SessionId,
        process: &ProcessId,
        after: u64,
    ) -> Result<Vec<(u64, Bytes)>, PortError> {
        let found = sqlx::query(
            "SELECT number, line FROM inputs WHERE session = $1 AND process = $2 AND number > $3 ORDER BY number",
        )
        .bind(id.as_str())
        .bind(process.as_str())
        .bind(integer(after));
        let rows = self.link.rows(found).await.map_err(sql("cannot read input lines"))?;
        rows.iter()
            .map(|row| Ok((Columns(row).number("number")?, Bytes::copy_from_slice(row.bytes("line")?))))
            .collect()
    }

    async fn messages(&self, id: &SessionId) -> Result<Vec<Message>, PortError> {
        let found = sqlx::query(
            "SELECT number, author, content, queue, state, turn, created_at FROM messages
             WHERE session = $1 ORDER BY number",
        );
        let rows = self.link.rows(found.bind(id.as_str())).await.map_err(sql("cannot read messages"))?;
        rows.iter().map(document::message).collect()
    }

    async fn decision(&self, id: &DecisionId) -> Result<Option<Decision>, PortError> {
        let found = sqlx::query("SELECT document FROM decisions WHERE id = $1").bind(id.as_str());
        let row = self.link.row(found).await.map_err(sql("cannot read a decision"))?;
        row.map(|row| Columns(&row).json("document")).transpose()
    }

    async fn pending_decisions(
        &self,
        tenant: &TenantId,
        owner: Option<&UserId>,
        session: Option<&SessionId>,
    ) -> Result<Vec<Decision>, PortError> {
        let mut statement = pending::<Postgres>(tenant, owner, session);
        let rows = self.link.rows(statement.build()).await.map_err(sql("cannot read decisions"))?;
        rows.iter().map(|row| Columns(row).json("document")).collect()
    }

    async fn due_outbox(&self, now: Timestamp, rows: u32) -> Result<Vec<OutboxRow>, PortError> {
        let host = self.host.as_ref().map(HostId::as_str);
        let due = sqlx::query(DUE).bind(now.as_micros()).bind(limit(rows)?).bind(host);
        let rows = self.link.rows(due).await.map_err(sql("cannot read outside effects"))?;
        rows.iter().map(document::effect).collect()
    }

    async fn pending_outbox(&self, id: &SessionId) -> Result<Vec<OutboxRow>, PortError> {
        let found = sqlx::query(
            "SELECT key, session, kind, payload, state, tries, not_before, result FROM outbox
             WHERE session = $1 AND state = 'pending' ORDER BY place",
        );
        let rows = self.link.rows(found.bind(id.as_str())).await;
        rows.map_err(sql("cannot read the outside effects of a session"))?
            .iter()
            .map(document::effect)
            .collect()
    }

    async fn outbox(&self, key: &str) -> Result<Option<OutboxRow>, PortError> {
        let found = sqlx::query(
            "SELECT key, session, kind, payload, state, tries, not_before, result FROM outbox WHERE key = $1",
        );
        let row = self.link.row(found.bind(key)).await.map_err(sql("cannot read an outside effect"))?;
        row.as_ref().map(document::effect).transpose()
    }
}
