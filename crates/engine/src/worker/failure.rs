//! Why work on a session ends before its time (layer 1).

use telecoder_model::session::FailureKind;
use telecoder_model::{ErrorClass, PortError};

/// Why work on a session ends before its time.
#[derive(Debug)]
pub(crate) enum WorkError {
    /// A person stopped the session.
    Stopped,
    /// Another server owns the session now; nothing more may be written.
    LostLease,
    /// The session failed.
    Failed(Failed),
    /// The store cannot be reached or refuses; nothing can be recorded now.
    Store(PortError),
}

/// A failure as it is told.
#[derive(Debug, Clone)]
pub(crate) struct Failed {
    pub(crate) kind: FailureKind,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// Whether an event tells it already.
    pub(crate) told: bool,
}

impl WorkError {
    /// A failure of a kind, in words.
    pub(crate) fn failed(kind: FailureKind, message: impl Into<String>) -> Self {
        Self::Failed(Failed { kind, message: message.into(), hint: None, told: false })
    }
    /// A port's error as a failure of a kind; a full disk has its own.
    pub(crate) fn port(kind: FailureKind, error: &PortError) -> Self {
        let is_full = error.class == ErrorClass::Full;
        let kind = if is_full { FailureKind::DiskFull } else { kind };
        let make_room =
            || "make room on the disk of the data folder, then run it again: telecoder rerun".to_owned();
        let hint = error.remedy.clone().or_else(|| is_full.then(make_room));
        Self::Failed(Failed { kind, message: error.chain(), hint, told: false })
    }
    /// Adds what to do.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        match self {
            Self::Failed(failed) => Self::Failed(Failed { hint: Some(hint.into()), ..failed }),
            other @ (Self::Stopped | Self::LostLease | Self::Store(_)) => other,
        }
    }
}
