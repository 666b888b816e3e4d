//! Outside effects and idempotency keys (layer 1): both are written once.

use crate::failure::is_taken;
use crate::prepared::Head;
use crate::refusal;
use crate::row::{integer, json, word};
use crate::sqlite::failure::sql;
use sqlx::SqliteConnection;
use telecoder_model::PortError;
use telecoder_model::port::store::{OutboxRow, Reservation};

pub(super) async fn add(
    tx: &mut SqliteConnection,
    head: &Head,
    row: &OutboxRow,
    payload: &str,
) -> Result<(), PortError> {
    sqlx::query(
        "INSERT INTO outbox (key, session, tenant, owner, kind, payload, state, tries, not_before, result)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
    )
    .bind(row.key.as_str())
    .bind(head.session.as_str())
    .bind(head.tenant.as_str())
    .bind(head.owner.as_str())
    .bind(row.kind.as_str())
    .bind(payload)
    .bind(word(&row.state)?)
    .bind(row.tries)
    .bind(row.not_before.as_micros())
    .bind(row.result.as_ref().map(json).transpose()?)
    .execute(tx)
    .await
    .map_err(sql("cannot write an outside effect"))?;
    Ok(())
}

pub(super) async fn update(tx: &mut SqliteConnection, row: &OutboxRow) -> Result<(), PortError> {
    let changed = sqlx::query(
        "UPDATE outbox SET state = ?, tries = ?, not_before = ?, result = ?
         WHERE key = ? AND session = ? AND state = 'pending'",
    )
    .bind(word(&row.state)?)
    .bind(row.tries)
    .bind(row.not_before.as_micros())
    .bind(row.result.as_ref().map(json).transpose()?)
    .bind(row.key.as_str())
    .bind(row.session.as_str())
    .execute(&mut *tx)
    .await
    .map_err(sql("cannot change an outside effect"))?;
    if changed.rows_affected() == 1 {
        return Ok(());
    }
    let exists: Option<i64> = sqlx::query_scalar("SELECT 1 FROM outbox WHERE key = ? AND session = ?")
        .bind(row.key.as_str())
        .bind(row.session.as_str())
        .fetch_optional(tx)
        .await
        .map_err(sql("cannot read an outside effect"))?;
    Err(refusal::effect_not_pending(row, exists.is_some()))
}

pub(super) async fn reserve(
    tx: &mut SqliteConnection,
    head: &Head,
    reservation: &Reservation,
) -> Result<(), PortError> {
    sqlx::query(
        "INSERT INTO reservations (tenant, owner, key, request, session, message) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(reservation.tenant.as_str())
    .bind(reservation.user.as_str())
    .bind(reservation.key.as_str())
    .bind(reservation.request.as_str())
    .bind(reservation.session.as_str())
    .bind(integer(head.messages))
    .execute(tx)
    .await
    .map_err(|error| {
        if is_taken(&error) {
            return PortError::conflict("the idempotency key is taken");
        }
        sql("cannot reserve an idempotency key")(error)
    })?;
    Ok(())
}
