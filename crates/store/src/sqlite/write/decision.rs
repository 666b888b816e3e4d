//! Decisions (layer 1): the first answer wins.

use crate::sqlite::commit::Head;
use crate::sqlite::failure::{is_taken, sql};
use crate::sqlite::row::word;
use sqlx::SqliteConnection;
use telecoder_model::PortError;
use telecoder_model::decision::{Decision, DecisionState};

pub(super) async fn ask(
    tx: &mut SqliteConnection,
    head: &Head,
    decision: &Decision,
    document: &str,
) -> Result<(), PortError> {
    if decision.tenant.as_str() != head.tenant || decision.owner.as_str() != head.owner {
        return Err(PortError::permanent(format!(
            "decision {} does not belong to the owner of its session",
            decision.id
        )));
    }
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
            return PortError::conflict(format!("decision {} exists", decision.id));
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
    Err(match exists {
        Some(_) => PortError::conflict(format!(
            "decision {} is no longer {}",
            decision.id,
            word(&DecisionState::Pending)?
        )),
        None => PortError::not_found(format!("session {} has no decision {}", head.session, decision.id)),
    })
}
