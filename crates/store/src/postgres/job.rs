//! Jobs, leases and epochs (layer 1).
//!
//! Invariants: what decides who lives and who gets which job happens under one lock, one statement at a time, so that limits
//! hold over all servers; every time is the database's; an epoch is counted in the session's row, which outlives its jobs.
//! A job of a session that lies on a host is only given to servers of that host. Rows that somebody is writing are passed over.

use super::PostgresStore;
use super::failure::{is_retried, sql};
use super::lock::{BEGIN_JOBS, commit, execute};
use crate::refusal::declared_dead;
use crate::row::{Columns, Record, integer};
use async_trait::async_trait;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{PgConnection, Postgres};
use std::sync::PoisonError;
use std::time::Duration;
use telecoder_model::PortError;
use telecoder_model::id::{HostId, InstanceId, SessionId};
use telecoder_model::port::store::{Claim, ClaimLimits, JobStore, QueueDepth};

/// How often a deadlock of the database's own is tried again.
const TRIES: u32 = 3;

/// Registers server $1 of host $2; with proof ($4) the host's servers other than $3 are dead.
const REGISTER: &str = "
WITH dead AS (DELETE FROM servers WHERE $4 AND host = $2 AND id <> ALL ($3) RETURNING id),
freed AS (UPDATE jobs SET instance = NULL WHERE instance IN (SELECT id FROM dead) RETURNING 1),
host AS (INSERT INTO hosts (id, seen_at) SELECT $2, clock_timestamp() WHERE $2 IS NOT NULL
         ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at),
me AS (INSERT INTO servers (id, host, registered_at, seen_at) VALUES ($1, $2, clock_timestamp(), clock_timestamp())
       ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at)
SELECT count(*) AS jobs FROM freed";

/// A sign of life of server $1 and its host.
const HEARTBEAT: &str = "
WITH me AS (UPDATE servers SET seen_at = greatest(seen_at, clock_timestamp()) WHERE id = $1 RETURNING host),
host AS (INSERT INTO hosts (id, seen_at) SELECT host, clock_timestamp() FROM me WHERE host IS NOT NULL
         ON CONFLICT (id) DO UPDATE SET seen_at = greatest(hosts.seen_at, excluded.seen_at))
SELECT count(*) AS known FROM me";

/// Servers that were silent for $1 microseconds are dead; hosts that were for $2 are gone, and host $3 takes over.
const REAP: &str = "
WITH dead AS (DELETE FROM servers WHERE seen_at <= clock_timestamp() - $1 * interval '1 microsecond' RETURNING id),
freed AS (UPDATE jobs SET instance = NULL WHERE instance IN (SELECT id FROM dead) RETURNING 1),
gone AS (DELETE FROM hosts WHERE id <> $3 AND seen_at <= clock_timestamp() - $2 * interval '1 microsecond' RETURNING id),
taken AS (UPDATE sessions SET host = $3, is_lost = TRUE WHERE host IN (SELECT id FROM gone))
SELECT count(*) AS jobs FROM freed";

/// Server $1 goes. To be drained is no fault of a session: its tries begin anew.
const LEAVE: &str = "
WITH freed AS (UPDATE jobs SET instance = NULL, tries = 0 WHERE instance = $1 RETURNING 1),
gone AS (DELETE FROM servers WHERE id = $1)
SELECT count(*) AS jobs FROM freed";

/// The next job for server $1 on host $2, within $3 jobs of a server, $4 of a user and $5 of a repository.
const CLAIM: &str = "
WITH me AS (SELECT (SELECT count(*) FROM servers WHERE id = $1) AS known,
                   (SELECT count(*) FROM jobs WHERE instance = $1) AS at_work),
busy AS (SELECT account, count(*) AS at_work FROM jobs WHERE instance IS NOT NULL GROUP BY account),
crowded AS (SELECT repository FROM jobs WHERE instance IS NOT NULL AND repository IS NOT NULL
            GROUP BY repository HAVING count(*) >= $5),
next AS (SELECT j.session, s.epoch + 1 AS epoch, s.is_lost
         FROM jobs j JOIN sessions s ON s.id = j.session LEFT JOIN busy b ON b.account = j.account
         WHERE j.instance IS NULL AND j.not_before <= clock_timestamp()
           AND (SELECT known > 0 AND at_work < $3 FROM me)
           AND (s.host IS NULL OR $2 IS NULL OR s.host = $2)
           AND coalesce(b.at_work, 0) < $4
           AND (j.repository IS NULL
                OR ($5 > 0 AND NOT EXISTS (SELECT FROM crowded c WHERE c.repository = j.repository)))
         ORDER BY coalesce(b.at_work, 0), j.place LIMIT 1
         FOR NO KEY UPDATE OF j, s SKIP LOCKED),
counted AS (UPDATE sessions s SET epoch = n.epoch FROM next n WHERE s.id = n.session),
taken AS (UPDATE jobs j SET instance = $1, epoch = n.epoch, tries = j.tries + 1 FROM next n
          WHERE j.session = n.session RETURNING j.session, j.epoch, j.tries, n.is_lost::int::bigint AS is_lost)
SELECT me.known, t.session, t.epoch, t.tries, t.is_lost FROM me LEFT JOIN taken t ON TRUE";

#[async_trait]
impl JobStore for PostgresStore {
    async fn register(&self, instance: &InstanceId) -> Result<u64, PortError> {
        let living: Vec<String> = {
            let mut living = self.living.lock().unwrap_or_else(PoisonError::into_inner);
            living.insert(instance.clone());
            living.iter().map(ToString::to_string).collect()
        };
        let row = self.exclusively(|| {
            sqlx::query(REGISTER)
                .bind(instance.as_str())
                .bind(self.host())
                .bind(living.clone())
                .bind(self.lock.is_some())
        });
        freed(row.await.map_err(sql("cannot register the server"))?)
    }

    async fn heartbeat(&self, instance: &InstanceId) -> Result<(), PortError> {
        let row = self.link.row(sqlx::query(HEARTBEAT).bind(instance.as_str()));
        let row = row.await.map_err(sql("cannot write a sign of life"))?;
        match row.map(|row| Columns(&row).number("known")).transpose()? {
            Some(1..) => Ok(()),
            Some(0) | None => Err(declared_dead(instance)),
        }
    }

    async fn reap(&self, expiry: Duration) -> Result<u64, PortError> {
        let row = self.exclusively(|| {
            sqlx::query(REAP).bind(micros(expiry)).bind(micros(self.host_gone)).bind(self.host())
        });
        freed(row.await.map_err(sql("cannot look for dead servers"))?)
    }

    async fn claim(&self, instance: &InstanceId, limits: ClaimLimits) -> Result<Option<Claim>, PortError> {
        let row = self.exclusively(|| {
            sqlx::query(CLAIM)
                .bind(instance.as_str())
                .bind(self.host())
                .bind(i64::from(limits.server))
                .bind(i64::from(limits.user))
                .bind(i64::from(limits.repository))
        });
        let Some(row) = row.await.map_err(sql("cannot claim a job"))? else { return Ok(None) };
        let columns = Columns(&row);
        if columns.number("known")? == 0 {
            return Err(declared_dead(instance));
        }
        let Some(session) = columns.optional("session")? else { return Ok(None) };
        Ok(Some(Claim {
            session,
            epoch: columns.number("epoch")?,
            tries: columns.small("tries")?,
            is_lost: row.signed("is_lost")? != 0,
        }))
    }

    async fn leave(&self, instance: &InstanceId) -> Result<u64, PortError> {
        let row = self.exclusively(|| sqlx::query(LEAVE).bind(instance.as_str()));
        let jobs = freed(row.await.map_err(sql("cannot put jobs back into the queue"))?)?;
        self.living.lock().unwrap_or_else(PoisonError::into_inner).remove(instance);
        Ok(jobs)
    }

    async fn holds(&self, instance: &InstanceId, session: &SessionId, epoch: u64) -> Result<bool, PortError> {
        let held = sqlx::query("SELECT 1 FROM jobs WHERE session = $1 AND instance = $2 AND epoch = $3")
            .bind(session.as_str())
            .bind(instance.as_str())
            .bind(integer(epoch));
        Ok(self.link.row(held).await.map_err(sql("cannot read a job"))?.is_some())
    }

    async fn is_here(&self, session: &SessionId) -> Result<bool, PortError> {
        let elsewhere = sqlx::query("SELECT 1 FROM sessions WHERE id = $1 AND host <> $2")
            .bind(session.as_str())
            .bind(self.host());
        let row = self.link.row(elsewhere).await;
        Ok(row.map_err(sql("cannot look for a session's host"))?.is_none())
    }

    async fn depth(&self) -> Result<QueueDepth, PortError> {
        let counted = sqlx::query(
            "SELECT count(*) FILTER (WHERE instance IS NULL) AS queued, count(instance) AS leased FROM jobs",
        );
        let row = self.link.row(counted).await.map_err(sql("cannot count jobs"))?;
        let Some(row) = row else { return Ok(QueueDepth::default()) };
        let columns = Columns(&row);
        Ok(QueueDepth { queued: columns.number("queued")?, leased: columns.number("leased")? })
    }
}

impl PostgresStore {
    fn host(&self) -> Option<&str> {
        self.host.as_ref().map(HostId::as_str)
    }

    /// Runs one statement while nobody else decides about jobs; a deadlock of the database's own is tried again.
    async fn exclusively<'q>(
        &self,
        query: impl Fn() -> Query<'q, Postgres, PgArguments>,
    ) -> Result<Option<PgRow>, sqlx::Error> {
        for _ in 1..TRIES {
            match self.alone(query()).await {
                Err(error) if is_retried(&error) => {}
                other => return other,
            }
        }
        self.alone(query()).await
    }

    async fn alone(&self, query: Query<'_, Postgres, PgArguments>) -> Result<Option<PgRow>, sqlx::Error> {
        let mut held = self.link.held().await?;
        // After an error, closing the connection ends the transaction.
        let row = self.link.within(in_turn(&mut held, query)).await?;
        held.give_back();
        Ok(row)
    }
}

async fn in_turn(
    connection: &mut PgConnection,
    query: Query<'_, Postgres, PgArguments>,
) -> Result<Option<PgRow>, sqlx::Error> {
    execute(connection, BEGIN_JOBS).await?;
    let row = query.fetch_optional(&mut *connection).await?;
    // The queue is looked at by the clock as well; only what was found there is worth a name.
    match &row {
        Some(_) => commit(connection).await?,
        None => execute(connection, "COMMIT").await?,
    }
    Ok(row)
}

fn freed(row: Option<PgRow>) -> Result<u64, PortError> {
    row.map_or(Ok(0), |row| Columns(&row).number("jobs"))
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
