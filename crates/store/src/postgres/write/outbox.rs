//! Outside effects and idempotency keys (layer 1): both are written once.

use crate::failure::is_taken;
use crate::postgres::failure::sql;
use crate::prepared::Head;
use crate::refusal;
use crate::row::{integer, json, word};
use sqlx::PgConnection;
use telecoder_model::PortError;
use telecoder_model::port::store::{OutboxRow, Reservation};

pub(super) async fn add(
    tx: &mut PgConnection,
    head: &Head,
    row: &OutboxRow,
    payload: &str,
) -> Result<(), PortError> {
    sqlx::query(
        "INSERT INTO outbox (key, session, tenant, owner, kind, payload, state, tries, not_before, result)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (key) DO NOTHING",
    )
    .bind(row.key.as_str())
    .bind(head.session.as_str())
    .bind(head.tenant.as_str())
    .bind(head.owner.as_str())
    .bind(row.kind.as_str())
    .bind(payload)
    .bind(word(&row.state)?)
    .bind(i64::from(row.tries))
    .bind(row.not_before.as_micros())
    .bind(row.result.as_ref().map(json).transpose()?)
    .execute(tx)
    .await
    .map(|_| ())
    .map_err(sql("cannot write an outside effect"))
}

pub(super) async fn update(tx: &mut PgConnection, row: &OutboxRow) -> Result<(), PortError> {
    let failed = || sql("cannot change an outside effect");
    let changed = sqlx::query(
        "UPDATE outbox SET state = $1, tries = $2, not_before = $3, result = $4
         WHERE key = $5 AND session = $6 AND state = 'pending'",
    )
    .bind(word(&row.state)?)
    .bind(i64::from(row.tries))
    .bind(row.not_before.as_micros())
    .bind(row.result.as_ref().map(json).transpose()?)
    .bind(row.key.as_str())
    .bind(row.session.as_str())
    .execute(&mut *tx)
    .await
    .map_err(failed())?;
    if changed.rows_affected() == 1 {
        return Ok(());
    }
    let exists = sqlx::query("SELECT 1 FROM outbox WHERE key = $1 AND session = $2")
        .bind(row.key.as_str())
        .bind(row.session.as_str())
        .fetch_optional(tx)
        .await
        .map_err(failed())?;
    Err(refusal::effect_not_pending(row, exists.is_some()))
}

pub(super) async fn reserve(
    tx: &mut PgConnection,
    head: &Head,
    reservation: &Reservation,
) -> Result<(), PortError> {
    let reserved = sqlx::query(
        "INSERT INTO reservations (tenant, owner, key, request, session, message)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(reservation.tenant.as_str())
    .bind(reservation.user.as_str())
    .bind(reservation.key.as_str())
    .bind(reservation.request.as_str())
    .bind(reservation.session.as_str())
    .bind(integer(head.messages))
    .execute(tx)
    .await;
    match reserved {
        Ok(_) => Ok(()),
        Err(error) if is_taken(&error) => Err(PortError::conflict("the idempotency key is taken")),
        Err(error) => Err(sql("cannot reserve an idempotency key")(error)),
    }
}
