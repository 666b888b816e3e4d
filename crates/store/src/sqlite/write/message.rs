//! Messages (layer 1).

use crate::prepared::Head;
use crate::refusal;
use crate::row::{integer, word};
use crate::sqlite::failure::sql;
use sqlx::SqliteConnection;
use telecoder_model::PortError;
use telecoder_model::id::UserId;
use telecoder_model::port::store::{MessageState, Queueing};
use telecoder_model::time::Timestamp;

pub(super) async fn add(
    tx: &mut SqliteConnection,
    head: &mut Head,
    (author, content, queue): (&UserId, &str, Queueing),
    at: Timestamp,
) -> Result<u64, PortError> {
    refusal::has_room_for_a_message(head)?;
    let number: i64 =
        sqlx::query_scalar("UPDATE sessions SET messages = messages + 1 WHERE id = ? RETURNING messages")
            .bind(head.session.as_str())
            .fetch_one(&mut *tx)
            .await
            .map_err(sql("cannot number a message"))?;
    sqlx::query(
        "INSERT INTO messages (session, number, tenant, owner, author, content, queue, state, turn, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', NULL, ?)",
    )
    .bind(head.session.as_str())
    .bind(number)
    .bind(head.tenant.as_str())
    .bind(head.owner.as_str())
    .bind(author.as_str())
    .bind(content)
    .bind(word(&queue)?)
    .bind(at.as_micros())
    .execute(tx)
    .await
    .map_err(sql("cannot write a message"))?;
    head.messages = u64::try_from(number).unwrap_or(0);
    Ok(head.messages)
}

pub(super) async fn change(
    tx: &mut SqliteConnection,
    head: &Head,
    number: u64,
    state: MessageState,
    turn: Option<u32>,
) -> Result<(), PortError> {
    let changed = sqlx::query(
        "UPDATE messages SET state = ?, turn = ? WHERE session = ? AND number = ? AND state = 'queued'",
    )
    .bind(word(&state)?)
    .bind(turn)
    .bind(head.session.as_str())
    .bind(integer(number))
    .execute(tx)
    .await
    .map_err(sql("cannot change a message"))?;
    if changed.rows_affected() == 1 {
        return Ok(());
    }
    Err(refusal::message_not_queued(head, number))
}
