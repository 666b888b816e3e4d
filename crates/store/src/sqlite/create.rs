//! Making a new database (layer 1). Its tables are written beside the place where it will stand, without waiting for the disk at
//! each step; the disk is waited for once, before the file gets its name.
//!
//! Invariant: under its name there is never half a database, whenever the power fails.

use super::SqliteOptions;
use super::failure::sql;
use super::migrate::migrate;
use super::open::{connect, limit, set};
use sqlx::{ConnectOptions, Connection};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use telecoder_model::PortError;

/// Makes the database, unless somebody else is faster.
pub(super) async fn create(path: &Path, options: &SqliteOptions) -> Result<(), PortError> {
    let fresh = beside(path, options);
    let made = fill(&fresh, options).await;
    let named = made.and_then(|()| name(&fresh, path));
    drop(std::fs::remove_file(&fresh));
    named
}

/// A name that no other process uses; one that was left by a process that died is written over.
fn beside(path: &Path, options: &SqliteOptions) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}-{}.new", std::process::id(), options.clock.monotonic().as_nanos()));
    path.with_file_name(name)
}

async fn fill(fresh: &Path, options: &SqliteOptions) -> Result<(), PortError> {
    let failed = || sql("a new database cannot be made");
    // The files that SQLite puts beside it take over its mode.
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(fresh);
    let file = file.map_err(|error| PortError::io(format!("cannot make {}", fresh.display()), error))?;
    let mut connection = connect(fresh, options).connect().await.map_err(failed())?;
    limit(&mut connection, options).await?;
    for setting in ["PRAGMA journal_mode = MEMORY", "PRAGMA synchronous = OFF"] {
        set(&mut connection, setting.to_owned()).await?;
    }
    migrate(&mut connection, options.clock.now()).await?;
    set(&mut connection, "PRAGMA journal_mode = WAL".to_owned()).await?;
    connection.close().await.map_err(failed())?;
    file.sync_all().map_err(|error| PortError::io(format!("cannot write {}", fresh.display()), error))
}

/// Gives it its name; a database that stands there by now stays.
fn name(fresh: &Path, path: &Path) -> Result<(), PortError> {
    let what = || format!("cannot make {}", path.display());
    match std::fs::hard_link(fresh, path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            // Not every file system has links.
            std::fs::rename(fresh, path).map_err(|error| PortError::io(what(), error))?;
        }
        Ok(()) | Err(_) => {}
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| PortError::io(what(), error))
}
