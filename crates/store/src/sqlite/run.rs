//! What belongs to the execution of sessions (layer 1).

use super::SqliteStore;
use super::failure::sql;
use crate::document;
use crate::list::pending;
use crate::page::limit;
use crate::row::{Columns, Record, integer};
use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;
use sqlx::Sqlite;
use telecoder_model::PortError;
use telecoder_model::decision::Decision;
use telecoder_model::id::{DecisionId, ProcessId, SessionId, TenantId, UserId};
use telecoder_model::port::store::{Message, OutboxRow, RunStore};
use telecoder_model::time::Timestamp;

pub(super) const INPUTS: &str = "SELECT number, line FROM inputs
     WHERE session = ? AND process = ? AND number > ? ORDER BY number";
pub(super) const MESSAGES: &str =
    "SELECT number, author, content, queue, state, turn, created_at FROM messages
     WHERE session = ? ORDER BY number";
pub(super) const DUE: &str =
    "SELECT key, session, kind, payload, state, tries, not_before, result FROM outbox
     WHERE state = 'pending' AND not_before <= ? ORDER BY place LIMIT ?";

#[async_trait]
impl RunStore for SqliteStore {
    async fn run(&self, id: &SessionId) -> Result<Option<Value>, PortError> {
        sqlx::query("SELECT state FROM runs WHERE session = ?")
            .bind(id.as_str())
            .fetch_optional(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot read the state of an execution"))?
            .map(|row| Columns(&row).json("state"))
            .transpose()
    }

    async fn inputs(
        &self,
        id: &SessionId,
        process: &ProcessId,
        after: u64,
    ) -> Result<Vec<(u64, Bytes)>, PortError> {
        sqlx::query(INPUTS)
            .bind(id.as_str())
            .bind(process.as_str())
            .bind(integer(after))
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot read input lines"))?
            .iter()
            .map(|row| Ok((Columns(row).number("number")?, Bytes::copy_from_slice(row.bytes("line")?))))
            .collect()
    }

    async fn messages(&self, id: &SessionId) -> Result<Vec<Message>, PortError> {
        sqlx::query(MESSAGES)
            .bind(id.as_str())
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot read messages"))?
            .iter()
            .map(document::message)
            .collect()
    }

    async fn decision(&self, id: &DecisionId) -> Result<Option<Decision>, PortError> {
        sqlx::query("SELECT document FROM decisions WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot read a decision"))?
            .map(|row| Columns(&row).json("document"))
            .transpose()
    }

    async fn pending_decisions(
        &self,
        tenant: &TenantId,
        owner: Option<&UserId>,
        session: Option<&SessionId>,
    ) -> Result<Vec<Decision>, PortError> {
        pending::<Sqlite>(tenant, owner, session)
            .build()
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot read decisions"))?
            .iter()
            .map(|row| Columns(row).json("document"))
            .collect()
    }

    async fn due_outbox(&self, now: Timestamp, rows: u32) -> Result<Vec<OutboxRow>, PortError> {
        let rows = limit(rows)?;
        sqlx::query(DUE)
            .bind(now.as_micros())
            .bind(rows)
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot read outside effects"))?
            .iter()
            .map(document::effect)
            .collect()
    }

    async fn pending_outbox(&self, id: &SessionId) -> Result<Vec<OutboxRow>, PortError> {
        sqlx::query(
            "SELECT key, session, kind, payload, state, tries, not_before, result FROM outbox
             WHERE session = ? AND state = 'pending' ORDER BY place",
        )
        .bind(id.as_str())
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(sql("cannot read the outside effects of a session"))?
        .iter()
        .map(document::effect)
        .collect()
    }

    async fn outbox(&self, key: &str) -> Result<Option<OutboxRow>, PortError> {
        sqlx::query(
            "SELECT key, session, kind, payload, state, tries, not_before, result FROM outbox WHERE key = ?",
        )
        .bind(key)
        .fetch_optional(&mut *self.reader().await?)
        .await
        .map_err(sql("cannot read an outside effect"))?
        .as_ref()
        .map(document::effect)
        .transpose()
    }
}
