//! Messages (layer 1).

use crate::postgres::failure::sql;
use crate::postgres::row::plain;
use crate::prepared::Head;
use crate::refusal;
use crate::row::{integer, word};
use sqlx::PgConnection;
use telecoder_model::PortError;
use telecoder_model::id::UserId;
use telecoder_model::port::store::{MessageState, Queueing};
use telecoder_model::time::Timestamp;

/// The number comes from the session's locked row, which keeps the count at the end of its group.
pub(super) async fn add(
    tx: &mut PgConnection,
    head: &mut Head,
    (author, content, queue): (&UserId, &str, Queueing),
    at: Timestamp,
) -> Result<u64, PortError> {
    refusal::has_room_for_a_message(head)?;
    let number = head.messages + 1;
    sqlx::query(
        "INSERT INTO messages (session, number, tenant, owner, author, content, queue, state, turn, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', NULL, $8)",
    )
    .bind(head.session.as_str())
    .bind(integer(number))
    .bind(head.tenant.as_str())
    .bind(head.owner.as_str())
    .bind(author.as_str())
    .bind(plain(content))
    .bind(word(&queue)?)
    .bind(at.as_micros())
    .execute(tx)
    .await
    .map_err(sql("cannot write a message"))?;
    head.messages = number;
    Ok(number)
}

pub(super) async fn change(
    tx: &mut PgConnection,
    head: &Head,
    number: u64,
    state: MessageState,
    turn: Option<u32>,
) -> Result<(), PortError> {
    let changed = sqlx::query(
        "UPDATE messages SET state = $1, turn = $2 WHERE session = $3 AND number = $4 AND state = 'queued'",
    )
    .bind(word(&state)?)
    .bind(turn.map(i64::from))
    .bind(head.session.as_str())
    .bind(integer(number))
    .execute(tx)
    .await
    .map_err(sql("cannot change a message"))?;
    if changed.rows_affected() == 1 { Ok(()) } else { Err(refusal::message_not_queued(head, number)) }
}
