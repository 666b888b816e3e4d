//! Opening a database (layer 1): files, connections and their settings.
//!
//! Invariant: nothing of a file that is not ours is changed, its journal mode included.

use super::failure::sql;
use super::migrate::migrate;
use super::{SqliteOptions, create};
use crate::lock::create_folder;
use sqlx::pool::PoolOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, SqliteConnection, SqlitePool};
use std::path::Path;
use std::time::Duration;
use telecoder_model::PortError;

/// Bytes of a page; the default of `SQLite`, written down because `max_bytes` rests on it.
const PAGE: u64 = 4096;
/// Pages that the writer keeps: what it misses lies in the system's own cache, and what is kept here is held for ever.
const WRITER_CACHE: &str = "PRAGMA cache_size = -2048";
/// KiB of pages that a reader keeps, as `SQLite` writes that.
const READER_CACHE: &str = "-512";
/// How long a read waits for a free connection.
const READER_WAIT: Duration = Duration::from_secs(30);

/// Opens a database: the writer's connection and the readers'.
pub(super) async fn open(
    path: &Path,
    options: &SqliteOptions,
) -> Result<(SqliteConnection, SqlitePool), PortError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        create_folder(folder)?;
    }
    if !path.try_exists().unwrap_or(true) {
        create::create(path, options).await.map_err(|error| named(path, error))?;
    }
    let writer = writer(path, options).await.map_err(|error| named(path, error))?;
    let readers = readers(path, options).await.map_err(|error| named(path, error))?;
    Ok((writer, readers))
}

/// Puts the file's name into an error.
fn named(path: &Path, mut error: PortError) -> PortError {
    error.what = format!("cannot open the database {}: {}", path.display(), error.what);
    error
}

pub(super) fn connect(path: &Path, options: &SqliteOptions) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(options.busy_timeout)
        .foreign_keys(true)
        .disable_statement_logging()
}

async fn writer(path: &Path, options: &SqliteOptions) -> Result<SqliteConnection, PortError> {
    let failed = || sql("the file cannot be used");
    let mut connection =
        connect(path, options).thread_name(|_| "store-writer".to_owned()).connect().await.map_err(failed())?;
    limit(&mut connection, options).await?;
    migrate(&mut connection, options.clock.now()).await?;
    let mode: String =
        sqlx::query_scalar("PRAGMA journal_mode = WAL").fetch_one(&mut connection).await.map_err(failed())?;
    if mode != "wal" {
        return Err(PortError::permanent(format!("the file system allows no write-ahead log (mode {mode})"))
            .remedy("Keep the data folder on a local file system."));
    }
    for setting in [
        "PRAGMA synchronous = FULL",
        "PRAGMA journal_size_limit = 67108864",
        WRITER_CACHE,
        "PRAGMA temp_store = MEMORY",
        "PRAGMA trusted_schema = OFF",
        "PRAGMA cell_size_check = ON",
    ] {
        set(&mut connection, setting.to_owned()).await?;
    }
    Ok(connection)
}

/// Bounds the file, where the options say so.
pub(super) async fn limit(
    connection: &mut SqliteConnection,
    options: &SqliteOptions,
) -> Result<(), PortError> {
    let Some(bytes) = options.max_bytes else { return Ok(()) };
    set(connection, format!("PRAGMA max_page_count = {}", (bytes / PAGE).max(1))).await
}

pub(super) async fn set(connection: &mut SqliteConnection, setting: String) -> Result<(), PortError> {
    sqlx::raw_sql(AssertSqlSafe(setting))
        .execute(connection)
        .await
        .map(|_| ())
        .map_err(sql("a setting was refused"))
}

async fn readers(path: &Path, options: &SqliteOptions) -> Result<SqlitePool, PortError> {
    let settings = connect(path, options)
        .thread_name(|n| format!("store-reader-{n}"))
        .pragma("query_only", "ON")
        .pragma("cache_size", READER_CACHE)
        .pragma("temp_store", "MEMORY")
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON");
    PoolOptions::new()
        .max_connections(options.readers.clamp(1, 64))
        .acquire_timeout(READER_WAIT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(settings)
        .await
        .map_err(sql("the file cannot be read"))
}
