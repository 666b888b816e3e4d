//! Jobs, leases and epochs (layer 1).
//!
//! Invariants: an epoch is counted in the session's row, which outlives its jobs, so it never goes back; a server that
//! gives signs of life to this process is judged by the monotonic clock, others by the time they wrote down.

use super::SqliteStore;
use super::failure::sql;
use super::group::Change;
use crate::failure::is_orphan;
use crate::refusal::declared_dead;
use crate::row::{Columns, integer};
use async_trait::async_trait;
use sqlx::SqliteConnection;
use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::time::Duration;
use telecoder_model::PortError;
use telecoder_model::id::{InstanceId, SessionId};
use telecoder_model::port::store::{Claim, ClaimLimits, JobStore, QueueDepth};
use telecoder_model::time::Timestamp;

/// The next job: one look at each account that waits, by steps through the index, never at each job.
/// Parameters: now, the limit of a repository, the limit of a user.
pub(super) const NEXT: &str = "
WITH RECURSIVE waiting (account) AS (
    SELECT min(account) FROM jobs WHERE instance IS NULL
    UNION ALL
    SELECT (SELECT min(j.account) FROM jobs j WHERE j.instance IS NULL AND j.account > waiting.account)
    FROM waiting WHERE waiting.account IS NOT NULL
),
candidate (session, at_work) AS MATERIALIZED (
    SELECT (SELECT j.session FROM jobs j
            WHERE j.instance IS NULL AND j.account = waiting.account AND j.not_before <= ?1
              AND (j.repository IS NULL OR ?2 > (SELECT count(*) FROM jobs r
                                                 WHERE r.instance IS NOT NULL AND r.repository = j.repository))
            ORDER BY j.place LIMIT 1),
           (SELECT count(*) FROM jobs l WHERE l.instance IS NOT NULL AND l.account = waiting.account)
    FROM waiting WHERE waiting.account IS NOT NULL
)
SELECT c.session FROM candidate c CROSS JOIN jobs j ON j.session = c.session
WHERE c.at_work < ?3 ORDER BY c.at_work, j.place LIMIT 1";

const HOLDS: &str = "SELECT 1 FROM jobs WHERE session = ? AND instance = ? AND epoch = ?";
const DEPTH: &str = "SELECT (SELECT count(*) FROM jobs WHERE instance IS NULL) AS queued,
                            (SELECT count(*) FROM jobs WHERE instance IS NOT NULL) AS leased";

#[async_trait]
impl JobStore for SqliteStore {
    async fn register(&self, instance: &InstanceId) -> Result<u64, PortError> {
        self.seen(instance);
        let living = self.servers.lock.as_ref().map(|_| self.known());
        self.writer.apply(Register { instance: instance.clone(), now: self.now(), living }).await
    }

    async fn heartbeat(&self, instance: &InstanceId) -> Result<(), PortError> {
        self.writer.apply(Heartbeat { instance: instance.clone(), now: self.now() }).await?;
        self.seen(instance);
        Ok(())
    }

    async fn reap(&self, expiry: Duration) -> Result<u64, PortError> {
        let (living, silent) = self.silent(expiry);
        let (jobs, dead) =
            self.writer.apply(Reap { before: self.now().minus(expiry), living, silent }).await?;
        self.forget(&dead);
        Ok(jobs)
    }

    async fn claim(&self, instance: &InstanceId, limits: ClaimLimits) -> Result<Option<Claim>, PortError> {
        self.writer.apply(Take { instance: instance.clone(), limits, now: self.now() }).await
    }

    async fn leave(&self, instance: &InstanceId) -> Result<u64, PortError> {
        let jobs = self.writer.apply(Leave(instance.clone())).await?;
        self.forget(std::slice::from_ref(instance));
        Ok(jobs)
    }

    async fn holds(&self, instance: &InstanceId, session: &SessionId, epoch: u64) -> Result<bool, PortError> {
        let held: Option<i64> = sqlx::query_scalar(HOLDS)
            .bind(session.as_str())
            .bind(instance.as_str())
            .bind(integer(epoch))
            .fetch_optional(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot read a job"))?;
        Ok(held.is_some())
    }

    async fn is_here(&self, _: &SessionId) -> Result<bool, PortError> {
        // The database lies where everything else does.
        Ok(true)
    }

    async fn depth(&self) -> Result<QueueDepth, PortError> {
        let row = sqlx::query(DEPTH)
            .fetch_one(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot count jobs"))?;
        let columns = Columns(&row);
        Ok(QueueDepth { queued: columns.number("queued")?, leased: columns.number("leased")? })
    }
}

impl SqliteStore {
    fn seen(&self, instance: &InstanceId) {
        let now = self.clock.monotonic();
        self.servers.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(instance.clone(), now);
    }
    fn forget(&self, instances: &[InstanceId]) {
        let mut seen = self.servers.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for instance in instances {
            seen.remove(instance);
        }
    }
    fn known(&self) -> BTreeSet<InstanceId> {
        let seen = self.servers.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.keys().cloned().collect()
    }
    /// The servers of this process, split into those that gave a sign of life within `expiry` and the others.
    fn silent(&self, expiry: Duration) -> (BTreeSet<InstanceId>, BTreeSet<InstanceId>) {
        let now = self.clock.monotonic();
        let seen = self.servers.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (living, silent): (Vec<_>, Vec<_>) =
            seen.iter().partition(|(_, last)| now.saturating_sub(**last) <= expiry);
        let names =
            |part: Vec<(&InstanceId, &Duration)>| part.into_iter().map(|(id, _)| id.clone()).collect();
        (names(living), names(silent))
    }
}

/// Puts all jobs of a server back into the queue and forgets it; their claims count as tries or not.
async fn free(tx: &mut SqliteConnection, instance: &InstanceId, keep_tries: bool) -> Result<u64, PortError> {
    let failed = || sql("cannot put jobs back into the queue");
    let freed = sqlx::query(
        "UPDATE jobs SET instance = NULL, tries = CASE WHEN ? THEN tries ELSE 0 END WHERE instance = ?",
    )
    .bind(keep_tries)
    .bind(instance.as_str())
    .execute(&mut *tx)
    .await
    .map_err(failed())?;
    sqlx::query("DELETE FROM servers WHERE id = ?")
        .bind(instance.as_str())
        .execute(tx)
        .await
        .map_err(failed())?;
    Ok(freed.rows_affected())
}

async fn servers(tx: &mut SqliteConnection) -> Result<Vec<(InstanceId, Timestamp)>, PortError> {
    sqlx::query("SELECT id, seen_at FROM servers")
        .fetch_all(tx)
        .await
        .map_err(sql("cannot read the servers"))?
        .iter()
        .map(|row| {
            let columns = Columns(row);
            Ok((columns.parsed("id")?, columns.time("seen_at")?))
        })
        .collect()
}

struct Register {
    instance: InstanceId,
    now: Timestamp,
    /// With the lock on the data folder: all servers that can be alive.
    living: Option<BTreeSet<InstanceId>>,
}

impl Change for Register {
    type Answer = u64;
    async fn apply(&self, tx: &mut SqliteConnection) -> Result<u64, PortError> {
        let mut jobs = 0;
        if let Some(living) = &self.living {
            for (server, _) in servers(tx).await? {
                if !living.contains(&server) {
                    jobs += free(tx, &server, true).await?;
                }
            }
        }
        sqlx::query(
            "INSERT INTO servers (id, registered_at, seen_at) VALUES (?1, ?2, ?2)
             ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at",
        )
        .bind(self.instance.as_str())
        .bind(self.now.as_micros())
        .execute(tx)
        .await
        .map_err(sql("cannot register the server"))?;
        Ok(jobs)
    }
}

struct Heartbeat {
    instance: InstanceId,
    now: Timestamp,
}

impl Change for Heartbeat {
    type Answer = ();
    async fn apply(&self, tx: &mut SqliteConnection) -> Result<(), PortError> {
        let changed = sqlx::query("UPDATE servers SET seen_at = max(seen_at, ?) WHERE id = ?")
            .bind(self.now.as_micros())
            .bind(self.instance.as_str())
            .execute(tx)
            .await
            .map_err(sql("cannot write a sign of life"))?;
        if changed.rows_affected() == 1 {
            return Ok(());
        }
        Err(declared_dead(&self.instance))
    }
}

struct Reap {
    before: Timestamp,
    living: BTreeSet<InstanceId>,
    silent: BTreeSet<InstanceId>,
}

impl Change for Reap {
    type Answer = (u64, Vec<InstanceId>);
    async fn apply(&self, tx: &mut SqliteConnection) -> Result<Self::Answer, PortError> {
        let mut jobs = 0;
        let mut dead = Vec::new();
        for (server, seen_at) in servers(tx).await? {
            let expired =
                self.silent.contains(&server) || (!self.living.contains(&server) && seen_at < self.before);
            if expired {
                jobs += free(tx, &server, true).await?;
                dead.push(server);
            }
        }
        Ok((jobs, dead))
    }
}

struct Leave(InstanceId);

impl Change for Leave {
    type Answer = u64;
    async fn apply(&self, tx: &mut SqliteConnection) -> Result<u64, PortError> {
        // To be drained is no fault of a session: its tries begin anew.
        free(tx, &self.0, false).await
    }
}

struct Take {
    instance: InstanceId,
    limits: ClaimLimits,
    now: Timestamp,
}

impl Change for Take {
    type Answer = Option<Claim>;
    async fn apply(&self, tx: &mut SqliteConnection) -> Result<Option<Claim>, PortError> {
        let failed = || sql("cannot claim a job");
        let at_work: i64 = sqlx::query_scalar("SELECT count(*) FROM jobs WHERE instance = ?")
            .bind(self.instance.as_str())
            .fetch_one(&mut *tx)
            .await
            .map_err(failed())?;
        if at_work >= i64::from(self.limits.server) {
            return Ok(None);
        }
        let next = sqlx::query(NEXT)
            .bind(self.now.as_micros())
            .bind(self.limits.repository)
            .bind(self.limits.user)
            .fetch_optional(&mut *tx)
            .await
            .map_err(failed())?;
        let Some(row) = next else {
            return Ok(None);
        };
        let session: SessionId = Columns(&row).parsed("session")?;
        let epoch: i64 =
            sqlx::query_scalar("UPDATE sessions SET epoch = epoch + 1 WHERE id = ? RETURNING epoch")
                .bind(session.as_str())
                .fetch_one(&mut *tx)
                .await
                .map_err(failed())?;
        let row = sqlx::query(
            "UPDATE jobs SET instance = ?, epoch = ?, tries = tries + 1 WHERE session = ? RETURNING epoch, tries",
        )
        .bind(self.instance.as_str())
        .bind(epoch)
        .bind(session.as_str())
        .fetch_one(tx)
        .await
        .map_err(|error| {
            if is_orphan(&error) {
                return declared_dead(&self.instance);
            }
            failed()(error)
        })?;
        let columns = Columns(&row);
        Ok(Some(Claim {
            session,
            epoch: columns.number("epoch")?,
            tries: columns.small("tries")?,
            is_lost: false,
        }))
    }
}
