//! The way to the database (layer 1): connections that are given back whole or not at all, and waits that end.
//!
//! Invariant: a connection on which something was broken off (an error of the network, a wait that took too long, a caller
//! that went away) is closed, so that neither a half-read answer nor an open transaction reaches the next user.

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{PgConnection, PgPool, Postgres};
use std::ops::{Deref, DerefMut};
use std::time::Duration;
use telecoder_model::fail_point;

/// A pool and how long to wait for an answer.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pool: PgPool,
    patience: Duration,
}

impl Link {
    pub(super) fn new(pool: PgPool, patience: Duration) -> Self {
        Self { pool, patience }
    }

    /// A connection for as long as the value lives.
    pub(super) async fn held(&self) -> Result<Held, sqlx::Error> {
        Ok(Held { connection: self.pool.acquire().await?, whole: false })
    }

    /// Waits for an answer, but not for ever.
    pub(super) async fn within<T>(
        &self,
        answer: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        tokio::time::timeout(self.patience, answer).await.unwrap_or_else(|_| Err(silent()))
    }

    /// All rows of one statement.
    pub(super) async fn rows(
        &self,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, sqlx::Error> {
        let mut held = self.held().await?;
        let answer = self.within(query.fetch_all(&mut *held)).await;
        held.keep(answer)
    }

    /// The row of one statement, if there is one.
    pub(super) async fn row(
        &self,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<Option<PgRow>, sqlx::Error> {
        let mut held = self.held().await?;
        let answer = self.within(query.fetch_optional(&mut *held)).await;
        held.keep(answer)
    }

    /// How many rows one statement changed.
    pub(super) async fn change(&self, query: Query<'_, Postgres, PgArguments>) -> Result<u64, sqlx::Error> {
        let mut held = self.held().await?;
        fail_point::reach("postgres.statement.before");
        let answer = self.within(query.execute(&mut *held)).await;
        fail_point::reach("postgres.statement.after");
        held.keep(answer).map(|done| done.rows_affected())
    }

    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    pub(super) fn pool(&self) -> &PgPool {
        &self.pool
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

/// Says that no answer came.
pub(super) fn silent() -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "the database does not answer"))
}

/// A connection that is closed unless it is given back whole.
pub(super) struct Held {
    connection: PoolConnection<Postgres>,
    whole: bool,
}

impl Held {
    /// Gives it back after an answer, or after a refusal by the database itself.
    pub(super) fn keep<T>(mut self, answer: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        self.whole = match &answer {
            Ok(_) => true,
            Err(error) => !super::failure::is_broken(error),
        };
        answer
    }
    /// Gives it back.
    pub(super) fn give_back(mut self) {
        self.whole = true;
    }
}

impl Deref for Held {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Held {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.whole {
            self.connection.close_on_drop();
        }
    }
}
