//! Migrations (layer 1), embedded. They only expand and are never edited.
//!
//! Invariants: all that are due are applied in one transaction; a database of a newer version, of another program, or
//! with an edited migration is refused before anything in it changes.

use super::failure::sql;
use crate::ledger::{self, APPLIED, Applied, Migration, VERSION, migrations};
use sqlx::SqliteConnection;
use telecoder_model::PortError;
use telecoder_model::time::Timestamp;

/// Marks the file as ours (`TCOD`); kept in the header of the database.
const APPLICATION: i64 = 0x5443_4f44;

/// All of them, in order; Postgres numbers its own alike.
const ALL: &[Migration] = migrations!("sqlite": 1 "first", 2 "sign_ins", 3 "forge_pulls", 4 "ends", 5 "once");

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
    for migration in ledger::due(ALL, &known)? {
        apply(connection, migration, now).await?;
    }
    Ok(())
}

async fn applied(connection: &mut SqliteConnection) -> Result<Vec<Applied>, PortError> {
    sqlx::query(APPLIED)
        .fetch_all(connection)
        .await
        .map_err(sql("cannot read the database's migrations"))?
        .iter()
        .map(Applied::read)
        .collect()
}

async fn apply(
    connection: &mut SqliteConnection,
    migration: &Migration,
    now: Timestamp,
) -> Result<(), PortError> {
    let failed = || sql(migration.failed());
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
        .bind(migration.digest())
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

    #[tokio::test]
    async fn an_older_database_knows_its_pull_requests_on_forges() {
        use sqlx::Connection;
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        for migration in &ALL[..2] {
            apply(&mut connection, migration, Timestamp::from_micros(1)).await.unwrap();
        }
        let rows = [
            ("a", r#"{"repository": "acme/api", "target": null, "pull": {"number": 7, "state": "open"}}"#),
            (
                "b",
                r#"{"repository": "/srv/x", "target": "acme/web", "pull": {"number": 8, "state": "merged"}}"#,
            ),
            ("c", r#"{"repository": "/srv/x", "target": null, "pull": {"number": 9, "state": "open"}}"#),
            ("d", r#"{"repository": "/srv/x", "pull": {"number": 9, "state": "open"}}"#),
            ("e", r#"{"repository": "acme/api", "target": null, "pull": null}"#),
        ];
        for (id, document) in rows {
            let insert = "INSERT INTO sessions (id, tenant, owner, status, agent, policy, lineage, created_at, updated_at,
                              version, last_seq, messages, epoch)
                          VALUES (?, 't', 'o', 'complete', 'gym', 'standard', ?, 1, 1, 1, 0, 0, 0)";
            sqlx::query(insert).bind(id).bind(id).execute(&mut connection).await.unwrap();
            let insert = "INSERT INTO documents (session, tenant, owner, search, document) VALUES (?, 't', 'o', '', ?)";
            sqlx::query(insert).bind(id).bind(document).execute(&mut connection).await.unwrap();
        }
        migrate(&mut connection, Timestamp::from_micros(2)).await.unwrap();
        let select =
            "SELECT id || ' ' || pull_number || ' ' || pull_state || ' ' || pull_repository FROM sessions
                      WHERE pull_number IS NOT NULL ORDER BY id";
        let found: Vec<String> = sqlx::query_scalar(select).fetch_all(&mut connection).await.unwrap();
        assert_eq!(found, ["a 7 open acme/api", "b 8 merged acme/web"]);
    }

    #[test]
    fn migrations_are_numbered_without_gaps() {
        ledger::are_numbered_without_gaps(ALL);
    }
}
