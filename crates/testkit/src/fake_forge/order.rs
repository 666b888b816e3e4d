//! Orders to a running forge, as they come in JSON (dev layer).
//!
//! An order is `{"order": NAME, …}`; its fields are those of the library's methods.

use super::faults::FaultKind;
use super::world::{Access, CheckResult, Verdict};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// An order.
#[derive(Debug)]
pub(super) enum Order {
    Forge(ForgeOrder),
    Repository(RepositoryOrder),
}

impl Order {
    /// Reads one; the error says what is wrong with it.
    pub(super) fn read(text: &[u8]) -> Result<Self, String> {
        let first = match serde_json::from_slice::<ForgeOrder>(text) {
            Ok(order) => return Ok(Self::Forge(order)),
            Err(error) => error.to_string(),
        };
        match serde_json::from_slice::<RepositoryOrder>(text) {
            Ok(order) => Ok(Self::Repository(order)),
            Err(error) if first.starts_with("unknown variant") => Err(error.to_string()),
            Err(_) => Err(first),
        }
    }
}

/// What may be ordered of the forge.
#[derive(Debug, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum ForgeOrder {
    AddRepository {
        name: String,
        #[serde(default)]
        files: BTreeMap<String, String>,
        #[serde(default)]
        public: bool,
        folder: Option<String>,
    },
    Fork {
        name: String,
        owner: String,
    },
    AddToken {
        login: String,
        scopes: Vec<String>,
        seconds: Option<u64>,
    },
    AddApp {
        slug: String,
    },
    Install {
        app: u64,
        account: String,
        #[serde(default)]
        repositories: Vec<String>,
    },
    Expire {
        token: String,
    },
    Advance {
        seconds: u64,
    },
    Fault {
        on: String,
        fault: FaultName,
        times: Option<u64>,
        skip: Option<u64>,
        seconds: Option<u64>,
        status: Option<u16>,
    },
    ForgetRequests,
}

/// What may be ordered of a repository that is there, `name`.
#[derive(Debug, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum RepositoryOrder {
    Grant {
        name: String,
        login: String,
        access: AccessName,
    },
    Protect {
        name: String,
        branch: String,
    },
    Archive {
        name: String,
    },
    Unarchive {
        name: String,
    },
    DeleteBranch {
        name: String,
        branch: String,
    },
    Commit {
        name: String,
        branch: String,
        files: BTreeMap<String, String>,
        subject: String,
    },
    AddIssue {
        name: String,
        title: String,
        body: String,
        author: Option<String>,
    },
    AddPull {
        name: String,
        title: String,
        head: String,
        base: String,
        body: Option<String>,
        author: Option<String>,
    },
    AddComment {
        name: String,
        number: u64,
        login: String,
        body: String,
    },
    Merge {
        name: String,
        number: u64,
    },
    Close {
        name: String,
        number: u64,
    },
    Review {
        name: String,
        number: u64,
        login: String,
        verdict: VerdictName,
        body: String,
    },
    ReviewComment {
        name: String,
        number: u64,
        login: String,
        path: String,
        line: Option<u64>,
        body: String,
    },
    Check {
        name: String,
        commit: String,
        check: String,
        result: ResultName,
    },
    WorkflowRun {
        name: String,
        commit: String,
        workflow: String,
        job: String,
        result: ResultName,
        log: String,
    },
}

/// The three kinds of access by name.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AccessName {
    Read,
    Write,
    Admin,
}

/// Results of checks by name.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ResultName {
    Queued,
    InProgress,
    Success,
    Failure,
    Cancelled,
    Skipped,
    Neutral,
    TimedOut,
    ActionRequired,
}

/// Verdicts by name.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum VerdictName {
    Approved,
    ChangesRequested,
    Commented,
    Dismissed,
}

/// Faults by name.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FaultName {
    DropBefore,
    DropAfter,
    FailBefore,
    FailAfter,
    RateLimited,
    SecondaryLimited,
    Slow,
    Truncated,
    Stale,
}

impl From<AccessName> for Access {
    fn from(name: AccessName) -> Self {
        match name {
            AccessName::Read => Self::Read,
            AccessName::Write => Self::Write,
            AccessName::Admin => Self::Admin,
        }
    }
}

impl From<ResultName> for CheckResult {
    fn from(name: ResultName) -> Self {
        match name {
            ResultName::Queued => Self::Queued,
            ResultName::InProgress => Self::InProgress,
            ResultName::Success => Self::Success,
            ResultName::Failure => Self::Failure,
            ResultName::Cancelled => Self::Cancelled,
            ResultName::Skipped => Self::Skipped,
            ResultName::Neutral => Self::Neutral,
            ResultName::TimedOut => Self::TimedOut,
            ResultName::ActionRequired => Self::ActionRequired,
        }
    }
}

impl From<VerdictName> for Verdict {
    fn from(name: VerdictName) -> Self {
        match name {
            VerdictName::Approved => Self::Approved,
            VerdictName::ChangesRequested => Self::ChangesRequested,
            VerdictName::Commented => Self::Commented,
            VerdictName::Dismissed => Self::Dismissed,
        }
    }
}

impl FaultName {
    pub(super) fn kind(self, seconds: Option<u64>, status: Option<u16>) -> FaultKind {
        let seconds = seconds.unwrap_or(1);
        let status = status.unwrap_or(500);
        match self {
            Self::DropBefore => FaultKind::DropBefore,
            Self::DropAfter => FaultKind::DropAfter,
            Self::FailBefore => FaultKind::FailBefore(status),
            Self::FailAfter => FaultKind::FailAfter(status),
            Self::RateLimited => FaultKind::RateLimited { seconds },
            Self::SecondaryLimited => FaultKind::SecondaryLimited { seconds },
            Self::Slow => FaultKind::Slow(Duration::from_secs(seconds)),
            Self::Truncated => FaultKind::Truncated,
            Self::Stale => FaultKind::Stale,
        }
    }
}
