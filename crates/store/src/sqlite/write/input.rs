//! Input lines of processes (layer 1).

use crate::prepared::Head;
use crate::refusal;
use crate::row::integer;
use crate::sqlite::failure::sql;
use sqlx::SqliteConnection;
use telecoder_model::PortError;
use telecoder_model::id::ProcessId;

pub(super) async fn add(
    tx: &mut SqliteConnection,
    head: &Head,
    process: &ProcessId,
    number: u64,
    line: &[u8],
) -> Result<(), PortError> {
    // Numbers follow on each other among the lines that are kept; the first line that is kept may have any.
    let written = sqlx::query(
        "INSERT INTO inputs (session, process, number, tenant, owner, line)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6
         WHERE ?3 >= 1 AND ?3 = coalesce(
             (SELECT max(i.number) + 1 FROM inputs i WHERE i.session = ?1 AND i.process = ?2), ?3)",
    )
    .bind(head.session.as_str())
    .bind(process.as_str())
    .bind(integer(number))
    .bind(head.tenant.as_str())
    .bind(head.owner.as_str())
    .bind(line)
    .execute(tx)
    .await
    .map_err(sql("cannot write an input line"))?;
    if written.rows_affected() == 1 {
        return Ok(());
    }
    Err(refusal::not_the_next_line(head, process, number))
}

pub(super) async fn forget(
    tx: &mut SqliteConnection,
    head: &Head,
    process: &ProcessId,
    up_to: u64,
) -> Result<(), PortError> {
    sqlx::query("DELETE FROM inputs WHERE session = ? AND process = ? AND number <= ?")
        .bind(head.session.as_str())
        .bind(process.as_str())
        .bind(integer(up_to))
        .execute(tx)
        .await
        .map_err(sql("cannot forget input lines"))?;
    Ok(())
}
