//! Migrations (layer 1), embedded. They only expand and are never edited.
//!
//! Invariants: all that are due are applied in one transaction, by one server at a time; a database of a newer version, of
//! another program, or with an edited migration is refused before anything in it changes.

use super::failure::sql;
use super::lock::{BEGIN_MIGRATIONS, execute};
use crate::ledger::{self, APPLIED, Applied, Migration, VERSION, migrations};
use sqlx::PgConnection;
use telecoder_model::PortError;

/// All of them, in order; `SQLite` numbers its own alike.
const ALL: &[Migration] =
    migrations!("postgres": 1 "first", 2 "sign_ins", 3 "forge_pulls", 4 "ends", 5 "once");

/// Tables of the schema that new ones are made in, but for those of extensions; and whether ours is one of them.
const TABLES: &str = "SELECT count(*) AS tables, count(*) FILTER (
         WHERE c.relname = 'migrations' AND obj_description(c.oid, 'pg_class') LIKE 'TeleCoder%') AS ours
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')";

/// Brings a database up to this version, or refuses it.
pub(super) async fn migrate(connection: &mut PgConnection) -> Result<(), PortError> {
    let failed = || sql("it cannot be prepared");
    execute(connection, BEGIN_MIGRATIONS).await.map_err(failed())?;
    match bring_up(connection).await {
        Ok(()) => execute(connection, "COMMIT").await.map_err(failed()),
        Err(error) => {
            // The connection is thrown away after a refusal; this only frees the lock a little earlier.
            drop(execute(connection, "ROLLBACK").await);
            Err(error)
        }
    }
}

async fn bring_up(connection: &mut PgConnection) -> Result<(), PortError> {
    let row =
        sqlx::query(TABLES).fetch_one(&mut *connection).await.map_err(sql("its tables cannot be listed"))?;
    let columns = crate::row::Columns(&row);
    let known = match (columns.number("ours")?, columns.number("tables")?) {
        (1.., _) => applied(connection).await?,
        (0, 0) => {
            execute(
                connection,
                "CREATE TABLE migrations (
                     number     BIGINT NOT NULL PRIMARY KEY,
                     name       TEXT   NOT NULL,
                     digest     TEXT   NOT NULL,
                     version    TEXT   NOT NULL,
                     applied_at TIMESTAMPTZ NOT NULL
                 );
                 COMMENT ON TABLE migrations IS 'TeleCoder keeps its sessions in this schema'",
            )
            .await
            .map_err(sql("its tables cannot be made"))?;
            Vec::new()
        }
        (0, _) => {
            return Err(PortError::permanent(
                "its schema holds the tables of another program; it was left as it is",
            )
            .remedy("Create a database of its own: createdb telecoder"));
        }
    };
    for migration in ledger::due(ALL, &known)? {
        apply(connection, migration).await?;
    }
    Ok(())
}

async fn applied(connection: &mut PgConnection) -> Result<Vec<Applied>, PortError> {
    sqlx::query(APPLIED)
        .fetch_all(connection)
        .await
        .map_err(sql("its migrations cannot be read"))?
        .iter()
        .map(Applied::read)
        .collect()
}

async fn apply(connection: &mut PgConnection, migration: &Migration) -> Result<(), PortError> {
    let failed = || sql(migration.failed());
    sqlx::raw_sql(migration.sql).execute(&mut *connection).await.map_err(failed())?;
    sqlx::query(
        "INSERT INTO migrations (number, name, digest, version, applied_at)
         VALUES ($1, $2, $3, $4, clock_timestamp())",
    )
    .bind(migration.number)
    .bind(migration.name)
    .bind(migration.digest())
    .bind(VERSION)
    .execute(connection)
    .await
    .map_err(failed())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_without_gaps() {
        ledger::are_numbered_without_gaps(ALL);
    }
}
