//! Migrations (layer 1), embedded. They only expand and are never edited.
//!
//! Invariants: all that are due are applied in one transaction; a database of a newer version, of another program, or
//! with an edited migration is refused before anything in it changes.

use super::failure::sql;
use sqlx::{Row, SqliteConnection};
use telecoder_model::PortError;
use telecoder_model::time::Timestamp;

/// Marks the file as ours (`TCOD`); kept in the header of the database.
const APPLICATION: i64 = 0x5443_4f44;
/// The version of the product that applies migrations.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// One step of the schema.
struct Migration {
    number: i64,
    name: &'static str,
    sql: &'static str,
}

/// All of them, in order; Postgres numbers its own alike.
const ALL: &[Migration] = &[
    Migration { number: 1, name: "first", sql: include_str!("../../migrations/sqlite/0001_first.sql") },
    Migration { number: 2, name: "sign_ins", sql: include_str!("../../migrations/sqlite/0002_sign_ins.sql") },
];

/// Brings a database up to this version, or refuses it.
pub(super) async fn migrate(connection: &mut SqliteConnection, now: Timestamp) -> Result<(), PortError> {
    let failed = || sql("cannot prepare the database");
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await.map_err(failed())?;
    match bring_up(connection, now).await {
        Ok(()) => sqlx::query("COMMIT").execute(&mut *connection).await.map(|_| ()).map_err(failed()),
        Err(error) => {
            // The connection is thrown away after a refusal; this only frees the lock a little earlier.
            drop(sqlx::query("ROLLBACK").execute(&mut *connection).await);
            Err(error)
        }
    }
}

async fn bring_up(connection: &mut SqliteConnection, now: Timestamp) -> Result<(), PortError> {
    let failed = || sql("cannot read the database's version");
    let mark: i64 =
        sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *connection).await.map_err(failed())?;
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
        .fetch_one(&mut *connection)
        .await
        .map_err(failed())?;
    let known = match (mark, tables) {
        (APPLICATION, _) => applied(connection).await?,
        (0, 0) => Vec::new(),
        _ => {
            return Err(PortError::permanent(
                "the file is a database, but not one of TeleCoder; it was left as it is",
            )
            .remedy("Start the server with another data folder, or move the file away."));
        }
    };
    check(&known)?;
    for migration in ALL.iter().skip(known.len()) {
        apply(connection, migration, now).await?;
    }
    Ok(())
}

/// A migration that a database says it has.
struct Applied {
    number: i64,
    name: String,
    digest: String,
    version: String,
}

async fn applied(connection: &mut SqliteConnection) -> Result<Vec<Applied>, PortError> {
    let failed = || sql("cannot read the database's migrations");
    sqlx::query("SELECT number, name, digest, version FROM migrations ORDER BY number")
        .fetch_all(connection)
        .await
        .map_err(failed())?
        .iter()
        .map(|row| {
            Ok(Applied {
                number: row.try_get(0)?,
                name: row.try_get(1)?,
                digest: row.try_get(2)?,
                version: row.try_get(3)?,
            })
        })
        .collect::<Result<_, _>>()
        .map_err(failed())
}

fn check(known: &[Applied]) -> Result<(), PortError> {
    for (index, applied) in known.iter().enumerate() {
        let Some(ours) = ALL.get(index) else {
            return Err(PortError::permanent(format!(
                "the database was written by TeleCoder {} (migration {}, {}); this is {VERSION}, which knows \
                 migrations up to {}",
                applied.version,
                applied.number,
                applied.name,
                ALL.len()
            ))
            .remedy(format!(
                "Start TeleCoder {} or later, or restore a backup from before the upgrade.",
                applied.version
            )));
        };
        if applied.number != ours.number || applied.digest != digest(ours) {
            return Err(PortError::permanent(format!(
                "migration {} ({}) of the database is not the one that this TeleCoder ({VERSION}) knows; \
                 it was applied by {}",
                applied.number, applied.name, applied.version
            ))
            .remedy("Use a released version of TeleCoder; migrations are never edited after a release."));
        }
    }
    Ok(())
}

fn digest(migration: &Migration) -> String {
    crate::blobs::digest_of(migration.sql.as_bytes())
}

async fn apply(
    connection: &mut SqliteConnection,
    migration: &Migration,
    now: Timestamp,
) -> Result<(), PortError> {
    let failed = || sql(format!("migration {} ({}) failed", migration.number, migration.name));
    if migration.number == 1 {
        sqlx::raw_sql(
            "PRAGMA application_id = 0x54434f44;
             CREATE TABLE migrations (
                 number     INTEGER NOT NULL PRIMARY KEY,
                 name       TEXT    NOT NULL,
                 digest     TEXT    NOT NULL,
                 version    TEXT    NOT NULL,
                 applied_at INTEGER NOT NULL
             ) STRICT;",
        )
        .execute(&mut *connection)
        .await
        .map_err(failed())?;
    }
    sqlx::raw_sql(migration.sql).execute(&mut *connection).await.map_err(failed())?;
    sqlx::query("INSERT INTO migrations (number, name, digest, version, applied_at) VALUES (?, ?, ?, ?, ?)")
        .bind(migration.number)
        .bind(migration.name)
        .bind(digest(migration))
        .bind(VERSION)
        .bind(now.as_micros())
        .execute(&mut *connection)
        .await
        .map_err(failed())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_without_gaps() {
        for (index, migration) in ALL.iter().enumerate() {
            assert_eq!(migration.number, i64::try_from(index).unwrap() + 1, "{}", migration.name);
        }
    }
}
