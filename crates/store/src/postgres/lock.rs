//! The locks that servers take of each other (layer 1): advisory locks of the database, freed at the transaction's end.

use sqlx::PgConnection;
use telecoder_model::fail_point;

/// What all our locks begin with (`TCOD`), apart from those of other programs.
macro_rules! lock {
    ($begin:literal, $number:literal) => {
        concat!($begin, "SELECT pg_advisory_xact_lock(1413697348, ", $number, ")")
    };
}

/// Global numbers of events: held from the first number to the commit.
pub(super) const EVENTS: &str = lock!("", 1);
/// Claims of jobs, and which servers live, in a transaction that it begins.
pub(super) const BEGIN_JOBS: &str = lock!("BEGIN; ", 2);
/// Migrations, in a transaction that it begins.
pub(super) const BEGIN_MIGRATIONS: &str = lock!("BEGIN; ", 3);

/// Runs statements without parameters in one trip.
pub(super) async fn execute(
    connection: &mut PgConnection,
    statements: &'static str,
) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(statements).execute(connection).await.map(|_| ())
}

/// Ends a transaction.
pub(super) async fn commit(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    fail_point::reach("postgres.commit.before");
    execute(connection, "COMMIT").await?;
    fail_point::reach("postgres.commit.after");
    Ok(())
}
