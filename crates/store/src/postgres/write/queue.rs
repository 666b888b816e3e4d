//! The session's job (layer 1): into the queue, and out of it.
//!
//! Invariant: when a job is due is a time of the database's clock. The writer's clock only gives how far off that is.

use crate::postgres::failure::sql;
use crate::prepared::Head;
use sqlx::PgConnection;
use telecoder_model::PortError;
use telecoder_model::time::Timestamp;

/// The longest wait, in microseconds: a hundred years.
const LONGEST: i64 = 100 * 366 * 24 * 60 * 60 * 1_000_000;

pub(super) async fn enqueue(
    tx: &mut PgConnection,
    head: &Head,
    at: Timestamp,
    not_before: Timestamp,
) -> Result<(), PortError> {
    let wait = not_before.as_micros().saturating_sub(at.as_micros()).clamp(0, LONGEST);
    sqlx::query(
        "INSERT INTO jobs (session, tenant, owner, account, repository, instance, epoch, tries, place, not_before)
         VALUES ($1, $2, $3, $4, $5, NULL, 0, 0, nextval('jobs_place'),
                 clock_timestamp() + $6 * interval '1 microsecond')
         ON CONFLICT (session) DO UPDATE SET
             not_before = CASE WHEN jobs.instance IS NULL THEN least(jobs.not_before, excluded.not_before)
                               ELSE jobs.not_before END,
             news_at = CASE WHEN jobs.instance IS NULL THEN jobs.news_at
                            ELSE least(jobs.news_at, excluded.not_before) END",
    )
    .bind(head.session.as_str())
    .bind(head.tenant.as_str())
    .bind(head.owner.as_str())
    .bind(format!("{}/{}", head.tenant, head.owner))
    .bind(head.repository.as_deref())
    .bind(wait)
    .execute(tx)
    .await
    .map(|_| ())
    .map_err(sql("cannot queue a session"))
}

/// The fence was held against the job's locked row before; nothing else can have changed it.
pub(super) async fn end(tx: &mut PgConnection, head: &Head) -> Result<(), PortError> {
    let failed = || sql("cannot end a job");
    let requeued = sqlx::query(
        "UPDATE jobs SET instance = NULL, tries = 0, not_before = news_at, news_at = NULL,
                         place = nextval('jobs_place')
         WHERE session = $1 AND news_at IS NOT NULL",
    )
    .bind(head.session.as_str())
    .execute(&mut *tx)
    .await
    .map_err(failed())?;
    if requeued.rows_affected() == 0 {
        sqlx::query("DELETE FROM jobs WHERE session = $1")
            .bind(head.session.as_str())
            .execute(tx)
            .await
            .map_err(failed())?;
    }
    Ok(())
}
