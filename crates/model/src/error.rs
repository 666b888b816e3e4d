//! Error classes (layer 0). Every port's error has a class; retry is decided by the class alone,
//! never by a message's text.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Says what a caller may do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// It may succeed if it is tried again unchanged.
    Transient,
    /// It fails every time until something else changes.
    Permanent,
    /// The thing that was named does not exist.
    NotFound,
    /// The state is not the one that the caller saw.
    Conflict,
    /// It is forbidden.
    Denied,
    /// There is no room left: disk, memory, a bound of ours.
    Full,
}

/// An error of a port: what failed, its class, and optionally what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct PortError {
    /// What may be done about it.
    pub class: ErrorClass,
    /// What failed, for a person, with the names that matter.
    pub what: String,
    /// What a person can do about it.
    pub remedy: Option<String>,
    /// When it may be tried again, where the other side said so.
    pub retry_after: Option<Duration>,
    /// The cause.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl PortError {
    /// Makes an error of a class.
    pub fn new(class: ErrorClass, what: impl Into<String>) -> Self {
        Self { class, what: what.into(), remedy: None, retry_after: None, source: None }
    }
    /// Makes an error that may pass when tried again.
    pub fn transient(what: impl Into<String>) -> Self {
        Self::new(ErrorClass::Transient, what)
    }
    /// Makes an error that will not pass by itself.
    pub fn permanent(what: impl Into<String>) -> Self {
        Self::new(ErrorClass::Permanent, what)
    }
    /// Makes a "does not exist" error.
    pub fn not_found(what: impl Into<String>) -> Self {
        Self::new(ErrorClass::NotFound, what)
    }
    /// Makes a "state has changed" error.
    pub fn conflict(what: impl Into<String>) -> Self {
        Self::new(ErrorClass::Conflict, what)
    }
    /// Makes a "forbidden" error.
    pub fn denied(what: impl Into<String>) -> Self {
        Self::new(ErrorClass::Denied, what)
    }
    /// Makes a "no room" error.
    pub fn full(what: impl Into<String>) -> Self {
        Self::new(ErrorClass::Full, what)
    }
    /// Adds what a person can do.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
    /// Adds when it may be tried again.
    #[must_use]
    pub fn after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }
    /// Adds the cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
    /// Wraps an IO error, with its class derived from the kind.
    pub fn io(what: impl Into<String>, error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        // What the process or the host has too little of now it may have again in a moment; the standard library has no name
        // for files (errno(3): ENFILE, EMFILE).
        let files = matches!(error.raw_os_error(), Some(23 | 24));
        #[expect(clippy::wildcard_enum_match_arm, reason = "io::ErrorKind is a foreign, open enum")]
        let class = match error.kind() {
            _ if files => ErrorClass::Transient,
            ErrorKind::NotFound => ErrorClass::NotFound,
            ErrorKind::PermissionDenied => ErrorClass::Denied,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => ErrorClass::Full,
            ErrorKind::Interrupted | ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::OutOfMemory => {
                ErrorClass::Transient
            }
            _ => ErrorClass::Permanent,
        };
        Self::new(class, what).because(error)
    }
    /// The message with all causes, on one line.
    pub fn chain(&self) -> String {
        let mut text = self.what.clone();
        let mut next: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(self);
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_names_every_cause_once() {
        let io = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let error = PortError::io("cannot write the journal", io);
        assert_eq!(error.class, ErrorClass::Full);
        assert_eq!(error.to_string(), "cannot write the journal");
        assert_eq!(error.chain(), "cannot write the journal: no storage space");
    }

    #[test]
    fn too_few_files_or_too_little_memory_is_no_full_disk() {
        for (number, class) in [
            (12, ErrorClass::Transient),
            (23, ErrorClass::Transient),
            (24, ErrorClass::Transient),
            (28, ErrorClass::Full),
            (122, ErrorClass::Full),
            (13, ErrorClass::Denied),
        ] {
            let error = std::io::Error::from_raw_os_error(number);
            assert_eq!(PortError::io("x", error).class, class, "{number}");
        }
    }
}
