//! The session's job (layer 1): into the queue, and out of it.

use crate::prepared::Head;
use crate::sqlite::failure::sql;
use sqlx::SqliteConnection;
use telecoder_model::PortError;
use telecoder_model::time::Timestamp;

pub(super) async fn enqueue(
    tx: &mut SqliteConnection,
    head: &Head,
    not_before: Timestamp,
) -> Result<(), PortError> {
    sqlx::query(
        "INSERT INTO jobs (session, tenant, owner, account, repository, instance, epoch, tries, place, not_before)
         VALUES (?, ?, ?, ?, ?, NULL, 0, 0, (SELECT coalesce(max(place), 0) + 1 FROM jobs), ?)
         ON CONFLICT (session) DO UPDATE SET
             not_before = CASE WHEN instance IS NULL THEN min(not_before, excluded.not_before) ELSE not_before END,
             news_at = CASE WHEN instance IS NULL THEN news_at
                            ELSE min(coalesce(news_at, excluded.not_before), excluded.not_before) END",
    )
    .bind(head.session.as_str())
    .bind(head.tenant.as_str())
    .bind(head.owner.as_str())
    .bind(format!("{}/{}", head.tenant, head.owner))
    .bind(head.repository.as_deref())
    .bind(not_before.as_micros())
    .execute(tx)
    .await
    .map_err(sql("cannot queue a session"))?;
    Ok(())
}

/// The fence was held against the job's row before; within the transaction nothing else can have changed it.
pub(super) async fn end(tx: &mut SqliteConnection, head: &Head) -> Result<(), PortError> {
    let failed = || sql("cannot end a job");
    let requeued = sqlx::query(
        "UPDATE jobs SET instance = NULL, tries = 0, not_before = news_at, news_at = NULL,
                         place = (SELECT coalesce(max(place), 0) + 1 FROM jobs)
         WHERE session = ? AND news_at IS NOT NULL",
    )
    .bind(head.session.as_str())
    .execute(&mut *tx)
    .await
    .map_err(failed())?;
    if requeued.rows_affected() == 0 {
        sqlx::query("DELETE FROM jobs WHERE session = ?")
            .bind(head.session.as_str())
            .execute(tx)
            .await
            .map_err(failed())?;
    }
    Ok(())
}
