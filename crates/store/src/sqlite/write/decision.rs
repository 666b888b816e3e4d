//! Decisions (layer 1): the first answer wins.

use crate::failure::is_taken;
use crate::prepared::{Head, is_of_the_owner};
use crate::refusal;
use crate::row::word;
use crate::sqlite::failure::sql;
use sqlx::SqliteConnection;
use telecoder_model::PortError;
use telecoder_model::decision::Decision;

pub(super) async fn ask(
    tx: &mut SqliteConnection,
    head: &Head,
    decision: &Decision,
    document: &str,
) -> Result<(), PortError> {
    is_of_the_owner(head, decision)?;
    sqlx::query(
        "INSERT INTO decisions (id, session, tenant, owner, state, created_at, document)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(decision.id.as_str())
    .bind(head.session.as_str())
    .bind(head.tenant.as_str())
    .bind(head.owner.as_str())
    .bind(word(&decision.state)?)
    .bind(decision.created_at.as_micros())
    .bind(document)
    .execute(tx)
    .await
    .map_err(|error| {
        if is_taken(&error) {
            return refusal::decision_exists(decision);
        }
        sql("cannot add a decision")(error)
    })?;
    Ok(())
}

pub(super) async fn answer(
    tx: &mut SqliteConnection,
    head: &Head,
    decision: &Decision,
    document: &str,
) -> Result<(), PortError> {
    let changed = sqlx::query(
        "UPDATE decisions SET state = ?, document = ? WHERE id = ? AND session = ? AND state = 'pending'",
    )
    .bind(word(&decision.state)?)
    .bind(document)
    .bind(decision.id.as_str())
    .bind(head.session.as_str())
    .execute(&mut *tx)
    .await
    .map_err(sql("cannot change a decision"))?;
    if changed.rows_affected() == 1 {
        return Ok(());
    }
    let exists: Option<i64> = sqlx::query_scalar("SELECT 1 FROM decisions WHERE id = ? AND session = ?")
        .bind(decision.id.as_str())
        .bind(head.session.as_str())
        .fetch_optional(tx)
        .await
        .map_err(sql("cannot read a decision"))?;
    Err(refusal::decision_not_pending(head, decision, exists.is_some()))
}
