//! Errors of commands (layer 1): what a person or a program gets back. The server maps them to HTTP one to one.

use telecoder_model::{ErrorClass, PortError};

/// What kind of error it is; decides the HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The request is wrong (400).
    Invalid,
    /// It needs a token (401).
    Unauthenticated,
    /// The token does not allow it (403).
    Denied,
    /// It does not exist, or not for this principal (404).
    NotFound,
    /// The state does not allow it (409).
    Conflict,
    /// The request is well-formed and cannot be carried out (422).
    Unprocessable,
    /// Too much at once (429).
    TooMany,
    /// Something it needs is not available (503).
    Unavailable,
    /// A fault of ours (500).
    Internal,
}

/// An error of a command. `code` is stable and has a page in the reference.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct EngineError {
    /// What kind.
    pub fault: Fault,
    /// A stable name: `session_not_found`, `policy_forbids`, …
    pub code: &'static str,
    /// In words, without secrets.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl EngineError {
    /// Makes an error.
    pub fn new(fault: Fault, code: &'static str, message: impl Into<String>) -> Self {
        Self { fault, code, message: message.into(), hint: None }
    }
    /// The request is wrong.
    pub fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Fault::Invalid, code, message)
    }
    /// It does not exist, or not for this principal.
    pub fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Fault::NotFound, code, message)
    }
    /// The state does not allow it.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Fault::Conflict, code, message)
    }
    /// What a port says to that which the request asked of it: what cannot be done is the request's fault, not ours.
    pub fn asked(error: PortError) -> Self {
        let mut told = Self::from(error);
        if told.fault == Fault::Internal {
            (told.fault, told.code) = (Fault::Unprocessable, "failed");
        }
        told
    }
    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// A port that fails for good fails us: most are asked by the server for its own sake (see [`EngineError::asked`]).
impl From<PortError> for EngineError {
    fn from(error: PortError) -> Self {
        let (fault, code) = match error.class {
            ErrorClass::Transient => (Fault::Unavailable, "unavailable"),
            ErrorClass::Permanent => (Fault::Internal, "internal"),
            ErrorClass::NotFound => (Fault::NotFound, "not_found"),
            ErrorClass::Conflict => (Fault::Conflict, "conflict"),
            ErrorClass::Denied => (Fault::Denied, "denied"),
            ErrorClass::Full => (Fault::Unavailable, "no_room"),
        };
        Self { fault, code, message: error.chain(), hint: error.remedy }
    }
}
