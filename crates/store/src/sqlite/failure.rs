//! What an error of the database means (layer 1): the one place where result codes of `SQLite` become classes.

use std::borrow::Cow;
use telecoder_model::{ErrorClass, PortError};

const RESTORE: &str = "Stop the server, keep a copy of the data folder, and restore the database from a backup, \
    or save what can be read with `sqlite3 <database> .recover`.";

/// Turns an error of the database into the port's error.
pub(super) fn sql(what: impl Into<String>) -> impl FnOnce(sqlx::Error) -> PortError {
    move |error| translate(what.into(), error)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "sqlx::Error is a foreign, open enum")]
fn translate(what: String, error: sqlx::Error) -> PortError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "sqlx::Error is a foreign, open enum")]
    let code = match &error {
        sqlx::Error::Database(database) => primary_code(database.code()),
        sqlx::Error::PoolTimedOut => {
            return PortError::transient(format!("{what}: all readers of the database are busy"));
        }
        sqlx::Error::PoolClosed => return PortError::permanent(format!("{what}: the store is closed")),
        sqlx::Error::WorkerCrashed => {
            return PortError::permanent(format!("{what}: the database's thread has ended"));
        }
        _ => None,
    };
    let (class, remedy) = meaning(code);
    let failure = PortError::new(class, what);
    // The wrapper around an error of the database would only repeat its text.
    let failure = match &error {
        sqlx::Error::Database(database) => failure.because(database.to_string()),
        _ => failure.because(error),
    };
    match remedy {
        Some(remedy) => failure.remedy(remedy),
        None => failure,
    }
}

/// The low byte of the extended result code.
fn primary_code(code: Option<Cow<'_, str>>) -> Option<i64> {
    code?.parse::<i64>().ok().map(|extended| extended & 0xff)
}

/// Class and remedy of a primary result code (<https://www.sqlite.org/rescode.html>).
fn meaning(code: Option<i64>) -> (ErrorClass, Option<&'static str>) {
    match code {
        // BUSY, LOCKED, INTERRUPT, PROTOCOL
        Some(5 | 6 | 9 | 15) => (ErrorClass::Transient, None),
        // NOMEM
        Some(7) => (ErrorClass::Full, Some("Free memory on this host.")),
        // FULL
        Some(13) => (
            ErrorClass::Full,
            Some("Free space on the disk of the data folder, or raise the database's limit."),
        ),
        // PERM, READONLY, AUTH
        Some(3 | 8 | 23) => (
            ErrorClass::Denied,
            Some("The server's user must be able to write the data folder and every file in it."),
        ),
        // IOERR
        Some(10) => (
            ErrorClass::Permanent,
            Some("Look at the kernel's log for errors of the disk of the data folder."),
        ),
        // CORRUPT, NOTADB
        Some(11 | 26) => (ErrorClass::Permanent, Some(RESTORE)),
        // CANTOPEN
        Some(14) => (
            ErrorClass::Permanent,
            Some(
                "Check that the data folder exists, is writable, and that the limit of open files is not reached.",
            ),
        ),
        Some(_) | None => (ErrorClass::Permanent, None),
    }
}
