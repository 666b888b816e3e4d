//! Layer 1: one at a time for each repository and each session. Invariant: within the process an async lock decides, so
//! that a waiting future costs no thread; between processes a file lock does, which ends with its holder.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use telecoder_model::PortError;
use tokio::sync::OwnedMutexGuard;

/// The locks of this process, by name.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    by_name: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    // Fields are dropped in this order: other processes may go on before others of this one do.
    _file: Option<File>,
    _guard: OwnedMutexGuard<()>,
}

impl Locks {
    /// Waits for a lock of this process.
    pub(crate) async fn hold(&self, name: &str) -> Held {
        let lock = {
            let mut locks = self.by_name.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            // Locks that nobody holds or waits for are forgotten, so that the map stays as small as the work under way.
            locks.retain(|_, lock| Arc::strong_count(lock) > 1);
            Arc::clone(locks.entry(name.to_owned()).or_default())
        };
        Held { _file: None, _guard: lock.lock_owned().await }
    }
    /// Waits for a lock that holds between processes too.
    pub(crate) async fn hold_file(&self, name: &str, path: PathBuf) -> Result<Held, PortError> {
        let mut held = self.hold(name).await;
        let shown = path.display().to_string();
        let file = crate::folder::blocking(move || {
            let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
            file.lock()?;
            Ok(file)
        })
        .await
        .map_err(|error| PortError::io(format!("cannot lock {shown}"), error))?;
        held._file = Some(file);
        Ok(held)
    }
}
