//! What the data folder takes on its disk (layer 3). What cannot be looked at is not counted: agents make trees that are closed,
//! or deeper than a path can name.

use crate::storage::DATABASE;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Bytes of a block, as stat(2) counts them.
const BLOCK: u64 = 512;

/// Bytes that a folder takes, without the database in it.
pub(crate) fn used(data: &Path) -> io::Result<u64> {
    let mut sum = 0_u64;
    let mut folders = Vec::new();
    for entry in fs::read_dir(data)? {
        let entry = entry?;
        // The store measures itself.
        if !entry.file_name().to_string_lossy().starts_with(DATABASE) {
            look(&entry, &mut sum, &mut folders);
        }
    }
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            look(&entry, &mut sum, &mut folders);
        }
    }
    Ok(sum)
}

fn look(entry: &fs::DirEntry, sum: &mut u64, folders: &mut Vec<std::path::PathBuf>) {
    let Ok(metadata) = entry.metadata() else { return };
    *sum = sum.saturating_add(share(&metadata));
    if metadata.is_dir() {
        folders.push(entry.path());
    }
}

/// A file with several names counts once over all of them.
fn share(metadata: &Metadata) -> u64 {
    let names = if metadata.is_dir() { 1 } else { metadata.nlink().max(1) };
    metadata.blocks().saturating_mul(BLOCK) / names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_count_once_and_the_database_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let empty = used(folder.path()).unwrap();
        fs::write(folder.path().join("server.db-wal"), vec![1; 1 << 20]).unwrap();
        assert_eq!(used(folder.path()).unwrap(), empty);
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        fs::write(folder.path().join("a/b/file"), vec![1; 1 << 20]).unwrap();
        let one = used(folder.path()).unwrap();
        assert!(one >= 1 << 20, "{one}");
        fs::hard_link(folder.path().join("a/b/file"), folder.path().join("a/name")).unwrap();
        std::os::unix::fs::symlink("/", folder.path().join("a/root")).unwrap();
        let linked = used(folder.path()).unwrap();
        assert!(linked < one + (1 << 18), "{one} {linked}");
    }
}
