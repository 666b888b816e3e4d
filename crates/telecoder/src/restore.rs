//! A backup becomes a data folder (layer 3). Everything is unpacked and settled aside; the database, whose presence makes it a data
//! folder, gets its name last, so that a restore that was cut short is begun again or leaves an empty folder.

use crate::archive::{self, PARTS};
use crate::config::Config;
use crate::storage::DATABASE;
use std::fs::{self, File};
use std::io::BufReader;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use telecoder_engine::restored::{Settled, settle};
use telecoder_model::PortError;
use telecoder_model::port::clock::Clock;
use telecoder_store::{DataDirLock, SqliteOptions, SqliteStore, SystemClock};

/// Where a backup is unpacked below the data folder.
pub(crate) const ASIDE: &str = ".restoring";
/// What an empty data folder may hold.
const HARMLESS: [&str; 3] = ["lock", "server.log", ASIDE];

/// What a restore brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// When the backup was made.
    pub created_at: String,
    /// The version that made it.
    pub version: String,
    /// What became of its sessions.
    pub sessions: Settled,
}

/// Makes a data folder of a backup.
///
/// # Errors
/// If the folder is used or not empty, or the backup is none, broken, or of a newer version; with the remedy.
pub async fn restore(file: &Path, config: &Config) -> Result<Restored, PortError> {
    if let Some(database) = &config.database {
        let words = format!(
            "a backup becomes a data folder with a database in it, and {} is configured",
            database.url.place()
        );
        return Err(
            PortError::conflict(words).remedy("Unset TELECODER_DATABASE_URL for the restored server.")
        );
    }
    let data = config.data_dir.as_path();
    let lock = Arc::new(DataDirLock::acquire(data)?);
    check_empty(data)?;
    let aside = data.join(ASIDE);
    // What an earlier one that was cut short has left.
    remove(&aside)?;
    let made = fs::DirBuilder::new().mode(0o700).create(&aside);
    made.map_err(|error| PortError::io(format!("cannot make {}", aside.display()), error))?;
    let restored = fill(file, &aside, lock).await;
    if restored.is_ok() {
        move_in(&aside, data)?;
    }
    // Also after a failure: the folder is as empty as before.
    remove(&aside)?;
    restored
}

/// Whether a restore into this folder was cut short.
pub(crate) fn is_unfinished(data: &Path) -> bool {
    data.join(ASIDE).is_dir() && !data.join(DATABASE).is_file()
}

fn check_empty(data: &Path) -> Result<(), PortError> {
    let unreadable = |error| PortError::io(format!("cannot read {}", data.display()), error);
    let interrupted = is_unfinished(data);
    for entry in fs::read_dir(data).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        let name = name.to_string_lossy();
        let moved_in = interrupted && PARTS.contains(&name.as_ref());
        if !HARMLESS.contains(&name.as_ref()) && !moved_in {
            return Err(PortError::conflict(format!(
                "the data folder {} is not empty: it holds `{name}`",
                data.display()
            ))
            .remedy("Restore into another folder (--data-dir DIR), or move what is there away."));
        }
    }
    // What a move that was cut short has brought in is brought in again.
    if interrupted {
        for part in PARTS {
            remove(&data.join(part))?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> Result<(), PortError> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(PortError::io(format!("cannot remove {}", path.display()), error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

async fn fill(file: &Path, aside: &Path, lock: Arc<DataDirLock>) -> Result<Restored, PortError> {
    let opened = fs::File::open(file)
        .map_err(|error| PortError::io(format!("cannot read {}", file.display()), error))?;
    let target: PathBuf = aside.to_owned();
    let unpacked = tokio::task::spawn_blocking(move || archive::read(BufReader::new(opened), &target));
    let manifest = unpacked
        .await
        .map_err(|error| PortError::transient("the restore was broken off").because(error))??;
    let database = aside.join(DATABASE);
    if !database.is_file() {
        return Err(PortError::permanent("the backup holds no database").remedy("Take another one."));
    }
    let clock = Arc::new(SystemClock::new());
    let options = SqliteOptions { lock: Some(lock), clock: clock.clone(), ..SqliteOptions::default() };
    let store = SqliteStore::open(&database, options).await?;
    let damage = store.damage().await?;
    if let Some(first) = damage.first() {
        return Err(PortError::permanent(format!("the backup's database is damaged: {first}"))
            .remedy("Take another backup."));
    }
    let sessions = settle(&store, clock.now()).await?;
    store.close().await?;
    if fs::metadata(aside.join(format!("{DATABASE}-wal"))).is_ok_and(|log| log.len() > 0) {
        return Err(PortError::transient("the restored database is still in use"));
    }
    Ok(Restored { created_at: manifest.created_at, version: manifest.version, sessions })
}

/// Gives everything its name, the database last.
fn move_in(aside: &Path, data: &Path) -> Result<(), PortError> {
    to_disk(data)?;
    for part in PARTS.iter().rev() {
        let from = aside.join(part);
        if from.exists() {
            fs::rename(&from, data.join(part)).map_err(|error| {
                PortError::io(format!("cannot put {part} into {}", data.display()), error)
            })?;
        }
    }
    to_disk(data)
}

/// Waits until everything that was written is on the disk; files are many, so that the file system is asked once for all.
fn to_disk(data: &Path) -> Result<(), PortError> {
    let folder = File::open(data);
    let synced = folder.and_then(|folder| Ok(rustix::fs::syncfs(folder)?));
    synced.map_err(|error| PortError::io(format!("cannot write {}", data.display()), error))
}
