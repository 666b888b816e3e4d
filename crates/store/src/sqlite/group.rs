//! Groups of changes (layer 1): one transaction, one savepoint a change.
//!
//! Invariants: one change that fails leaves its neighbours alone; nobody gets an answer, good or bad, before the commit on
//! which it rests is durable; if the database gives up the whole transaction (a full disk), its culprit is told and the
//! rest is done again.

use super::failure::sql;
use crate::failure::{again, closed};
use crate::queue::Reply;
use async_trait::async_trait;
use sqlx::SqliteConnection;
use std::future::Future;
use telecoder_model::PortError;
use telecoder_model::fail_point;

/// A change of the database. It may be applied again after its transaction was given up.
pub(super) trait Change: Send + Sync + 'static {
    /// What its caller learns.
    type Answer: Send + 'static;
    /// About how many bytes it holds.
    fn bytes(&self) -> usize {
        0
    }
    /// Applies it within a savepoint.
    fn apply(
        &self,
        tx: &mut SqliteConnection,
    ) -> impl Future<Output = Result<Self::Answer, PortError>> + Send;
}

/// A change with its caller.
pub(super) struct Waiting<C: Change> {
    change: C,
    answer: Option<C::Answer>,
    reply: Reply<C::Answer>,
}

#[async_trait]
pub(super) trait Item: Send {
    /// Applies the change and keeps its answer.
    async fn attempt(&mut self, tx: &mut SqliteConnection) -> Result<(), PortError>;
    /// Answers the caller.
    fn settle(self: Box<Self>, outcome: Result<(), PortError>);
}

#[async_trait]
impl<C: Change> Item for Waiting<C> {
    async fn attempt(&mut self, tx: &mut SqliteConnection) -> Result<(), PortError> {
        self.answer = None;
        self.answer = Some(self.change.apply(tx).await?);
        Ok(())
    }
    fn settle(self: Box<Self>, outcome: Result<(), PortError>) {
        let Self { answer, reply, .. } = *self;
        // A caller that went away wants no answer; the change stands all the same.
        drop(reply.send(outcome.and_then(|()| answer.ok_or_else(closed))));
    }
}

impl<C: Change> Waiting<C> {
    /// A change, and where its answer goes.
    pub(super) fn new(change: C, reply: Reply<C::Answer>) -> Self {
        Self { change, answer: None, reply }
    }
}

/// Commits a group, in parts if the database cannot take it whole.
pub(super) async fn commit_all(connection: &mut SqliteConnection, mut group: Vec<Box<dyn Item>>) {
    while !group.is_empty() {
        group = match commit(connection, group).await {
            Rest::Together(rest) => rest,
            Rest::Alone(rest) => {
                for item in rest {
                    // One alone leaves no rest: it is either durable or refused.
                    drop(commit(connection, vec![item]).await);
                }
                return;
            }
        };
    }
}

/// What of a group is still to be done.
enum Rest {
    /// These, in one transaction again.
    Together(Vec<Box<dyn Item>>),
    /// These, each in its own, because the commit of all failed.
    Alone(Vec<Box<dyn Item>>),
}

impl Rest {
    fn none() -> Self {
        Self::Together(Vec::new())
    }
}

pub(super) async fn execute(
    connection: &mut SqliteConnection,
    statement: &'static str,
) -> Result<(), sqlx::Error> {
    sqlx::query(statement).execute(connection).await.map(|_| ())
}

async fn commit(connection: &mut SqliteConnection, group: Vec<Box<dyn Item>>) -> Rest {
    // Statements travel together wherever they can: each trip to the database's thread costs more than they do.
    if let Err(error) = execute(connection, "BEGIN IMMEDIATE; SAVEPOINT change").await {
        abandon(connection).await;
        let error = sql("cannot begin to write to the database")(error);
        for item in group {
            item.settle(Err(again(&error)));
        }
        return Rest::none();
    }
    let mut done: Vec<(Box<dyn Item>, Result<(), PortError>)> = Vec::with_capacity(group.len());
    let mut todo = group.into_iter();
    while let Some(mut item) = todo.next() {
        match attempt(connection, item.as_mut()).await {
            Attempt::Kept(outcome) => done.push((item, outcome)),
            Attempt::TransactionLost(error) => {
                abandon(connection).await;
                item.settle(Err(error));
                return Rest::Together(done.into_iter().map(|(item, _)| item).chain(todo).collect());
            }
        }
    }
    fail_point::reach("store.commit.before");
    if let Err(error) = execute(connection, "RELEASE change; COMMIT").await {
        abandon(connection).await;
        if done.len() > 1 {
            tracing::warn!(%error, changes = done.len(), "a group could not be committed; trying one by one");
            return Rest::Alone(done.into_iter().map(|(item, _)| item).collect());
        }
        let error = sql("cannot write to the database")(error);
        if let Some((item, _)) = done.into_iter().next() {
            item.settle(Err(error));
        }
        return Rest::none();
    }
    fail_point::reach("store.commit.after");
    for (item, outcome) in done {
        item.settle(outcome);
    }
    Rest::none()
}

enum Attempt {
    /// The transaction stands, with or without this change.
    Kept(Result<(), PortError>),
    /// The database gave up the whole transaction because of this change.
    TransactionLost(PortError),
}

/// Applies one change in the savepoint that is open, and opens the next one's.
async fn attempt(connection: &mut SqliteConnection, item: &mut dyn Item) -> Attempt {
    match item.attempt(connection).await {
        Ok(()) => match execute(connection, "RELEASE change; SAVEPOINT change").await {
            Ok(()) => Attempt::Kept(Ok(())),
            Err(error) => Attempt::TransactionLost(sql("cannot end a change")(error)),
        },
        // Rolling back to a savepoint keeps it open.
        Err(failure) => match execute(connection, "ROLLBACK TO change").await {
            Ok(()) => Attempt::Kept(Err(failure)),
            // The savepoint is gone: the failure took the transaction with it.
            Err(_) => Attempt::TransactionLost(failure),
        },
    }
}

/// Leaves the transaction, if there still is one.
async fn abandon(connection: &mut SqliteConnection) {
    if let Err(error) = execute(connection, "ROLLBACK").await {
        tracing::debug!(%error, "there was no transaction left to roll back");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::{ConnectOptions, Row};
    use tokio::sync::oneshot;

    /// What a test's change does.
    enum Deed {
        Insert(i64),
        /// Inserts, then fails.
        Fail(i64),
        /// Inserts, then loses the whole transaction, as a full disk may.
        Lose(i64),
        /// Makes the commit fail: a constraint that is only checked then.
        Spoil(i64),
    }

    impl Change for Deed {
        type Answer = i64;
        async fn apply(&self, tx: &mut SqliteConnection) -> Result<i64, PortError> {
            let (Self::Insert(n) | Self::Fail(n) | Self::Lose(n) | Self::Spoil(n)) = self;
            let parent = matches!(self, Self::Spoil(_)).then_some(-1);
            sqlx::query("INSERT INTO t (n, parent) VALUES (?, ?)")
                .bind(n)
                .bind(parent)
                .execute(&mut *tx)
                .await
                .map_err(sql("insert"))?;
            match self {
                Self::Insert(_) | Self::Spoil(_) => Ok(*n),
                Self::Fail(_) => Err(PortError::conflict(format!("change {n} fails"))),
                Self::Lose(_) => {
                    execute(tx, "ROLLBACK").await.map_err(sql("rollback"))?;
                    Err(PortError::full(format!("change {n} loses")))
                }
            }
        }
    }

    type Answers = Vec<oneshot::Receiver<Result<i64, PortError>>>;

    fn group(deeds: Vec<Deed>) -> (Vec<Box<dyn Item>>, Answers) {
        deeds
            .into_iter()
            .map(|change| {
                let (reply, answer) = oneshot::channel();
                let item: Box<dyn Item> = Box::new(Waiting::new(change, reply));
                (item, answer)
            })
            .unzip()
    }

    /// Commits one group and gives the answers and the rows.
    async fn outcome(deeds: Vec<Deed>) -> (Vec<String>, Vec<i64>) {
        let mut connection =
            sqlx::sqlite::SqliteConnectOptions::new().in_memory(true).connect().await.unwrap();
        let table = "CREATE TABLE t (n INTEGER PRIMARY KEY,
                                     parent INTEGER REFERENCES t (n) DEFERRABLE INITIALLY DEFERRED)";
        sqlx::raw_sql(table).execute(&mut connection).await.unwrap();
        let (items, answers) = group(deeds);
        commit_all(&mut connection, items).await;
        let mut told = Vec::new();
        for answer in answers {
            told.push(answer.await.unwrap().map_or_else(|error| error.what, |n| n.to_string()));
        }
        let rows = sqlx::query("SELECT n FROM t ORDER BY n").fetch_all(&mut connection).await.unwrap();
        (told, rows.iter().map(|row| row.get(0)).collect())
    }

    #[tokio::test]
    async fn a_change_that_fails_leaves_its_neighbours_alone() {
        use Deed::{Fail, Insert};
        let (told, rows) =
            outcome(vec![Fail(1), Insert(2), Fail(3), Fail(4), Insert(5), Insert(5), Fail(6)]).await;
        assert_eq!(
            told,
            ["change 1 fails", "2", "change 3 fails", "change 4 fails", "5", "insert", "change 6 fails"]
        );
        assert_eq!(rows, [2, 5]);
    }

    #[tokio::test]
    async fn when_the_transaction_is_lost_the_others_are_done_again() {
        use Deed::{Fail, Insert, Lose};
        let (told, rows) = outcome(vec![Insert(1), Fail(2), Lose(3), Insert(4), Lose(5), Insert(6)]).await;
        assert_eq!(told, ["1", "change 2 fails", "change 3 loses", "4", "change 5 loses", "6"]);
        assert_eq!(rows, [1, 4, 6]);
    }

    #[tokio::test]
    async fn when_a_group_cannot_be_committed_each_is_tried_alone() {
        use Deed::{Fail, Insert, Spoil};
        let (told, rows) = outcome(vec![Insert(1), Spoil(2), Insert(3), Fail(4)]).await;
        assert_eq!(told, ["1", "cannot write to the database", "3", "change 4 fails"]);
        assert_eq!(rows, [1, 3]);
    }
}
