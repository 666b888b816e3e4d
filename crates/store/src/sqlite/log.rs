//! The size of the write-ahead log (layer 1).
//!
//! Invariant: readers that overlap without a pause keep the log from beginning anew by itself; beyond a limit the writer
//! waits for them.

use super::group::execute;
use sqlx::SqliteConnection;
use std::path::{Path, PathBuf};

/// Groups between two looks at the size.
const CHECK: u32 = 256;
/// Bytes beyond which the log begins anew.
const LIMIT: u64 = 128 << 20;

/// The write-ahead log, by its size.
pub(super) struct Log {
    path: PathBuf,
    limit: u64,
    groups: u32,
}

impl Log {
    /// The log of a database.
    pub(super) fn of(database: &Path) -> Self {
        let mut path = database.as_os_str().to_owned();
        path.push("-wal");
        Self { path: path.into(), limit: LIMIT, groups: 0 }
    }
    /// Looks at the size now and then, after a group.
    pub(super) async fn bound(&mut self, connection: &mut SqliteConnection) {
        self.groups += 1;
        if self.groups < CHECK {
            return;
        }
        self.groups = 0;
        if std::fs::metadata(&self.path).is_ok_and(|log| log.len() > self.limit)
            && let Err(error) = execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)").await
        {
            tracing::warn!(%error, "the write-ahead log could not be shortened");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::ConnectOptions;

    #[tokio::test]
    async fn a_log_beyond_its_limit_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.db");
        let mut connection = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
            .pragma("wal_autocheckpoint", "0")
            .connect()
            .await
            .unwrap();
        execute(&mut connection, "CREATE TABLE t (n INTEGER)").await.unwrap();
        let mut log = Log { limit: 0, ..Log::of(&path) };
        let size = |log: &Log| std::fs::metadata(&log.path).unwrap().len();
        for _ in 1..CHECK {
            log.bound(&mut connection).await;
        }
        assert!(size(&log) > 0, "not looked at yet");
        log.bound(&mut connection).await;
        assert_eq!(size(&log), 0);
    }
}
