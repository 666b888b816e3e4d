//! Orders to a running forge by HTTP (dev layer), for tests that start it as a program.
//!
//! `POST /_control` takes one order; `GET /_control/state`, `/requests` and `/violations` tell what a test asks for.

use super::access::Token;
use super::faults::Fault;
use super::making;
use super::new::{NewIssue, NewPull, NewRepository, Workflow};
use super::order::{ForgeOrder, Order, RepositoryOrder};
use super::serve::Shared;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Answers a request below `/_control`.
pub(super) fn answer(shared: &Arc<Shared>, method: &str, path: &str, body: &[u8]) -> (u16, Value) {
    match (method, path) {
        ("POST", "") => match Order::read(body) {
            Ok(order) => match obey(shared, order) {
                Ok(value) => (200, value),
                Err(problem) => (422, json!({"message": problem})),
            },
            Err(problem) => (400, json!({"message": problem})),
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
        Order::Forge(order) => on_forge(shared, order),
        Order::Repository(order) => {
            // The library's methods panic where a test names what is not there; an order gets an answer.
            let obeying = std::panic::AssertUnwindSafe(|| on_repository(shared, order));
            let done = std::panic::catch_unwind(obeying);
            done.unwrap_or_else(|_| Err("what the order names is not there".to_owned()))
        }
    }
}

fn on_forge(shared: &Arc<Shared>, order: ForgeOrder) -> Result<Value, String> {
    match order {
        ForgeOrder::AddRepository { name, files, public, folder } => {
            let mut new = NewRepository::new(&name);
            new.public = public;
            new.folder = folder.map(Into::into);
            new.files = files.into_iter().map(|(path, text)| (path, text.into_bytes())).collect();
            making::repository(&mut shared.lock().world, shared.root.path(), &new)?;
            Ok(json!({"cloneUrl": making::hosted(shared, name).clone_url()}))
        }
        ForgeOrder::AddToken { login, scopes, seconds } => {
            let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
            let mut token = Token::classic(&login, &scopes);
            token.lives = seconds.map(Duration::from_secs);
            Ok(json!({"token": making::token(&mut shared.lock().world, &token)}))
        }
        ForgeOrder::AddApp { slug } => {
            let app = making::app(&mut shared.lock().world, &slug)?;
            Ok(json!({"id": app.id, "clientId": app.client_id, "pem": app.pem}))
        }
        ForgeOrder::Install { app, account, repositories } => {
            let id = making::install(&mut shared.lock().world, app, &account, &repositories);
            Ok(json!({"installation": id}))
        }
        ForgeOrder::Expire { token } => {
            let mut state = shared.lock();
            let now = state.world.now;
            let credential = state.world.credentials.all.get_mut(&token).ok_or("there is no such token")?;
            credential.expires = Some(now);
            Ok(json!({}))
        }
        ForgeOrder::Advance { seconds } => {
            shared.ahead.fetch_add(seconds, Ordering::Relaxed);
            Ok(json!({"now": shared.now()}))
        }
        ForgeOrder::Fault { on, fault, times, skip, seconds, status } => {
            let fault = Fault::on(&on, fault.kind(seconds, status)).times(times.unwrap_or(1));
            shared.lock().faults.add(fault.skip(skip.unwrap_or(0)));
            Ok(json!({}))
        }
        ForgeOrder::ForgetRequests => {
            shared.lock().record.clear();
            Ok(json!({}))
        }
        ForgeOrder::Fork { name, owner } => {
            let mut state = shared.lock();
            let fork = making::fork(&mut state.world, shared.root.path(), &name, &owner)?;
            Ok(json!({"name": fork}))
        }
    }
}

fn on_repository(shared: &Arc<Shared>, order: RepositoryOrder) -> Result<Value, String> {
    let of = |name: &str| there(shared, name);
    let number = |number: u64| Ok(json!({"number": number}));
    match order {
        RepositoryOrder::Grant { name, login, access } => drop(of(&name)?.grant(&login, access.into())),
        RepositoryOrder::Protect { name, branch } => drop(of(&name)?.protect(&branch)),
        RepositoryOrder::Archive { name } => drop(of(&name)?.archive()),
        RepositoryOrder::Unarchive { name } => drop(of(&name)?.unarchive()),
        RepositoryOrder::DeleteBranch { name, branch } => drop(of(&name)?.delete_branch(&branch)),
        RepositoryOrder::Close { name, number } => drop(of(&name)?.close(number)),
        RepositoryOrder::Commit { name, branch, files, subject } => {
            return Ok(json!({"commit": of(&name)?.commit(&branch, &pairs(&files), &subject)}));
        }
        RepositoryOrder::Merge { name, number } => return Ok(json!({"commit": of(&name)?.merge(number)})),
        RepositoryOrder::AddIssue { name, title, body, author } => {
            let issue = NewIssue { author, ..NewIssue::new(&title, &body) };
            return number(of(&name)?.add_issue(issue));
        }
        RepositoryOrder::AddPull { name, title, head, base, body, author } => {
            let new = NewPull::new(&title, &head, &base).body(&body.unwrap_or_default());
            return number(of(&name)?.add_pull(NewPull { author, ..new }));
        }
        RepositoryOrder::AddComment { name, number: at, login, body } => {
            return Ok(json!({"id": of(&name)?.add_comment(at, &login, &body)}));
        }
        RepositoryOrder::Review { name, number, login, verdict, body } => {
            return Ok(json!({"id": of(&name)?.review(number, &login, verdict.into(), &body)}));
        }
        RepositoryOrder::ReviewComment { name, number, login, path, line, body } => {
            return Ok(json!({"id": of(&name)?.review_comment(number, &login, &path, line, &body)}));
        }
        RepositoryOrder::Check { name, commit, check, result } => {
            return Ok(json!({"id": of(&name)?.check(&commit, &check, result.into())}));
        }
        RepositoryOrder::WorkflowRun { name, commit, workflow, job, result, log } => {
            let run = Workflow::new(&commit, &workflow).job(&job, result.into(), &log);
            return Ok(json!({"id": of(&name)?.workflow_run(run)}));
        }
    }
    Ok(json!({}))
}
