//! Errors of the configuration (layer 3): they name the setting, where its value came from, and what was expected.

use super::source::Source;
use std::path::{Path, PathBuf};

/// What is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value cannot be used.
    #[error("the setting `{key}` ({from}) has a bad value: {expected}")]
    Value {
        /// The setting.
        key: String,
        /// Where the value came from.
        from: Source,
        /// What was expected.
        expected: String,
    },
    /// A file cannot be used.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A key is not known.
    #[error("`{0}` is not a setting; `telecoder config` shows all")]
    Unknown(String),
}

impl ConfigError {
    pub(super) fn file(path: &Path, reason: String) -> Self {
        Self::File { path: path.to_owned(), reason }
    }

    /// Says which variable named the file.
    pub(super) fn named_by(self, variable: &str) -> Self {
        match self {
            Self::File { path, reason } => {
                Self::File { path, reason: format!("{reason} ({variable} names it)") }
            }
            Self::Value { .. } | Self::Unknown(_) => self,
        }
    }
}
