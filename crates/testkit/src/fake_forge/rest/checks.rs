//! Check runs and statuses of a commit (dev layer).

use super::super::call::{Answer, Call, Refusal, Reply};
use super::super::render;
use super::super::world::{Status, World};
use super::{page, repository};
use std::collections::BTreeMap;

/// The commit of a call.
fn commit(world: &World, call: &Call) -> Result<String, Refusal> {
    let name = call.part("ref");
    let found = repository(world, call)?.resolve(name);
    found.ok_or_else(|| Refusal::new(422, &format!("No commit found for SHA: {name}")))
}

pub(in super::super) fn runs(world: &mut World, call: &Call) -> Answer {
    let sha = commit(world, call)?;
    let shown = repository(world, call)?;
    let (name, status) = (call.asked("check_name"), call.asked("status"));
    let mut newest = BTreeMap::new();
    for check in shown.checks.iter().filter(|check| check.commit == sha) {
        let wanted = name.is_none_or(|name| name == check.name)
            && status.is_none_or(|status| status == check.result.status());
        if wanted {
            // As with `filter=latest`: of each name the newest counts.
            newest.insert(check.name.clone(), check);
        }
    }
    let page = page(world, call);
    let all = newest.values().map(|check| render::check_run(page, shown, check)).collect();
    Ok(call.counted_page("check_runs", all))
}

pub(in super::super) fn combined(world: &mut World, call: &Call) -> Answer {
    let sha = commit(world, call)?;
    let shown = repository(world, call)?;
    let mut newest: BTreeMap<&str, &Status> = BTreeMap::new();
    for status in shown.statuses.iter().filter(|status| status.commit == sha) {
        newest.insert(&status.context, status);
    }
    let statuses: Vec<&Status> = newest.into_values().collect();
    Ok(Reply::ok(render::combined_status(page(world, call), shown, &sha, &statuses)))
}

pub(in super::super) fn statuses(world: &mut World, call: &Call) -> Answer {
    let sha = commit(world, call)?;
    let shown = repository(world, call)?;
    let page = page(world, call);
    let of_commit = shown.statuses.iter().rev().filter(|status| status.commit == sha);
    Ok(call.page(of_commit.map(|status| render::status(page, shown, status)).collect()))
}
