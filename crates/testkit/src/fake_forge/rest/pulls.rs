//! Pull requests (dev layer).

use super::super::call::{Answer, Call, Refusal, Reply};
use super::super::hosting;
use super::super::render;
use super::super::world::{Access, Issue, Merged, Pull, Repository, World};
use super::issues::{self, bounded, change};
use super::{issue_mut, page, pull, repository};
use serde_json::{Value, json};

fn shown(world: &World, call: &Call, number: u64, status: u16) -> Answer {
    let shown = repository(world, call)?;
    let issue = shown.issues.get(&number).ok_or_else(Refusal::not_found)?;
    let pull = issue.pull.as_ref().ok_or_else(Refusal::not_found)?;
    Ok(Reply::with(status, render::pull(page(world, call), shown, issue, pull, true)))
}

pub(in super::super) fn get(world: &mut World, call: &Call) -> Answer {
    let told = shown(world, call, call.number("pull_number")?, 200);
    if let Some(pull) = &mut issue_mut(world, call, "pull_number")?.pull {
        pull.unknown = pull.unknown.saturating_sub(1);
    }
    told
}

pub(in super::super) fn list(world: &mut World, call: &Call) -> Answer {
    let shown = repository(world, call)?;
    let state = call.asked("state").unwrap_or("open");
    // GitHub ignores a head that names no owner: then every pull request is listed.
    let head = call.asked("head").filter(|head| head.contains(':'));
    let base = call.asked("base");
    let wanted = |(issue, pull): &(&Issue, &Pull)| {
        (state == "all" || issue.open == (state == "open"))
            && head.is_none_or(|head| *head == label(pull))
            && base.is_none_or(|base| base == pull.base)
    };
    let pulls = shown.issues.values().filter_map(|issue| Some((issue, issue.pull.as_ref()?)));
    let page = page(world, call);
    let mut all: Vec<Value> =
        pulls.filter(wanted).map(|(issue, pull)| render::pull(page, shown, issue, pull, false)).collect();
    let newest_first = match call.asked("direction") {
        Some(direction) => direction == "desc",
        None => call.asked("sort").is_none_or(|sort| sort == "created"),
    };
    if newest_first {
        all.reverse();
    }
    Ok(call.page(all))
}

/// `owner:branch` of a head.
pub(in super::super) fn label(pull: &Pull) -> String {
    let owner = pull.head_repository.split('/').next().unwrap_or_default();
    format!("{owner}:{}", pull.head)
}

/// The repository and the branch that `branch` or `owner:branch` names, seen from the base's repository.
fn head_of<'a>(world: &'a World, base: &'a Repository, name: &'a str) -> Option<(&'a Repository, &'a str)> {
    let Some((owner, branch)) = name.split_once(':') else {
        return Some((base, name));
    };
    let family = base.fork_of.clone().unwrap_or_else(|| base.full_name());
    let related = |other: &&Repository| {
        other.owner == owner && (other.full_name() == family || other.fork_of.as_ref() == Some(&family))
    };
    world.repositories.values().find(related).map(|head| (head, branch))
}

/// What a pull request is opened with.
pub(in super::super) struct Opening {
    pub(in super::super) title: String,
    pub(in super::super) body: Option<String>,
    pub(in super::super) head: String,
    pub(in super::super) base: String,
    pub(in super::super) author: String,
    pub(in super::super) draft: bool,
}

/// Opens a pull request and gives its number; refuses as GitHub does.
pub(in super::super) fn add(world: &mut World, full_name: &str, opening: Opening) -> Result<u64, Refusal> {
    let shown = world.repository(full_name).ok_or_else(Refusal::not_found)?;
    let invalid = |field: &str| Refusal::field("PullRequest", field);
    let base_commit = shown.head(&opening.base).cloned().ok_or_else(|| invalid("base"))?;
    let (head, branch) = head_of(world, shown, &opening.head).ok_or_else(|| invalid("head"))?;
    let head_commit = head.head(branch).cloned().ok_or_else(|| invalid("head"))?;
    let ahead = hosting::git(&head.folder, &["merge-base", "--is-ancestor", &head_commit, &base_commit]);
    if head_commit == base_commit || ahead.is_ok() {
        let message = format!("No commits between {} and {}", opening.base, opening.head);
        return Err(Refusal::custom("PullRequest", &message));
    }
    let pull = Pull {
        id: 0,
        head_repository: head.full_name(),
        head: branch.to_owned(),
        head_commit,
        base: opening.base.clone(),
        base_commit,
        draft: opening.draft,
        merged: None,
        unknown: 0,
        reviewers: Vec::new(),
        reviews: Vec::new(),
        comments: Vec::new(),
    };
    let same = |issue: &Issue| {
        let other = issue.pull.as_ref().filter(|_| issue.open);
        other.is_some_and(|other| label(other) == label(&pull) && other.base == pull.base)
    };
    if shown.issues.values().any(same) {
        let message = format!("A pull request already exists for {}.", label(&pull));
        return Err(Refusal::custom("PullRequest", &message));
    }
    let pull = Pull { id: world.id(), ..pull };
    let added = issues::add(world, full_name, &opening.author, opening.title, opening.body);
    let number = added.ok_or_else(Refusal::not_found)?;
    if let Some(issue) = world.repository_mut(full_name).and_then(|shown| shown.issues.get_mut(&number)) {
        issue.pull = Some(pull);
    }
    hosting::publish_pull_refs(world);
    Ok(number)
}

pub(in super::super) fn create(world: &mut World, call: &Call) -> Answer {
    let text = |name: &str| call.needed("PullRequest", name);
    bounded("PullRequest", call.text("body"))?;
    let opening = Opening {
        title: text("title")?,
        body: call.text("body").map(ToOwned::to_owned),
        head: text("head")?,
        base: text("base")?,
        author: call.login()?,
        draft: call.flag("draft"),
    };
    let number = add(world, &call.full_name(), opening)?;
    shown(world, call, number, 201)
}

/// Only its author, or who may push, changes a pull request.
fn may_change(world: &World, call: &Call) -> Result<(), Refusal> {
    let (shown, issue, _) = pull(world, call)?;
    let login = call.login()?;
    if issue.author == login || world.access_of(&login, shown) >= Some(Access::Write) {
        return Ok(());
    }
    Err(Refusal::forbidden("Must have admin rights to Repository."))
}

pub(in super::super) fn update(world: &mut World, call: &Call) -> Answer {
    may_change(world, call)?;
    bounded("PullRequest", call.text("body"))?;
    let (shown_in, issue, found) = pull(world, call)?;
    let number = issue.number;
    let reopened = call.text("state") == Some("open") && !issue.open;
    if reopened && found.merged.is_some() {
        return Err(Refusal::custom(
            "PullRequest",
            "state cannot be changed. The pull request cannot be reopened.",
        ));
    }
    let head_there =
        world.repository(&found.head_repository).is_some_and(|head| head.head(&found.head).is_some());
    if reopened && !head_there {
        let message = format!("state cannot be changed. The {} branch has been deleted.", found.head);
        return Err(Refusal::custom("PullRequest", &message));
    }
    let new_base = call.text("base").map(ToOwned::to_owned);
    let new_base = match new_base {
        Some(base) => {
            let commit = shown_in.head(&base).cloned();
            Some((base, commit.ok_or_else(|| Refusal::field("PullRequest", "base"))?))
        }
        None => None,
    };
    let now = world.now;
    let issue = issue_mut(world, call, "pull_number")?;
    change(issue, call, now);
    if let (Some((base, commit)), Some(pull)) = (new_base, &mut issue.pull) {
        (pull.base, pull.base_commit) = (base, commit);
    }
    let full = call.full_name();
    hosting::sync(world, &full);
    shown(world, call, number, 200)
}

pub(in super::super) fn merge(world: &mut World, call: &Call) -> Answer {
    let (_, issue, found) = pull(world, call)?;
    let number = issue.number;
    let wanted = call.text("sha");
    if wanted.is_some_and(|wanted| wanted != found.head_commit) {
        return Err(Refusal::new(409, "Head branch was modified. Review and try the merge again."));
    }
    if found.draft {
        return Err(Refusal::new(405, "Pull Request is still a draft"));
    }
    let login = call.login()?;
    let method = call.text("merge_method").unwrap_or("merge").to_owned();
    let title = call.text("commit_title").map(ToOwned::to_owned);
    let sha = perform_merge(world, &call.full_name(), number, &login, &method, title)?;
    Ok(Reply::ok(json!({"sha": sha, "merged": true, "message": "Pull Request successfully merged"})))
}

/// Merges a pull request and gives the commit.
pub(in super::super) fn perform_merge(
    world: &mut World,
    full_name: &str,
    number: u64,
    login: &str,
    method: &str,
    title: Option<String>,
) -> Result<String, Refusal> {
    let not_mergeable = || Refusal::new(405, "Pull Request is not mergeable");
    let now = world.now;
    let shown = world.repository(full_name).ok_or_else(Refusal::not_found)?;
    let issue = shown.issues.get(&number).ok_or_else(Refusal::not_found)?;
    let pull = issue.pull.as_ref().filter(|_| issue.open).ok_or_else(not_mergeable)?;
    let (base, head) = (pull.base_commit.clone(), pull.head_commit.clone());
    let tree = hosting::merged_tree(&shown.folder, &base, &head).ok_or_else(not_mergeable)?;
    let message = title.unwrap_or_else(|| match method {
        "squash" => format!("{} (#{number})", issue.title),
        _ => format!("Merge pull request #{number} from {}", label(pull).replace(':', "/")),
    });
    let parents: &[&str] = if method == "merge" { &[&base, &head] } else { &[&base] };
    let commit = hosting::commit_tree(&shown.folder, &tree, parents, &message, now);
    let commit = commit.map_err(|problem| Refusal::new(405, &problem))?;
    let name = format!("refs/heads/{}", pull.base);
    hosting::set_ref(&shown.folder, &name, Some(&commit)).map_err(|problem| Refusal::new(405, &problem))?;
    if let Some(issue) = world.repository_mut(full_name).and_then(|shown| shown.issues.get_mut(&number)) {
        (issue.open, issue.closed, issue.updated) = (false, Some(now), now);
        if let Some(pull) = &mut issue.pull {
            pull.merged = Some(Merged { by: login.to_owned(), at: now, commit: commit.clone() });
        }
    }
    hosting::sync(world, full_name);
    Ok(commit)
}

pub(in super::super) fn merged(world: &mut World, call: &Call) -> Answer {
    match pull(world, call)?.2.merged {
        Some(_) => Ok(Reply::empty(204)),
        None => Err(Refusal::not_found()),
    }
}

pub(in super::super) fn files(world: &mut World, call: &Call) -> Answer {
    let (shown, _, pull) = pull(world, call)?;
    let base = hosting::git(&shown.folder, &["merge-base", &pull.base_commit, &pull.head_commit]);
    let base = base.unwrap_or_else(|_| pull.base_commit.clone());
    Ok(call.page(super::repositories::files(call, shown, base.trim(), &pull.head_commit)))
}

pub(in super::super) fn commits(world: &mut World, call: &Call) -> Answer {
    let (shown, _, pull) = pull(world, call)?;
    let range = format!("{}..{}", pull.base_commit, pull.head_commit);
    let listed = hosting::git(&shown.folder, &["rev-list", "--reverse", &range]).unwrap_or_default();
    let page = page(world, call);
    Ok(call.page(listed.lines().map(|sha| render::commit(page, shown, sha)).collect()))
}
