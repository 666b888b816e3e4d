//! Decisions (layer 1): the first answer wins.

use crate::failure::is_taken;
use crate::postgres::failure::sql;
use crate::prepared::{Head, is_of_the_owner};
use crate::refusal;
use crate::row::word;
use sqlx::PgConnection;
use telecoder_model::PortError;
use telecoder_model::decision::Decision;

pub(super) async fn ask(
    tx: &mut PgConnection,
    head: &Head,
    decision: &Decision,
    document: &str,
) -> Result<(), PortError> {
    is_of_the_owner(head, decision)?;
    let added = sqlx::query(
        "INSERT INTO decisions (id, session, tenant, owner, state, created_at, document)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(decision.id.as_str())
    .bind(head.session.as_str())
    .bind(head.tenant.as_str())
    .bind(head.owner.as_str())
    .bind(word(&decision.state)?)
    .bind(decision.created_at.as_micros())
    .bind(document)
    .execute(tx)
    .await;
    match added {
        Ok(_) => Ok(()),
        Err(error) if is_taken(&error) => Err(refusal::decision_exists(decision)),
        Err(error) => Err(sql("cannot add a decision")(error)),
    }
}

pub(super) async fn answer(
    tx: &mut PgConnection,
    head: &Head,
    decision: &Decision,
    document: &str,
) -> Result<(), PortError> {
    let failed = || sql("cannot change a decision");
    let changed = sqlx::query(
        "UPDATE decisions SET state = $1, document = $2 WHERE id = $3 AND session = $4 AND state = 'pending'",
    )
    .bind(word(&decision.state)?)
    .bind(document)
    .bind(decision.id.as_str())
    .bind(head.session.as_str())
    .execute(&mut *tx)
    .await
    .map_err(failed())?;
    if changed.rows_affected() == 1 {
        return Ok(());
    }
    let exists = sqlx::query("SELECT 1 FROM decisions WHERE id = $1 AND session = $2")
        .bind(decision.id.as_str())
        .bind(head.session.as_str())
        .fetch_optional(tx)
        .await
        .map_err(failed())?;
    Err(refusal::decision_not_pending(head, decision, exists.is_some()))
}
