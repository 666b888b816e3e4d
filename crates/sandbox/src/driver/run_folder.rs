//! The run folder of a sandbox (layer 1): `lock` (held while anything of it lives, and the supervisor's record), `s`
//! (its socket), `log`, `journal/`.

use crate::failure::failed;
use crate::launcher::{JOURNAL, SOCKET};
use rustix::fs::FlockOperation;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use telecoder_model::PortError;
use telecoder_model::port::sandbox::SandboxRef;
use tokio::net::UnixStream;

const LOCK: &str = "lock";
const LOG: &str = "log";

/// Names the run folder of one sandbox, whether it is there or not.
#[derive(Debug)]
pub(super) struct RunFolder {
    path: PathBuf,
}

/// The lock of a sandbox of which nothing lives. It is let go when its last descriptor is closed, wherever that is;
/// nobody unlocks it, since the launcher shares it.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) lock: File,
}

impl RunFolder {
    pub(super) fn new(run_dir: &Path, reference: &SandboxRef) -> Self {
        Self { path: run_dir.join(reference.to_string()) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn exists(&self) -> bool {
        self.path.exists()
    }

    /// Connects to the supervisor; `None` if it is gone.
    pub(super) async fn connect(&self) -> Result<Option<UnixStream>, PortError> {
        let what = || format!("cannot connect to the supervisor in {}", self.path.display());
        let dir = match File::open(&self.path) {
            Ok(dir) => dir,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(PortError::io(what(), error)),
        };
        // The path of a socket has at most 107 bytes, so it is named by way of the folder's descriptor.
        let path = format!("/proc/self/fd/{}/{SOCKET}", dir.as_raw_fd());
        match UnixStream::connect(path).await {
            Ok(socket) => Ok(Some(socket)),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
                Ok(None)
            }
            Err(error) => Err(PortError::io(what(), error)),
        }
    }

    /// Takes the lock, making the folder where it is missing; `None` while something of the sandbox lives.
    pub(super) fn take(&self) -> Result<Option<Taken>, PortError> {
        let what = || format!("cannot take the lock in {}", self.path.display());
        loop {
            match fs::DirBuilder::new().mode(0o700).create(&self.path) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(PortError::io(format!("cannot make {}", self.path.display()), error));
                }
            }
            let opened = fs::OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .open(self.path.join(LOCK));
            let file = match opened {
                // Removed by another in between.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                other => other.map_err(failed(what()))?,
            };
            match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
                // A lock on a file that was removed before it was taken protects nothing.
                Ok(()) if file.metadata().map_err(failed(what()))?.nlink() == 0 => {}
                Ok(()) => return Ok(Some(Taken { lock: file })),
                Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
                Err(error) => return Err(failed(what())(error)),
            }
        }
    }

    /// Reads the pid and the start time of the supervisor, if it was started.
    pub(super) fn record(&self) -> Option<(u32, u64)> {
        let text = fs::read_to_string(self.path.join(LOCK)).ok()?;
        let (pid, started) = text.trim().split_once(' ')?;
        Some((pid.parse().ok()?, started.parse().ok()?))
    }

    /// Opens the log of a new supervisor.
    pub(super) fn open_log(&self) -> Result<File, PortError> {
        fs::OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(self.path.join(LOG))
            .map_err(failed(format!("cannot open the log in {}", self.path.display())))
    }

    /// Removes what an ended supervisor left, but not the lock.
    pub(super) fn sweep(&self) -> Result<(), PortError> {
        let what = || format!("cannot empty {}", self.path.display());
        absent(fs::remove_file(self.path.join(SOCKET))).map_err(failed(what()))?;
        absent(fs::remove_dir_all(self.path.join(JOURNAL))).map_err(failed(what()))
    }

    /// Removes everything. The lock goes last.
    pub(super) fn remove(&self, taken: &Taken) -> Result<(), PortError> {
        let what = || format!("cannot remove {}", self.path.display());
        debug_assert!(taken.lock.metadata().is_ok(), "the lock is held");
        self.sweep()?;
        for name in [LOG, LOCK] {
            absent(fs::remove_file(self.path.join(name))).map_err(failed(what()))?;
        }
        absent(fs::remove_dir_all(&self.path)).map_err(failed(what()))
    }
}

fn absent(result: std::io::Result<()>) -> std::io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
