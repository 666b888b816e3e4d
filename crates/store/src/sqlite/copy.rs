//! A copy of a database while a server uses it (layer 1).

use super::failure::sql;
use sqlx::{ConnectOptions, Connection};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use telecoder_model::PortError;

/// Writes a database as it is at one moment to a new file (mode 0600), without waiting for writers and without making them
/// wait.
///
/// # Errors
/// If the file exists, or cannot be written; it may be left in part then.
pub async fn copy_database(database: &Path, target: &Path) -> Result<(), PortError> {
    let failed = || sql("cannot copy the database");
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(target);
    drop(file.map_err(|error| PortError::io(format!("cannot make {}", target.display()), error))?);
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(database)
        .create_if_missing(false)
        .pragma("trusted_schema", "OFF")
        .thread_name(|_| "store-copy".to_owned())
        .disable_statement_logging();
    let mut connection = options.connect().await.map_err(failed())?;
    let copied =
        sqlx::query("VACUUM INTO ?").bind(target.display().to_string()).execute(&mut connection).await;
    copied.map_err(failed())?;
    connection.close().await.map_err(failed())
}
