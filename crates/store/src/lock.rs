//! The lock on the data folder (layer 1): at most one server uses it at a time.
//!
//! Invariant: the kernel holds the lock for the open file and frees it when the process dies, however it dies; the
//! number in the file only names the holder to people and proves nothing.

use rustix::fs::FlockOperation;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use telecoder_model::PortError;

/// Holds the data folder until it is dropped or the process dies.
#[derive(Debug)]
pub struct DataDirLock {
    path: PathBuf,
    _file: File,
}

impl DataDirLock {
    /// Takes the lock of a data folder (which it creates, mode 0700).
    ///
    /// # Errors
    /// Class `Conflict` if another process holds it, with its process id where it can be read; otherwise what the file
    /// system says.
    pub fn acquire(dir: &Path) -> Result<Self, PortError> {
        create_folder(dir)?;
        let path = dir.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|error| {
                PortError::io(format!("cannot open {}", path.display()), error).remedy(
                    "The server's user must be able to write the data folder, and its disk must not be read-only.",
                )
            })?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(refused(dir, &mut file)),
            Err(error) => {
                return Err(PortError::io(format!("cannot lock {}", path.display()), error.into())
                    .remedy("Keep the data folder on a local file system that supports flock."));
            }
        }
        name_holder(&mut file)
            .map_err(|error| PortError::io(format!("cannot write {}", path.display()), error))?;
        Ok(Self { path, _file: file })
    }
    /// The lock file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Creates a folder that only its owner can enter; one that exists stays as it is.
pub(crate) fn create_folder(dir: &Path) -> Result<(), PortError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|error| PortError::io(format!("cannot create the folder {}", dir.display()), error))
}

fn name_holder(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn refused(dir: &Path, file: &mut File) -> PortError {
    let mut text = String::new();
    // Bounded, because anybody with the right to the folder may have written the file.
    let holder = match file.take(20).read_to_string(&mut text) {
        Ok(_) => text.trim().parse::<u32>().ok(),
        Err(_) => None,
    };
    let who = holder.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
    PortError::conflict(format!("the data folder {} is in use by {who}", dir.display())).remedy(
        "Only one server can use a data folder. Stop that one, or start this one with another data folder.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use telecoder_model::ErrorClass;

    #[test]
    fn the_second_holder_is_refused_and_told_who_is_first() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("data");
        let first = DataDirLock::acquire(&dir).unwrap();
        let error = DataDirLock::acquire(&dir).unwrap_err();
        assert_eq!(error.class, ErrorClass::Conflict);
        assert_eq!(
            error.to_string(),
            format!("the data folder {} is in use by process {}", dir.display(), std::process::id())
        );
        drop(first);
        DataDirLock::acquire(&dir).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&dir), mode(&dir.join("lock"))), (0o700, 0o600));
    }

    #[test]
    fn what_stands_in_the_file_proves_nothing() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("lock"), "1\n").unwrap();
        let lock = DataDirLock::acquire(root.path()).unwrap();
        assert_eq!(std::fs::read_to_string(lock.path()).unwrap(), format!("{}\n", std::process::id()));
        std::fs::write(root.path().join("lock"), "a".repeat(1 << 16)).unwrap();
        assert!(
            DataDirLock::acquire(root.path()).unwrap_err().to_string().ends_with("in use by another process")
        );
    }
}
