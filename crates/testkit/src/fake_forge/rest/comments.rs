//! Comments on issues and pull requests (dev layer).

use super::super::call::{Answer, Call, Refusal, Reply};
use super::super::render;
use super::super::world::{Access, Comment, Issue, Repository, World};
use super::issues::bounded;
use super::{issue, page, repository, repository_mut};

pub(in super::super) fn list(world: &mut World, call: &Call) -> Answer {
    let (shown, issue) = issue(world, call)?;
    let page = page(world, call);
    Ok(call.page(issue.comments.iter().map(|comment| render::comment(page, shown, issue, comment)).collect()))
}

pub(in super::super) fn create(world: &mut World, call: &Call) -> Answer {
    let body = call.needed("IssueComment", "body")?;
    bounded("IssueComment", Some(&body))?;
    if body.trim().is_empty() {
        return Err(Refusal::new(422, "Validation Failed"));
    }
    let author = call.login()?;
    let number = issue(world, call)?.1.number;
    let id = add(world, &call.full_name(), number, &author, body).ok_or_else(Refusal::not_found)?;
    shown(world, call, id, 201)
}

/// Adds a comment and gives its id.
pub(in super::super) fn add(
    world: &mut World,
    full_name: &str,
    number: u64,
    author: &str,
    body: String,
) -> Option<u64> {
    world.user(author, "User");
    let (id, now) = (world.id(), world.now);
    let issue = world.repository_mut(full_name)?.issues.get_mut(&number)?;
    issue.comments.push(Comment { id, author: author.to_owned(), body, created: now, updated: now });
    issue.updated = now;
    Some(id)
}

fn find(shown: &Repository, id: u64) -> Option<(&Issue, &Comment)> {
    let in_issue =
        |issue| -> Option<(&Issue, &Comment)> { within(issue, id).map(|comment| (issue, comment)) };
    shown.issues.values().find_map(in_issue)
}

fn within(issue: &Issue, id: u64) -> Option<&Comment> {
    issue.comments.iter().find(|comment| comment.id == id)
}

fn shown(world: &World, call: &Call, id: u64, status: u16) -> Answer {
    let shown = repository(world, call)?;
    let (issue, comment) = find(shown, id).ok_or_else(Refusal::not_found)?;
    Ok(Reply::with(status, render::comment(page(world, call), shown, issue, comment)))
}

pub(in super::super) fn get(world: &mut World, call: &Call) -> Answer {
    shown(world, call, call.number("comment_id")?, 200)
}

/// Only its author, or who may push, changes a comment.
fn own(world: &World, call: &Call, id: u64) -> Result<(), Refusal> {
    let shown = repository(world, call)?;
    let (_, comment) = find(shown, id).ok_or_else(Refusal::not_found)?;
    let login = call.login()?;
    if comment.author == login || world.access_of(&login, shown) >= Some(Access::Write) {
        return Ok(());
    }
    Err(Refusal::forbidden("Must have admin rights to Repository."))
}

pub(in super::super) fn update(world: &mut World, call: &Call) -> Answer {
    let body = call.needed("IssueComment", "body")?;
    bounded("IssueComment", Some(&body))?;
    let id = call.number("comment_id")?;
    own(world, call, id)?;
    let now = world.now;
    let comments = repository_mut(world, call)?.issues.values_mut().flat_map(|issue| &mut issue.comments);
    for comment in comments.filter(|comment| comment.id == id) {
        comment.body.clone_from(&body);
        comment.updated = now;
    }
    shown(world, call, id, 200)
}

pub(in super::super) fn delete(world: &mut World, call: &Call) -> Answer {
    let id = call.number("comment_id")?;
    own(world, call, id)?;
    for issue in repository_mut(world, call)?.issues.values_mut() {
        issue.comments.retain(|comment| comment.id != id);
    }
    Ok(Reply::empty(204))
}
