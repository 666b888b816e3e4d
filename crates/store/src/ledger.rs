//! The list of migrations that a database says it has (layer 1), held against those that this version knows. The same for
//! every database.
//!
//! Invariant: a database of a newer version, or with an edited migration, is refused before anything in it changes.

use crate::row::{Columns, Record};
use telecoder_model::PortError;

/// The version of the product that applies migrations.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// One step of a schema.
pub(crate) struct Migration {
    pub(crate) number: i64,
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

/// All migrations of a dialect, in order.
macro_rules! migrations {
    ($dialect:literal: $($number:literal $name:literal),+ $(,)?) => {
        &[$($crate::ledger::Migration {
            number: $number,
            name: $name,
            sql: include_str!(concat!("../../migrations/", $dialect, "/000", $number, "_", $name, ".sql")),
        }),+]
    };
}
pub(crate) use migrations;

impl Migration {
    pub(crate) fn digest(&self) -> String {
        crate::blobs::digest_of(self.sql.as_bytes())
    }
    pub(crate) fn failed(&self) -> String {
        format!("migration {} ({}) failed", self.number, self.name)
    }
}

/// A migration that a database says it has.
pub(crate) struct Applied {
    number: i64,
    name: String,
    digest: String,
    version: String,
}

/// What is asked of a database for [`Applied`].
pub(crate) const APPLIED: &str = "SELECT number, name, digest, version FROM migrations ORDER BY number";

impl Applied {
    pub(crate) fn read<R: Record>(row: &R) -> Result<Self, PortError> {
        let columns = Columns(row);
        Ok(Self {
            number: row.signed("number")?,
            name: columns.text("name")?,
            digest: columns.text("digest")?,
            version: columns.text("version")?,
        })
    }
}

/// The migrations that a database still needs.
pub(crate) fn due<'a>(all: &'a [Migration], known: &[Applied]) -> Result<&'a [Migration], PortError> {
    for (index, applied) in known.iter().enumerate() {
        let Some(ours) = all.get(index) else {
            return Err(PortError::permanent(format!(
                "the database was written by TeleCoder {} (migration {}, {}); this is {VERSION}, which knows \
                 migrations up to {}",
                applied.version,
                applied.number,
                applied.name,
                all.len()
            ))
            .remedy(format!(
                "Start TeleCoder {} or later, or restore a backup from before the upgrade.",
                applied.version
            )));
        };
        if applied.number != ours.number || applied.digest != ours.digest() {
            return Err(PortError::permanent(format!(
                "migration {} ({}) of the database is not the one that this TeleCoder ({VERSION}) knows; \
                 it was applied by {}",
                applied.number, applied.name, applied.version
            ))
            .remedy("Use a released version of TeleCoder; migrations are never edited after a release."));
        }
    }
    Ok(all.get(known.len()..).unwrap_or_default())
}

#[cfg(test)]
pub(crate) fn are_numbered_without_gaps(all: &[Migration]) {
    for (index, migration) in all.iter().enumerate() {
        assert_eq!(migration.number, i64::try_from(index).unwrap() + 1, "{}", migration.name);
    }
}
