//! Issues and labels (dev layer). A pull request is an issue too.

use super::super::call::{Answer, Call, Refusal, Reply, strings};
use super::super::render;
use super::super::world::{Issue, Repository, World};
use super::{issue, issue_mut, page, repository, repository_mut};
use serde_json::{Value, json};

/// The longest body of an issue, a pull request or a comment, in characters.
const LONGEST_BODY: usize = 65_536;

pub(in super::super) fn get(world: &mut World, call: &Call) -> Answer {
    let (shown, issue) = issue(world, call)?;
    Ok(Reply::ok(render::issue(page(world, call), shown, issue)))
}

pub(in super::super) fn list(world: &mut World, call: &Call) -> Answer {
    let shown = repository(world, call)?;
    let state = call.asked("state").unwrap_or("open");
    let labels: Vec<&str> =
        call.asked("labels").unwrap_or_default().split(',').filter(|l| !l.is_empty()).collect();
    let wanted = |issue: &&Issue| {
        (state == "all" || issue.open == (state == "open"))
            && labels.iter().all(|label| issue.labels.iter().any(|has| has == label))
    };
    let all = shown.issues.values().rev().filter(wanted);
    Ok(call.page(all.map(|issue| render::issue(page(world, call), shown, issue)).collect()))
}

/// Refuses a body that is too long.
pub(super) fn bounded(resource: &str, body: Option<&str>) -> Result<(), Refusal> {
    if body.is_some_and(|body| body.chars().count() > LONGEST_BODY) {
        let message = format!("body is too long (maximum is {LONGEST_BODY} characters)");
        return Err(Refusal::custom(resource, &message));
    }
    Ok(())
}

pub(in super::super) fn create(world: &mut World, call: &Call) -> Answer {
    let title = call.needed("Issue", "title")?;
    bounded("Issue", call.text("body"))?;
    let author = call.login()?;
    let labels = call.texts("labels");
    let full = call.full_name();
    let body = call.text("body").map(ToOwned::to_owned);
    let number = add(world, &full, &author, title, body).ok_or_else(Refusal::not_found)?;
    label_all(world, call, number, &labels)?;
    let shown = repository(world, call)?;
    let issue = shown.issues.get(&number).ok_or_else(Refusal::not_found)?;
    Ok(Reply::with(201, render::issue(page(world, call), shown, issue)))
}

/// Opens an issue and gives its number.
pub(in super::super) fn add(
    world: &mut World,
    full_name: &str,
    author: &str,
    title: String,
    body: Option<String>,
) -> Option<u64> {
    world.user(author, "User");
    let (id, now) = (world.id(), world.now);
    let shown = world.repository_mut(full_name)?;
    let number = shown.issues.keys().max().copied().unwrap_or(0) + 1;
    let issue = Issue {
        id,
        number,
        title,
        body,
        author: author.to_owned(),
        open: true,
        labels: Vec::new(),
        comments: Vec::new(),
        created: now,
        updated: now,
        closed: None,
        pull: None,
    };
    shown.issues.insert(number, issue);
    Some(number)
}

pub(in super::super) fn update(world: &mut World, call: &Call) -> Answer {
    bounded("Issue", call.text("body"))?;
    let now = world.now;
    let found = issue_mut(world, call, "issue_number")?;
    change(found, call, now);
    let number = found.number;
    if call.body.get("labels").is_some() {
        let labels = call.texts("labels");
        issue_mut(world, call, "issue_number")?.labels.clear();
        label_all(world, call, number, &labels)?;
    }
    get(world, call)
}

/// Takes title, body and state of a call.
pub(super) fn change(issue: &mut Issue, call: &Call, now: u64) {
    if let Some(title) = call.text("title") {
        title.clone_into(&mut issue.title);
    }
    if let Some(body) = call.body.get("body") {
        issue.body = body.as_str().map(ToOwned::to_owned);
    }
    match call.text("state") {
        Some("closed") if issue.open => (issue.open, issue.closed) = (false, Some(now)),
        Some("open") => (issue.open, issue.closed) = (true, None),
        Some(_) | None => {}
    }
    issue.updated = now;
}

fn label_all(world: &mut World, call: &Call, number: u64, labels: &[String]) -> Result<(), Refusal> {
    let pushes = call.login().ok().zip(repository(world, call).ok()).is_some_and(|(login, shown)| {
        world.access_of(&login, shown) >= Some(super::super::world::Access::Write)
    });
    // GitHub drops labels silently where the author may not push.
    if !pushes {
        return Ok(());
    }
    for label in labels {
        let id = world.id();
        let shown = repository_mut(world, call)?;
        shown.labels.entry(label.clone()).or_insert(id);
        let issue = shown.issues.get_mut(&number).ok_or_else(Refusal::not_found)?;
        if !issue.labels.contains(label) {
            issue.labels.push(label.clone());
        }
    }
    Ok(())
}

fn labels_of(world: &World, call: &Call, shown: &Repository, issue: &Issue) -> Vec<Value> {
    issue.labels.iter().map(|name| render::label(page(world, call), shown, name)).collect()
}

pub(in super::super) fn labels(world: &mut World, call: &Call) -> Answer {
    let (shown, issue) = issue(world, call)?;
    Ok(call.page(labels_of(world, call, shown, issue)))
}

pub(in super::super) fn add_labels(world: &mut World, call: &Call) -> Answer {
    let number = issue(world, call)?.1.number;
    let labels = if call.body.is_array() { strings(Some(&call.body)) } else { call.texts("labels") };
    if labels.is_empty() {
        return Err(Refusal::missing("Label", "labels"));
    }
    label_all(world, call, number, &labels)?;
    let (shown, issue) = issue(world, call)?;
    Ok(Reply::ok(Value::Array(labels_of(world, call, shown, issue))))
}

pub(in super::super) fn remove_label(world: &mut World, call: &Call) -> Answer {
    let name = call.part("name").to_owned();
    let found = issue_mut(world, call, "issue_number")?;
    if !found.labels.contains(&name) {
        return Err(Refusal::new(404, "Label does not exist"));
    }
    found.labels.retain(|label| *label != name);
    let (shown, issue) = issue(world, call)?;
    Ok(Reply::ok(json!(labels_of(world, call, shown, issue))))
}
