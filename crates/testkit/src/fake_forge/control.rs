//! Orders to a running forge by HTTP (dev layer), for tests that start it as a program.
//!
//! `POST /_control` takes one order; `GET /_control/state`, `/requests` and `/violations` tell what a test asks for.

use super::access::Token;
use super::faults::{Fault, FaultKind};
use super::making;
use super::new::{NewIssue, NewPull, NewRepository, Workflow};
use super::serve::Shared;
use super::world::{Access, CheckResult, Verdict};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// What may be ordered; the fields are those of the library's methods.
#[derive(Debug, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case", deny_unknown_fields)]
enum Order {
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

/// The three kinds of access by name.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AccessName {
    Read,
    Write,
    Admin,
}

/// Results of checks by name.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ResultName {
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
enum VerdictName {
    Approved,
    ChangesRequested,
    Commented,
    Dismissed,
}

/// Faults by name.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FaultName {
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
    fn kind(self, seconds: Option<u64>, status: Option<u16>) -> FaultKind {
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

/// Answers a request below `/_control`.
pub(super) fn answer(shared: &Arc<Shared>, method: &str, path: &str, body: &[u8]) -> (u16, Value) {
    match (method, path) {
        ("POST", "") => match serde_json::from_slice::<Order>(body) {
            Ok(order) => match obey(shared, order) {
                Ok(value) => (200, value),
                Err(problem) => (422, json!({"message": problem})),
            },
            Err(error) => (400, json!({"message": error.to_string()})),
        },
        ("GET", "/state") => (200, state(shared)),
        ("GET", "/requests") => (200, json!(shared.lock().record.all())),
        ("GET", "/violations") => (200, json!(shared.lock().violations)),
        _ => (404, json!({"message": "POST /_control, GET /_control/state, /requests or /violations"})),
    }
}

/// Every repository with its branches and pull requests.
fn state(shared: &Arc<Shared>) -> Value {
    let names: Vec<String> =
        shared.lock().world.repositories.values().map(|found| found.full_name()).collect();
    let all = names.into_iter().map(|name| {
        let hosted = making::hosted(shared, name.clone());
        let pulls = hosted.pulls();
        let comments: BTreeMap<String, _> =
            pulls.iter().map(|pull| (pull.number.to_string(), hosted.comments(pull.number))).collect();
        (name, json!({"branches": hosted.branches(), "pulls": pulls, "comments": comments}))
    });
    Value::Object(all.collect())
}

/// Whether there is such a repository; the library's methods panic without it.
fn there(shared: &Arc<Shared>, name: &str) -> Result<super::Hosted, String> {
    match shared.lock().world.repository(name) {
        Some(_) => Ok(making::hosted(shared, name.to_owned())),
        None => Err(format!("there is no repository {name}")),
    }
}

fn pairs(files: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
    files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect()
}

fn obey(shared: &Arc<Shared>, order: Order) -> Result<Value, String> {
    match order {
        Order::AddRepository { name, files, public, folder } => {
            let mut new = NewRepository::new(&name);
            new.public = public;
            new.folder = folder.map(Into::into);
            new.files = files.into_iter().map(|(path, text)| (path, text.into_bytes())).collect();
            making::repository(&mut shared.lock().world, shared.root.path(), &new)?;
            Ok(json!({"cloneUrl": making::hosted(shared, name).clone_url()}))
        }
        Order::AddToken { login, scopes, seconds } => {
            let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
            let mut token = Token::classic(&login, &scopes);
            token.lives = seconds.map(Duration::from_secs);
            Ok(json!({"token": making::token(&mut shared.lock().world, &token)}))
        }
        Order::AddApp { slug } => {
            let app = making::app(&mut shared.lock().world, &slug)?;
            Ok(json!({"id": app.id, "clientId": app.client_id, "pem": app.pem}))
        }
        Order::Install { app, account, repositories } => {
            let id = making::install(&mut shared.lock().world, app, &account, &repositories);
            Ok(json!({"installation": id}))
        }
        Order::Expire { token } => {
            let mut state = shared.lock();
            let now = state.world.now;
            let credential = state.world.credentials.all.get_mut(&token).ok_or("there is no such token")?;
            credential.expires = Some(now);
            Ok(json!({}))
        }
        Order::Advance { seconds } => {
            shared.ahead.fetch_add(seconds, Ordering::Relaxed);
            Ok(json!({"now": shared.now()}))
        }
        Order::Fault { on, fault, times, skip, seconds, status } => {
            let fault = Fault::on(&on, fault.kind(seconds, status)).times(times.unwrap_or(1));
            shared.lock().faults.add(fault.skip(skip.unwrap_or(0)));
            Ok(json!({}))
        }
        Order::ForgetRequests => {
            shared.lock().record.clear();
            Ok(json!({}))
        }
        Order::Fork { name, owner } => {
            let mut state = shared.lock();
            let fork = making::fork(&mut state.world, shared.root.path(), &name, &owner)?;
            Ok(json!({"name": fork}))
        }
        other => {
            let shared = Arc::clone(shared);
            // The library's methods panic where a test names what is not there; an order gets an answer.
            let done =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| on_repository(&shared, other)));
            done.unwrap_or_else(|_| Err("what the order names is not there".to_owned()))
        }
    }
}

fn on_repository(shared: &Arc<Shared>, order: Order) -> Result<Value, String> {
    let of = |name: &str| there(shared, name);
    let number = |number: u64| Ok(json!({"number": number}));
    match order {
        Order::Grant { name, login, access } => drop(of(&name)?.grant(&login, access.into())),
        Order::Protect { name, branch } => drop(of(&name)?.protect(&branch)),
        Order::Archive { name } => drop(of(&name)?.archive()),
        Order::Unarchive { name } => drop(of(&name)?.unarchive()),
        Order::DeleteBranch { name, branch } => drop(of(&name)?.delete_branch(&branch)),
        Order::Close { name, number } => drop(of(&name)?.close(number)),
        Order::Commit { name, branch, files, subject } => {
            return Ok(json!({"commit": of(&name)?.commit(&branch, &pairs(&files), &subject)}));
        }
        Order::Merge { name, number } => return Ok(json!({"commit": of(&name)?.merge(number)})),
        Order::AddIssue { name, title, body, author } => {
            let issue = NewIssue { author, ..NewIssue::new(&title, &body) };
            return number(of(&name)?.add_issue(issue));
        }
        Order::AddPull { name, title, head, base, body, author } => {
            let new = NewPull::new(&title, &head, &base).body(&body.unwrap_or_default());
            return number(of(&name)?.add_pull(NewPull { author, ..new }));
        }
        Order::AddComment { name, number: at, login, body } => {
            return Ok(json!({"id": of(&name)?.add_comment(at, &login, &body)}));
        }
        Order::Review { name, number, login, verdict, body } => {
            return Ok(json!({"id": of(&name)?.review(number, &login, verdict.into(), &body)}));
        }
        Order::ReviewComment { name, number, login, path, line, body } => {
            return Ok(json!({"id": of(&name)?.review_comment(number, &login, &path, line, &body)}));
        }
        Order::Check { name, commit, check, result } => {
            return Ok(json!({"id": of(&name)?.check(&commit, &check, result.into())}));
        }
        Order::WorkflowRun { name, commit, workflow, job, result, log } => {
            let run = Workflow::new(&commit, &workflow).job(&job, result.into(), &log);
            return Ok(json!({"id": of(&name)?.workflow_run(run)}));
        }
        Order::AddRepository { .. }
        | Order::Fork { .. }
        | Order::AddToken { .. }
        | Order::AddApp { .. }
        | Order::Install { .. }
        | Order::Expire { .. }
        | Order::Advance { .. }
        | Order::Fault { .. }
        | Order::ForgetRequests => return Err("not an order about a repository".to_owned()),
    }
    Ok(json!({}))
}
