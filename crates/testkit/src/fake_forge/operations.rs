//! The REST operations that the fake forge knows (dev layer), one line each.
//!
//! Names and paths are those of GitHub's OpenAPI description. A last part of the path may hold slashes, as refs and
//! files do.

use super::access::Need::{self, AppToken, Nothing, Read, Write};
use super::call::{Answer, Call};
use super::rest::{
    actions, apps, checks, comments, contents, issues, pulls, refs, repositories, reviews, users,
};
use super::world::World;
use std::collections::BTreeMap;

/// An operation.
#[derive(Debug)]
pub(super) struct Operation {
    /// GitHub's `operationId`.
    pub(super) id: &'static str,
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) need: Need,
    pub(super) call: fn(&mut World, &Call) -> Answer,
}

impl Operation {
    /// Whether it changes nothing.
    pub(super) fn reads(&self) -> bool {
        self.method == "GET"
    }
}

macro_rules! operations {
    ($($id:literal $method:ident $path:literal $need:expr => $call:path;)*) => {
        &[$(Operation { id: $id, method: stringify!($method), path: $path, need: $need, call: $call }),*]
    };
}

/// Every operation.
pub(super) const ALL: &[Operation] = operations! {
    "rate-limit/get" GET "/rate_limit" Nothing => users::rate_limit;
    "users/get-authenticated" GET "/user" Nothing => users::me;
    "users/get-by-username" GET "/users/{username}" Nothing => users::by_name;
    "repos/get" GET "/repos/{owner}/{repo}" Read("metadata") => repositories::get;
    "repos/list-branches" GET "/repos/{owner}/{repo}/branches" Read("contents") => repositories::branches;
    "repos/get-branch" GET "/repos/{owner}/{repo}/branches/{branch}" Read("contents") => repositories::branch;
    "repos/get-commit" GET "/repos/{owner}/{repo}/commits/{ref}" Read("contents") => repositories::commit;
    "repos/compare-commits" GET "/repos/{owner}/{repo}/compare/{basehead}" Read("contents") => repositories::compare;
    "repos/get-collaborator-permission-level" GET "/repos/{owner}/{repo}/collaborators/{username}/permission" Read("metadata") => repositories::permission;
    "repos/get-content" GET "/repos/{owner}/{repo}/contents/{path}" Read("contents") => contents::get;
    "git/get-ref" GET "/repos/{owner}/{repo}/git/ref/{ref}" Read("contents") => refs::get;
    "git/list-matching-refs" GET "/repos/{owner}/{repo}/git/matching-refs/{ref}" Read("contents") => refs::matching;
    "git/create-ref" POST "/repos/{owner}/{repo}/git/refs" Write("contents") => refs::create;
    "git/update-ref" PATCH "/repos/{owner}/{repo}/git/refs/{ref}" Write("contents") => refs::update;
    "git/delete-ref" DELETE "/repos/{owner}/{repo}/git/refs/{ref}" Write("contents") => refs::delete;
    "pulls/list" GET "/repos/{owner}/{repo}/pulls" Read("pull_requests") => pulls::list;
    "pulls/create" POST "/repos/{owner}/{repo}/pulls" Write("pull_requests") => pulls::create;
    "pulls/get" GET "/repos/{owner}/{repo}/pulls/{pull_number}" Read("pull_requests") => pulls::get;
    "pulls/update" PATCH "/repos/{owner}/{repo}/pulls/{pull_number}" Write("pull_requests") => pulls::update;
    "pulls/merge" PUT "/repos/{owner}/{repo}/pulls/{pull_number}/merge" Write("contents") => pulls::merge;
    "pulls/check-if-merged" GET "/repos/{owner}/{repo}/pulls/{pull_number}/merge" Read("pull_requests") => pulls::merged;
    "pulls/list-files" GET "/repos/{owner}/{repo}/pulls/{pull_number}/files" Read("pull_requests") => pulls::files;
    "pulls/list-commits" GET "/repos/{owner}/{repo}/pulls/{pull_number}/commits" Read("pull_requests") => pulls::commits;
    "pulls/list-reviews" GET "/repos/{owner}/{repo}/pulls/{pull_number}/reviews" Read("pull_requests") => reviews::list;
    "pulls/create-review" POST "/repos/{owner}/{repo}/pulls/{pull_number}/reviews" Write("pull_requests") => reviews::create;
    "pulls/list-review-comments" GET "/repos/{owner}/{repo}/pulls/{pull_number}/comments" Read("pull_requests") => reviews::comments;
    "pulls/create-reply-for-review-comment" POST "/repos/{owner}/{repo}/pulls/{pull_number}/comments/{comment_id}/replies" Write("pull_requests") => reviews::reply;
    "pulls/list-requested-reviewers" GET "/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers" Read("pull_requests") => reviews::requested;
    "pulls/request-reviewers" POST "/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers" Write("pull_requests") => reviews::request;
    "issues/get" GET "/repos/{owner}/{repo}/issues/{issue_number}" Read("issues|pull_requests") => issues::get;
    "issues/list-for-repo" GET "/repos/{owner}/{repo}/issues" Read("issues|pull_requests") => issues::list;
    "issues/create" POST "/repos/{owner}/{repo}/issues" Write("issues") => issues::create;
    "issues/update" PATCH "/repos/{owner}/{repo}/issues/{issue_number}" Write("issues|pull_requests") => issues::update;
    "issues/list-comments" GET "/repos/{owner}/{repo}/issues/{issue_number}/comments" Read("issues|pull_requests") => comments::list;
    "issues/create-comment" POST "/repos/{owner}/{repo}/issues/{issue_number}/comments" Write("issues|pull_requests") => comments::create;
    "issues/get-comment" GET "/repos/{owner}/{repo}/issues/comments/{comment_id}" Read("issues|pull_requests") => comments::get;
    "issues/update-comment" PATCH "/repos/{owner}/{repo}/issues/comments/{comment_id}" Write("issues|pull_requests") => comments::update;
    "issues/delete-comment" DELETE "/repos/{owner}/{repo}/issues/comments/{comment_id}" Write("issues|pull_requests") => comments::delete;
    "issues/list-labels-on-issue" GET "/repos/{owner}/{repo}/issues/{issue_number}/labels" Read("issues|pull_requests") => issues::labels;
    "issues/add-labels" POST "/repos/{owner}/{repo}/issues/{issue_number}/labels" Write("issues|pull_requests") => issues::add_labels;
    "issues/remove-label" DELETE "/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}" Write("issues|pull_requests") => issues::remove_label;
    "checks/list-for-ref" GET "/repos/{owner}/{repo}/commits/{ref}/check-runs" Read("checks") => checks::runs;
    "repos/get-combined-status-for-ref" GET "/repos/{owner}/{repo}/commits/{ref}/status" Read("statuses") => checks::combined;
    "repos/list-commit-statuses-for-ref" GET "/repos/{owner}/{repo}/commits/{ref}/statuses" Read("statuses") => checks::statuses;
    "actions/list-workflow-runs-for-repo" GET "/repos/{owner}/{repo}/actions/runs" Read("actions") => actions::runs;
    "actions/get-workflow-run" GET "/repos/{owner}/{repo}/actions/runs/{run_id}" Read("actions") => actions::run;
    "actions/list-jobs-for-workflow-run" GET "/repos/{owner}/{repo}/actions/runs/{run_id}/jobs" Read("actions") => actions::jobs;
    "actions/get-job-for-workflow-run" GET "/repos/{owner}/{repo}/actions/jobs/{job_id}" Read("actions") => actions::job;
    "actions/download-job-logs-for-workflow-run" GET "/repos/{owner}/{repo}/actions/jobs/{job_id}/logs" Read("actions") => actions::logs;
    "apps/get-authenticated" GET "/app" AppToken => apps::me;
    "apps/list-installations" GET "/app/installations" AppToken => apps::installations;
    "apps/get-installation" GET "/app/installations/{installation_id}" AppToken => apps::installation;
    "apps/create-installation-access-token" POST "/app/installations/{installation_id}/access_tokens" AppToken => apps::token;
    "apps/get-repo-installation" GET "/repos/{owner}/{repo}/installation" AppToken => apps::of_repository;
    "apps/get-org-installation" GET "/orgs/{org}/installation" AppToken => apps::of_organization;
    "apps/get-user-installation" GET "/users/{username}/installation" AppToken => apps::of_user;
    "apps/list-repos-accessible-to-installation" GET "/installation/repositories" Nothing => apps::repositories;
    "apps/revoke-installation-access-token" DELETE "/installation/token" Nothing => apps::revoke;
};

/// The parts of the path that have names.
pub(super) type Parts = BTreeMap<&'static str, String>;

/// Finds the operation of a method and a path (decoded, without the interface's prefix).
pub(super) fn find(method: &str, path: &str) -> Option<(&'static Operation, Parts)> {
    let of_method = ALL.iter().filter(|operation| operation.method == method);
    // More literal parts win: `/issues/comments/{comment_id}` before `/issues/{issue_number}/…`.
    of_method.filter_map(|operation| Some((operation, matched(operation.path, path)?))).min_by_key(
        |(_, parts)| (parts.len(), parts.values().map(|part| part.matches('/').count()).sum::<usize>()),
    )
}

/// Names whose values may hold slashes.
const WIDE: &[&str] = &["{ref}", "{path}", "{branch}", "{basehead}"];

fn matched(template: &'static str, path: &str) -> Option<Parts> {
    let wanted: Vec<&'static str> = template.split('/').collect();
    let given: Vec<&str> = path.split('/').collect();
    let wide = wanted.iter().position(|part| WIDE.contains(part));
    let extra = given.len().checked_sub(wanted.len())?;
    if extra > 0 && wide.is_none() {
        return None;
    }
    let mut parts = Parts::new();
    let mut at = 0_usize;
    for (index, part) in wanted.iter().enumerate() {
        let takes = if Some(index) == wide { extra + 1 } else { 1 };
        let value = given.get(at..at + takes)?.join("/");
        at += takes;
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) if !value.is_empty() => {
                parts.insert(name, value);
            }
            None if **part == value => {}
            Some(_) | None => return None,
        }
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(method: &str, path: &str) -> String {
        find(method, path)
            .map_or_else(|| "none".to_owned(), |(operation, parts)| format!("{} {parts:?}", operation.id))
    }

    #[test]
    fn paths_are_matched() {
        let cases = [
            ("GET", "/repos/o/r/git/ref/heads/a/b"),
            ("GET", "/repos/o/r/issues/comments/7"),
            ("GET", "/repos/o/r/issues/7/comments"),
            ("GET", "/repos/o/r/commits/heads/a/b/check-runs"),
            ("GET", "/repos/o/r/commits/a/b"),
            ("PUT", "/repos/o/r"),
            ("GET", "/repos/o/r/pulls/"),
        ];
        let all: Vec<String> = cases.iter().map(|(method, path)| found(method, path)).collect();
        expect_test::expect![[r#"
            git/get-ref {"owner": "o", "ref": "heads/a/b", "repo": "r"}
            issues/get-comment {"comment_id": "7", "owner": "o", "repo": "r"}
            issues/list-comments {"issue_number": "7", "owner": "o", "repo": "r"}
            checks/list-for-ref {"owner": "o", "ref": "heads/a/b", "repo": "r"}
            repos/get-commit {"owner": "o", "ref": "a/b", "repo": "r"}
            none
            none"#]]
        .assert_eq(&all.join("\n"));
    }
}
