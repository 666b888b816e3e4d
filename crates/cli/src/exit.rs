//! Exit codes and failures as they are told (layer 4): 0 done, 1 failed, 2 usage, 3 server unreachable, 4 stopped, 5 waiting
//! for a person.

use crate::terminal::{RED, styled};
use std::io::Write;
use std::process::ExitCode;
use telecoder_api::ClientError;
use telecoder_api::session::{Session, Status};

/// The code that says that a person must answer.
pub(crate) const WAITING: u8 = 5;

/// A command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
    hint: Option<String>,
}

/// What commands give back.
pub(crate) type Outcome = Result<ExitCode, Failure>;

impl Failure {
    /// It failed (1).
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self { code: 1, message: message.into(), hint: None }
    }
    /// It was called wrongly (2).
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { code: 2, message: message.into(), hint: None }
    }
    /// No server can be reached (3).
    pub(crate) fn unreachable(message: impl Into<String>) -> Self {
        Self { code: 3, message: message.into(), hint: None }
    }
    /// Adds what to do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
    /// Tells it on standard error.
    pub(crate) fn tell(&self) -> ExitCode {
        let mut err = anstream::stderr().lock();
        drop(writeln!(err, "{} {}", styled(RED.bold(), "error:"), telecoder::harmless(&self.message)));
        if let Some(hint) = &self.hint {
            drop(writeln!(err, " hint: {}", telecoder::harmless(hint)));
        }
        ExitCode::from(self.code)
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Unreachable { .. } => Self::unreachable(error.to_string())
                .hint("start a server here: telecoder serve; or name one: --server URL"),
            ClientError::Api { status: 401, message, hint, .. } => Self {
                code: 1,
                message,
                hint: hint.or_else(|| Some("give a token: TELECODER_TOKEN=…".to_owned())),
            },
            // 400: what was asked for cannot be, whatever the state of things.
            ClientError::Api { status: 400, message, hint, .. } => Self { code: 2, message, hint },
            ClientError::Api { message, hint, .. } => Self { code: 1, message, hint },
            ClientError::Invalid { .. } => Self::usage(error.to_string()),
            ClientError::Protocol { .. } => Self::failed(error.to_string())
                .hint("another program listens there; name your server: --server URL, or TELECODER_LISTEN"),
        }
    }
}

impl From<telecoder::PortError> for Failure {
    fn from(error: telecoder::PortError) -> Self {
        Self { code: 1, message: error.chain(), hint: error.remedy }
    }
}

impl From<telecoder::ConfigError> for Failure {
    fn from(error: telecoder::ConfigError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::failed(error.to_string())
    }
}

/// The code that tells how a session stands.
pub(crate) fn of_session(session: &Session) -> ExitCode {
    ExitCode::from(match session.status {
        Status::Error => 1,
        Status::Stopped => 4,
        Status::Waiting => WAITING,
        Status::Complete
        | Status::Pending
        | Status::Preparing
        | Status::Running
        | Status::Idle
        | Status::Hibernated => 0,
    })
}

/// Tells what clap has to say: help and version on standard output (0), errors on standard error (2).
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    drop(error.print());
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}
