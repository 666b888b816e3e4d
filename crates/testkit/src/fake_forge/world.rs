//! What the fake forge holds (dev layer): users, repositories, issues, pull requests, checks, runs.
//!
//! Invariants: it is a value (a copy of it is the forge of an earlier moment, which stale reads answer from); git's
//! refs are copied into it whenever something may have moved them; identifiers grow and are never used again.

use super::access::Credentials;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// What a login may do with a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// See it.
    Read,
    /// Push to it.
    Write,
    /// Everything.
    Admin,
}

/// What came of a check, a status or a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckResult {
    /// Not begun.
    Queued,
    /// At work.
    InProgress,
    /// Passed.
    Success,
    /// Failed.
    Failure,
    /// Somebody ended it.
    Cancelled,
    /// Not run.
    Skipped,
    /// Neither passed nor failed.
    Neutral,
    /// Took too long.
    TimedOut,
    /// Waits for a person.
    ActionRequired,
}

impl CheckResult {
    /// GitHub's `status` of it.
    pub(super) fn status(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::InProgress => "in_progress",
            Self::Success
            | Self::Failure
            | Self::Cancelled
            | Self::Skipped
            | Self::Neutral
            | Self::TimedOut
            | Self::ActionRequired => "completed",
        }
    }

    /// GitHub's `conclusion` of it.
    pub(super) fn conclusion(self) -> Option<&'static str> {
        match self {
            Self::Queued | Self::InProgress => None,
            Self::Success => Some("success"),
            Self::Failure => Some("failure"),
            Self::Cancelled => Some("cancelled"),
            Self::Skipped => Some("skipped"),
            Self::Neutral => Some("neutral"),
            Self::TimedOut => Some("timed_out"),
            Self::ActionRequired => Some("action_required"),
        }
    }

    /// The `state` of a commit status.
    pub(super) fn state(self) -> &'static str {
        match self {
            Self::Queued | Self::InProgress | Self::ActionRequired => "pending",
            Self::Success | Self::Skipped | Self::Neutral => "success",
            Self::Failure => "failure",
            Self::Cancelled | Self::TimedOut => "error",
        }
    }
}

/// What a reviewer thinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// `APPROVED`.
    Approved,
    /// `CHANGES_REQUESTED`.
    ChangesRequested,
    /// `COMMENTED`.
    Commented,
    /// `DISMISSED`.
    Dismissed,
}

impl Verdict {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Approved => "APPROVED",
            Self::ChangesRequested => "CHANGES_REQUESTED",
            Self::Commented => "COMMENTED",
            Self::Dismissed => "DISMISSED",
        }
    }
}

/// A user, an organisation or the bot of an App.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) id: u64,
    pub(super) login: String,
    /// `User`, `Organization` or `Bot`.
    pub(super) kind: &'static str,
}

#[derive(Debug, Clone)]
pub(super) struct Comment {
    pub(super) id: u64,
    pub(super) author: String,
    pub(super) body: String,
    pub(super) created: u64,
    pub(super) updated: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Review {
    pub(super) id: u64,
    pub(super) author: String,
    pub(super) verdict: Verdict,
    pub(super) body: String,
    pub(super) commit: String,
    pub(super) at: u64,
}

#[derive(Debug, Clone)]
pub(super) struct ReviewComment {
    pub(super) id: u64,
    pub(super) review: u64,
    pub(super) author: String,
    pub(super) body: String,
    pub(super) path: String,
    pub(super) line: Option<u64>,
    pub(super) commit: String,
    pub(super) reply_to: Option<u64>,
    pub(super) at: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Merged {
    pub(super) by: String,
    pub(super) at: u64,
    pub(super) commit: String,
}

/// What makes an issue a pull request.
#[derive(Debug, Clone)]
pub(super) struct Pull {
    pub(super) id: u64,
    /// The repository of the head, `owner/name`.
    pub(super) head_repository: String,
    pub(super) head: String,
    pub(super) head_commit: String,
    pub(super) base: String,
    pub(super) base_commit: String,
    pub(super) draft: bool,
    pub(super) merged: Option<Merged>,
    /// For so many looks GitHub has not found out whether it can be merged.
    pub(super) unknown: u64,
    pub(super) reviewers: Vec<String>,
    pub(super) reviews: Vec<Review>,
    pub(super) comments: Vec<ReviewComment>,
}

/// An issue or a pull request.
#[derive(Debug, Clone)]
pub(super) struct Issue {
    pub(super) id: u64,
    pub(super) number: u64,
    pub(super) title: String,
    pub(super) body: Option<String>,
    pub(super) author: String,
    pub(super) open: bool,
    pub(super) labels: Vec<String>,
    pub(super) comments: Vec<Comment>,
    pub(super) created: u64,
    pub(super) updated: u64,
    pub(super) closed: Option<u64>,
    pub(super) pull: Option<Pull>,
}

#[derive(Debug, Clone)]
pub(super) struct Check {
    pub(super) id: u64,
    pub(super) commit: String,
    pub(super) name: String,
    pub(super) result: CheckResult,
    pub(super) at: u64,
    /// The job of a workflow run that made it.
    pub(super) job: Option<u64>,
}

#[derive(Debug, Clone)]
pub(super) struct Status {
    pub(super) id: u64,
    pub(super) commit: String,
    pub(super) context: String,
    pub(super) result: CheckResult,
    pub(super) at: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) result: CheckResult,
    pub(super) log: String,
}

#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) id: u64,
    pub(super) number: u64,
    pub(super) name: String,
    pub(super) commit: String,
    pub(super) branch: Option<String>,
    pub(super) at: u64,
    pub(super) jobs: Vec<Job>,
}

impl Run {
    /// What came of all jobs together.
    pub(super) fn result(&self) -> CheckResult {
        let has = |wanted: &[CheckResult]| self.jobs.iter().any(|job| wanted.contains(&job.result));
        if has(&[CheckResult::InProgress]) {
            CheckResult::InProgress
        } else if has(&[CheckResult::Queued]) {
            CheckResult::Queued
        } else if has(&[CheckResult::Failure, CheckResult::TimedOut]) {
            CheckResult::Failure
        } else if has(&[CheckResult::Cancelled]) {
            CheckResult::Cancelled
        } else {
            CheckResult::Success
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Repository {
    pub(super) id: u64,
    pub(super) owner: String,
    pub(super) name: String,
    pub(super) private: bool,
    pub(super) archived: bool,
    pub(super) default_branch: String,
    pub(super) protected: BTreeSet<String>,
    /// Beyond the owner, who is an administrator.
    pub(super) access: BTreeMap<String, Access>,
    /// The bare repository on disk.
    pub(super) folder: PathBuf,
    /// Full names of refs and their commits, as git had them when last looked at.
    pub(super) refs: BTreeMap<String, String>,
    pub(super) fork_of: Option<String>,
    pub(super) issues: BTreeMap<u64, Issue>,
    /// Labels and their ids.
    pub(super) labels: BTreeMap<String, u64>,
    pub(super) checks: Vec<Check>,
    pub(super) statuses: Vec<Status>,
    pub(super) runs: Vec<Run>,
    pub(super) created: u64,
    pub(super) pushed: u64,
}

impl Repository {
    pub(super) fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// The commit of a branch.
    pub(super) fn head(&self, branch: &str) -> Option<&String> {
        self.refs.get(&format!("refs/heads/{branch}"))
    }

    /// A commit by branch, tag, full ref or id.
    pub(super) fn resolve(&self, name: &str) -> Option<String> {
        ["", "refs/", "refs/heads/", "refs/tags/"]
            .iter()
            .find_map(|prefix| self.refs.get(&format!("{prefix}{name}")).cloned())
            .or_else(|| super::hosting::commit_of(&self.folder, name))
    }

    pub(super) fn branches(&self) -> impl Iterator<Item = (&str, &String)> {
        self.refs.iter().filter_map(|(name, commit)| Some((name.strip_prefix("refs/heads/")?, commit)))
    }
}

#[derive(Debug, Clone)]
pub(super) struct AppRecord {
    pub(super) id: u64,
    pub(super) slug: String,
    pub(super) client_id: String,
    pub(super) owner: String,
    /// PKCS#1 DER of the public half.
    pub(super) public_key: Vec<u8>,
}

#[derive(Debug, Clone)]
pub(super) struct Installation {
    pub(super) id: u64,
    pub(super) app: u64,
    pub(super) account: String,
    /// `owner/name`; empty means every repository of the account.
    pub(super) repositories: Vec<String>,
    /// Permission and level: `read` or `write`.
    pub(super) permissions: BTreeMap<String, String>,
    pub(super) created: u64,
}

impl Installation {
    pub(super) fn covers(&self, repository: &Repository) -> bool {
        repository.owner == self.account
            && (self.repositories.is_empty() || self.repositories.contains(&repository.full_name()))
    }
}

/// Everything.
#[derive(Debug, Clone, Default)]
pub(super) struct World {
    /// The forge's clock, in seconds since 1970, as of the call at hand.
    pub(super) now: u64,
    pub(super) users: BTreeMap<String, User>,
    /// By `owner/name` in small letters.
    pub(super) repositories: BTreeMap<String, Repository>,
    pub(super) credentials: Credentials,
    pub(super) apps: Vec<AppRecord>,
    pub(super) installations: Vec<Installation>,
    last_id: u64,
}

impl World {
    /// The next identifier.
    pub(super) fn id(&mut self) -> u64 {
        self.last_id = self.last_id.saturating_add(1);
        // Far from small numbers, so that an id taken for a number is found out.
        self.last_id.saturating_add(1_000_000)
    }

    /// Makes sure that there is such a user.
    pub(super) fn user(&mut self, login: &str, kind: &'static str) -> User {
        if let Some(user) = self.users.get(login) {
            return user.clone();
        }
        let user = User { id: self.id(), login: login.to_owned(), kind };
        self.users.insert(login.to_owned(), user.clone());
        user
    }

    pub(super) fn repository(&self, full_name: &str) -> Option<&Repository> {
        self.repositories.get(&full_name.to_ascii_lowercase())
    }

    pub(super) fn repository_mut(&mut self, full_name: &str) -> Option<&mut Repository> {
        self.repositories.get_mut(&full_name.to_ascii_lowercase())
    }

    /// What a login may do with a repository by itself, credentials aside.
    pub(super) fn access_of(&self, login: &str, repository: &Repository) -> Option<Access> {
        if login == repository.owner {
            return Some(Access::Admin);
        }
        let bot = login.strip_suffix("[bot]").and_then(|slug| self.apps.iter().find(|app| app.slug == slug));
        let installed = |app: &AppRecord| {
            self.installations.iter().any(|found| found.app == app.id && found.covers(repository))
        };
        if bot.is_some_and(installed) {
            return Some(Access::Write);
        }
        let granted = repository.access.get(login).copied();
        granted.or((!repository.private).then_some(Access::Read))
    }

    /// GitHub's word for how close an author is to a repository.
    pub(super) fn association(&self, login: &str, repository: &Repository) -> &'static str {
        if login == repository.owner {
            return "OWNER";
        }
        match repository.access.get(login) {
            Some(_) => "COLLABORATOR",
            None => "NONE",
        }
    }
}
