//! What processes that died left at the top of the data folder (layer 3). Looked for by whoever holds the folder's lock, so that
//! nothing of what is found is in anybody's use.

use crate::backup::STAGE;
use crate::restore::{ASIDE, is_unfinished};
use crate::storage::DATABASE;
use std::fs;
use std::path::Path;
use telecoder_model::PortError;

/// How the name of a file ends that was to get another one when it was whole.
const UNFINISHED: &str = ".new";
/// How the name of a file begins by which it is tried whether the folder can be written.
const PROBE: &str = ".probe-";

/// Removes it, unless a restore was cut short: then the folder holds a part of a backup.
///
/// # Errors
/// Class `Conflict` after a restore that was cut short, with the remedy.
pub(crate) fn clear(data: &Path) -> Result<(), PortError> {
    if is_unfinished(data) {
        let words = format!("a restore into the data folder {} was cut short", data.display());
        return Err(
            PortError::conflict(words).remedy("run it again: telecoder restore FILE; or remove the folder")
        );
    }
    for entry in fs::read_dir(data).into_iter().flatten().flatten() {
        let (name, path) = (entry.file_name(), entry.path());
        if is_leftover(&name.to_string_lossy()) {
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let removed = if is_folder { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            if let Err(error) = removed {
                tracing::warn!(path = %path.display(), %error, "what a process that died has left cannot be removed");
            }
        }
    }
    Ok(())
}

fn is_leftover(name: &str) -> bool {
    // The database's files but for itself, its log and the log's index: one that was being made.
    let database = name.starts_with(DATABASE) && name.contains(UNFINISHED);
    name == STAGE || name == ASIDE || database || name.starts_with(PROBE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_needs_goes() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let kept = [
            "server.db",
            "server.db-wal",
            "server.db-shm",
            "lock",
            "host",
            "token",
            "config.env",
            "notes.new",
        ];
        for name in kept {
            fs::write(at(name), "x").unwrap();
        }
        for name in ["server.db.7-12.new", "server.db.7-12.new-journal", ".probe-12"] {
            fs::write(at(name), "x").unwrap();
        }
        fs::create_dir_all(at(".backup/blobs")).unwrap();
        fs::create_dir_all(at(".restoring/git")).unwrap();
        clear(folder.path()).unwrap();
        let mut left: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        let mut kept = kept.to_vec();
        kept.sort_unstable();
        assert_eq!(left, kept);
    }

    #[test]
    fn half_a_backup_is_no_data_folder() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join(".restoring/git")).unwrap();
        assert!(clear(folder.path()).unwrap_err().remedy.is_some());
        assert!(folder.path().join(".restoring/git").is_dir());
    }
}
