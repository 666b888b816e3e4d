//! The two things that REST cannot do (dev layer): a draft becomes ready for review, and a draft again.

use super::access::{Need, Who};
use super::call::{Refusal, Reply};
use super::render::node_number;
use super::world::World;
use serde_json::{Value, json};

/// The mutations, and what `draft` is after them.
const MUTATIONS: &[(&str, bool)] =
    &[("markPullRequestReadyForReview", false), ("convertPullRequestToDraft", true)];

/// Answers a GraphQL request.
pub(super) fn answer(world: &mut World, who: &Who, body: &Value) -> Result<Reply, Refusal> {
    let query = body["query"].as_str().unwrap_or_default();
    let Some((name, draft)) = MUTATIONS.iter().find(|(name, _)| query.contains(name)) else {
        return Ok(problem("UNKNOWN", "the fake forge knows only the mutations about drafts"));
    };
    let Some(id) = named(body, query) else {
        return Ok(problem("NOT_FOUND", "Could not resolve to a node with the global id"));
    };
    let of_pull = |full_name: &String| {
        let shown = world.repository(full_name)?;
        let mut all = shown.issues.values();
        all.find(|issue| issue.pull.as_ref().is_some_and(|pull| pull.id == id)).map(|issue| issue.number)
    };
    let found = world.repositories.keys().find_map(|name| of_pull(name).map(|number| (name.clone(), number)));
    let Some((full_name, number)) = found else {
        return Ok(problem("NOT_FOUND", "Could not resolve to a node with the global id"));
    };
    let allowed = world
        .repository(&full_name)
        .filter(|shown| world.sees(who, shown))
        .is_some_and(|shown| world.allow(who, shown, Need::Write("pull_requests")).is_ok());
    if !allowed {
        return Ok(problem("FORBIDDEN", "Resource not accessible by integration"));
    }
    let now = world.now;
    let issue = world.repository_mut(&full_name).and_then(|shown| shown.issues.get_mut(&number));
    let Some(issue) = issue else { return Err(Refusal::not_found()) };
    issue.updated = now;
    if let Some(pull) = &mut issue.pull {
        pull.draft = *draft;
    }
    Ok(Reply::ok(json!({"data": {*name: {"pullRequest": {"number": number, "isDraft": draft}}}})))
}

/// The pull request that a variable, or the query itself, names.
fn named(body: &Value, query: &str) -> Option<u64> {
    let text = format!("{} {query}", body["variables"]);
    text.split(['"', '\\']).filter(|part| part.starts_with("PR_")).find_map(node_number)
}

fn problem(kind: &str, message: &str) -> Reply {
    Reply::ok(json!({"data": null, "errors": [{"type": kind, "message": message}]}))
}

/// Whether a path is that of GraphQL: of github.com, or of an Enterprise server.
pub(super) fn is_at(path: &str) -> bool {
    path == "/graphql" || path == "/api/graphql"
}
