//! Refs of git through REST (dev layer).

use super::super::call::{Answer, Call, Refusal, Reply};
use super::super::hosting;
use super::super::world::{Repository, World};
use super::repository;
use serde_json::{Value, json};

fn reference(call: &Call, shown: &Repository, name: &str, sha: &str) -> Value {
    let base = format!("{}/repos/{}/git", call.links.api, shown.full_name());
    json!({
        "ref": name, "node_id": format!("REF_{name}"), "url": format!("{base}/{name}"),
        "object": {"type": "commit", "sha": sha, "url": format!("{base}/commits/{sha}")},
    })
}

pub(in super::super) fn get(world: &mut World, call: &Call) -> Answer {
    let shown = repository(world, call)?;
    let name = format!("refs/{}", call.part("ref"));
    if shown.refs.is_empty() {
        return Err(Refusal::new(409, "Git Repository is empty."));
    }
    let sha = shown.refs.get(&name).ok_or_else(Refusal::not_found)?;
    Ok(Reply::ok(reference(call, shown, &name, sha)))
}

pub(in super::super) fn matching(world: &mut World, call: &Call) -> Answer {
    let shown = repository(world, call)?;
    let prefix = format!("refs/{}", call.part("ref"));
    let found = shown.refs.iter().filter(|(name, _)| name.starts_with(&prefix));
    Ok(Reply::ok(found.map(|(name, sha)| reference(call, shown, name, sha)).collect()))
}

/// Refuses what a protection forbids.
fn unprotected(shown: &Repository, name: &str) -> Result<(), Refusal> {
    let branch = name.strip_prefix("refs/heads/").unwrap_or_default();
    if shown.protected.contains(branch) {
        return Err(Refusal::new(422, "Changes must be made through a pull request."));
    }
    Ok(())
}

fn set(world: &mut World, call: &Call, name: &str, commit: Option<&str>) -> Result<(), Refusal> {
    let full = call.full_name();
    let folder = repository(world, call)?.folder.clone();
    hosting::set_ref(&folder, name, commit).map_err(|problem| Refusal::new(422, &problem))?;
    hosting::sync(world, &full);
    Ok(())
}

pub(in super::super) fn create(world: &mut World, call: &Call) -> Answer {
    let name = call.needed("Reference", "ref")?;
    let sha = call.needed("Reference", "sha")?;
    let shown = repository(world, call)?;
    if !name.starts_with("refs/") || name.matches('/').count() < 2 {
        return Err(Refusal::new(
            422,
            "Reference name must start with 'refs' and contain at least three path components",
        ));
    }
    if shown.refs.contains_key(&name) {
        return Err(Refusal::new(422, "Reference already exists"));
    }
    if hosting::commit_of(&shown.folder, &sha).as_deref() != Some(&sha) {
        return Err(Refusal::new(422, "Object does not exist"));
    }
    unprotected(shown, &name)?;
    set(world, call, &name, Some(&sha))?;
    Ok(Reply::with(201, reference(call, repository(world, call)?, &name, &sha)))
}

pub(in super::super) fn update(world: &mut World, call: &Call) -> Answer {
    let name = format!("refs/{}", call.part("ref"));
    let sha = call.needed("Reference", "sha")?;
    let force = call.flag("force");
    let shown = repository(world, call)?;
    let old = shown.refs.get(&name).ok_or_else(|| Refusal::new(422, "Reference does not exist"))?;
    if hosting::commit_of(&shown.folder, &sha).as_deref() != Some(&sha) {
        return Err(Refusal::new(422, "Object does not exist"));
    }
    if !force && !hosting::is_ancestor(&shown.folder, old, &sha) {
        return Err(Refusal::new(422, "Update is not a fast forward"));
    }
    unprotected(shown, &name)?;
    set(world, call, &name, Some(&sha))?;
    Ok(Reply::ok(reference(call, repository(world, call)?, &name, &sha)))
}

pub(in super::super) fn delete(world: &mut World, call: &Call) -> Answer {
    let name = format!("refs/{}", call.part("ref"));
    let shown = repository(world, call)?;
    if !shown.refs.contains_key(&name) {
        return Err(Refusal::new(422, "Reference does not exist"));
    }
    unprotected(shown, &name)?;
    set(world, call, &name, None)?;
    Ok(Reply::empty(204))
}
