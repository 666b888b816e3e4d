//! What each REST operation does (dev layer): one noun a file.
//!
//! Whether the caller sees the repository and has the permission is decided before; what depends on more is decided
//! here.

pub(super) mod actions;
pub(super) mod apps;
pub(super) mod checks;
pub(super) mod comments;
pub(super) mod contents;
pub(super) mod issues;
pub(super) mod pulls;
pub(super) mod refs;
pub(super) mod repositories;
pub(super) mod reviews;
pub(super) mod users;

use super::call::{Call, Refusal};
use super::render::Page;
use super::world::{Issue, Pull, Repository, World};

/// The repository of a call.
fn repository<'a>(world: &'a World, call: &Call) -> Result<&'a Repository, Refusal> {
    world.repository(&call.full_name()).ok_or_else(Refusal::not_found)
}

fn repository_mut<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Repository, Refusal> {
    world.repository_mut(&call.full_name()).ok_or_else(Refusal::not_found)
}

/// The repository and the issue (or pull request) of a call.
fn issue<'a>(world: &'a World, call: &Call) -> Result<(&'a Repository, &'a Issue), Refusal> {
    let shown = repository(world, call)?;
    let number = call.number("issue_number")?;
    shown.issues.get(&number).map(|issue| (shown, issue)).ok_or_else(Refusal::not_found)
}

fn issue_mut<'a>(world: &'a mut World, call: &Call, name: &str) -> Result<&'a mut Issue, Refusal> {
    let number = call.number(name)?;
    repository_mut(world, call)?.issues.get_mut(&number).ok_or_else(Refusal::not_found)
}

/// The repository, the issue and the pull request of a call.
fn pull<'a>(world: &'a World, call: &Call) -> Result<(&'a Repository, &'a Issue, &'a Pull), Refusal> {
    let shown = repository(world, call)?;
    let number = call.number("pull_number")?;
    let issue = shown.issues.get(&number).ok_or_else(Refusal::not_found)?;
    issue.pull.as_ref().map(|pull| (shown, issue, pull)).ok_or_else(Refusal::not_found)
}

fn page<'a>(world: &'a World, call: &'a Call) -> Page<'a> {
    Page { world, links: &call.links }
}
