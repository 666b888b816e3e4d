//! Repositories, their branches and commits (dev layer).

use super::super::call::{Answer, Call, Refusal, Reply};
use super::super::hosting;
use super::super::render::{self, put};
use super::super::world::{Access, Repository, World};
use super::{page, repository};
use serde_json::{Value, json};

pub(in super::super) fn get(world: &mut World, call: &Call) -> Answer {
    let shown = repository(world, call)?;
    let mut value = render::full_repository(page(world, call), shown);
    if let Some(login) = call.who.login() {
        let access = world.access_of(login, shown);
        let permissions = json!({
            "admin": access >= Some(Access::Admin), "maintain": access >= Some(Access::Admin),
            "push": access >= Some(Access::Write), "triage": access >= Some(Access::Write),
            "pull": access.is_some(),
        });
        put(&mut value, "permissions", permissions);
    }
    Ok(Reply::ok(value))
}

pub(in super::super) fn branches(world: &mut World, call: &Call) -> Answer {
    let shown = repository(world, call)?;
    let base = format!("{}/repos/{}", call.links.api, shown.full_name());
    let all = shown
        .branches()
        .map(|(name, sha)| {
            json!({
                "name": name, "commit": {"sha": sha, "url": format!("{base}/commits/{sha}")},
                "protected": shown.protected.contains(name),
            })
        })
        .collect();
    Ok(call.page(all))
}

pub(in super::super) fn branch(world: &mut World, call: &Call) -> Answer {
    let shown = repository(world, call)?;
    let name = call.part("branch");
    let sha = shown.head(name).ok_or_else(|| Refusal::new(404, "Branch not found"))?;
    let url = format!("{}/repos/{}/branches/{name}", call.links.api, shown.full_name());
    let protected = shown.protected.contains(name);
    Ok(Reply::ok(json!({
        "name": name, "commit": render::commit(page(world, call), shown, sha), "protected": protected,
        "_links": {"self": url, "html": format!("{}/{}/tree/{name}", call.links.html, shown.full_name())},
        "protection": {"enabled": protected}, "protection_url": format!("{url}/protection"),
    })))
}

pub(in super::super) fn commit(world: &mut World, call: &Call) -> Answer {
    let shown = repository(world, call)?;
    let name = call.part("ref");
    let sha =
        shown.resolve(name).ok_or_else(|| Refusal::new(422, &format!("No commit found for SHA: {name}")))?;
    let mut value = render::commit(page(world, call), shown, &sha);
    let files = files(call, shown, &format!("{sha}^"), &sha);
    let stats = json!({
        "additions": sum(&files, "additions"), "deletions": sum(&files, "deletions"), "total": sum(&files, "changes"),
    });
    put(&mut value, "stats", stats);
    put(&mut value, "files", files);
    Ok(Reply::ok(value))
}

fn sum(files: &[Value], name: &str) -> u64 {
    files.iter().filter_map(|file| file.get(name)?.as_u64()).sum()
}

pub(in super::super) fn compare(world: &mut World, call: &Call) -> Answer {
    let shown = repository(world, call)?;
    let basehead = call.part("basehead").to_owned();
    let sides =
        basehead.split_once("...").or_else(|| basehead.split_once("..")).ok_or_else(Refusal::not_found)?;
    let resolve = |name: &str| shown.resolve(name).ok_or_else(Refusal::not_found);
    let (base, head) = (resolve(sides.0)?, resolve(sides.1)?);
    let git = |arguments: &[&str]| hosting::git(&shown.folder, arguments).unwrap_or_default();
    let list = |range: String| git(&["rev-list", "--reverse", &range]);
    let (ahead, behind) = (list(format!("{base}..{head}")), list(format!("{head}..{base}")));
    let status = match (ahead.is_empty(), behind.is_empty()) {
        (true, true) => "identical",
        (false, true) => "ahead",
        (true, false) => "behind",
        (false, false) => "diverged",
    };
    let fork = git(&["merge-base", &base, &head]).trim().to_owned();
    let page = page(world, call);
    let commits: Vec<Value> = ahead.lines().map(|sha| render::commit(page, shown, sha)).collect();
    let url = format!("{}/repos/{}/compare/{basehead}", call.links.api, shown.full_name());
    let html = format!("{}/{}/compare/{basehead}", call.links.html, shown.full_name());
    Ok(Reply::ok(json!({
        "url": url, "html_url": html, "permalink_url": html, "diff_url": format!("{html}.diff"),
        "patch_url": format!("{html}.patch"), "base_commit": render::commit(page, shown, &base),
        "merge_base_commit": render::commit(page, shown, &fork), "status": status,
        "ahead_by": commits.len(), "behind_by": behind.lines().count(), "total_commits": commits.len(),
        "files": files(call, shown, &fork, &head), "commits": commits,
    })))
}

pub(in super::super) fn permission(world: &mut World, call: &Call) -> Answer {
    let shown = repository(world, call)?;
    let login = call.part("username");
    if !world.users.contains_key(login) {
        return Err(Refusal::not_found());
    }
    let (permission, role) = match world.access_of(login, shown) {
        Some(Access::Admin) => ("admin", "admin"),
        Some(Access::Write) => ("write", "write"),
        Some(Access::Read) => ("read", "read"),
        None => ("none", ""),
    };
    let mut user = render::user(page(world, call), login);
    put(&mut user, "role_name", role);
    Ok(Reply::ok(json!({"permission": permission, "role_name": role, "user": user})))
}

/// GitHub's `diff-entry` of every file between two commits.
pub(super) fn files(call: &Call, shown: &Repository, base: &str, head: &str) -> Vec<Value> {
    let git = |arguments: &[&str]| hosting::git(&shown.folder, arguments);
    // A first commit has nothing before it: everything is new against the empty tree.
    let empty = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    let base = if git(&["rev-parse", "--quiet", "--verify", base]).is_ok() { base } else { empty };
    let names = git(&["diff", "--name-status", "--no-renames", base, head]).unwrap_or_default();
    let numbers = git(&["diff", "--numstat", "--no-renames", base, head]).unwrap_or_default();
    let entry = |(line, counted): (&str, &str)| {
        let (letter, path) = line.split_once('\t')?;
        let mut counts = counted.split('\t').map(|number| number.parse::<u64>().unwrap_or(0));
        let (added, removed) = (counts.next()?, counts.next()?);
        let status = match letter {
            "A" => "added",
            "D" => "removed",
            _ => "modified",
        };
        let side = if letter == "D" { base } else { head };
        let sha = git(&["rev-parse", &format!("{side}:{path}")]).unwrap_or_default();
        let patch = git(&["diff", "--no-renames", base, head, "--", path]).unwrap_or_default();
        let patch = patch.find("@@").and_then(|at| patch.get(at..)).unwrap_or_default().trim_end();
        let full = shown.full_name();
        Some(json!({
            "sha": sha.trim(), "filename": path, "status": status, "additions": added, "deletions": removed,
            "changes": added + removed, "patch": patch,
            "blob_url": format!("{}/{full}/blob/{head}/{path}", call.links.html),
            "raw_url": format!("{}/{full}/raw/{head}/{path}", call.links.html),
            "contents_url": format!("{}/repos/{full}/contents/{path}?ref={head}", call.links.api),
        }))
    };
    names.lines().zip(numbers.lines()).filter_map(entry).collect()
}
