//! Errors that mean the same on every database (layer 1).

use telecoder_model::PortError;

/// What to do about a damaged database.
const RESTORE: &str = "Stop the server, keep a copy of the database, and restore it from a backup.";

/// Whether the database refused a row because its key is taken.
pub(crate) fn is_taken(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(database) if database.is_unique_violation())
}

/// Whether the database refused a row because what it names does not exist.
pub(crate) fn is_orphan(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(database) if database.is_foreign_key_violation())
}

/// The same error for another of those that it concerns (errors cannot be cloned).
pub(crate) fn again(error: &PortError) -> PortError {
    let copy = PortError::new(error.class, error.chain());
    match &error.remedy {
        Some(remedy) => copy.remedy(remedy.clone()),
        None => copy,
    }
}

/// A row that does not mean what this version writes.
pub(crate) fn damaged(
    what: impl Into<String>,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> PortError {
    PortError::permanent(what).because(error).remedy(RESTORE)
}

/// Says that the store's writer is gone.
pub(crate) fn closed() -> PortError {
    PortError::permanent("the store is closed")
}
