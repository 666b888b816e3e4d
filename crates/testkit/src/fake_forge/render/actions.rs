//! Checks, statuses, workflow runs and their jobs (dev layer).

use super::super::world::{Check, CheckResult, Job, Repository, Run, Status};
use super::users::merge;
use super::{Page, commit, node, put, repository, time, user};
use serde_json::{Value, json};

/// The App that runs workflows on github.com.
const ACTIONS_APP: u64 = 15_368;

/// GitHub's `check-run`.
pub(in super::super) fn check_run(page: Page<'_>, shown: &Repository, check: &Check) -> Value {
    let base = format!("{}/repos/{}", page.links.api, shown.full_name());
    let url = format!("{base}/check-runs/{}", check.id);
    let html = match check.job {
        Some(job) => format!("{}/{}/actions/job/{job}", page.links.html, shown.full_name()),
        None => format!("{}/{}/runs/{}", page.links.html, shown.full_name(), check.id),
    };
    let ended = check.result.conclusion().is_some();
    let failed = check.result == CheckResult::Failure;
    json!({
        "id": check.id, "node_id": node("CR", check.id), "head_sha": check.commit, "external_id": "", "url": url,
        "html_url": html, "details_url": html, "status": check.result.status(), "conclusion": check.result.conclusion(),
        "started_at": time(check.at), "completed_at": ended.then(|| time(check.at)), "name": check.name,
        "output": {
            "title": failed.then(|| format!("{} failed", check.name)), "summary": null, "text": null,
            "annotations_count": 0, "annotations_url": format!("{url}/annotations"),
        },
        "check_suite": {"id": check.id}, "pull_requests": [],
        "app": {
            "id": ACTIONS_APP, "slug": "github-actions", "node_id": node("A", ACTIONS_APP), "client_id": "Iv1.0",
            "owner": user(page, "github"), "name": "GitHub Actions", "description": null,
            "external_url": format!("{}/features/actions", page.links.html),
            "html_url": format!("{}/apps/github-actions", page.links.html), "created_at": time(1_532_973_266),
            "updated_at": time(1_532_973_266), "permissions": {"checks": "write"}, "events": [],
        },
    })
}

/// GitHub's `status`.
pub(in super::super) fn status(page: Page<'_>, shown: &Repository, status: &Status) -> Value {
    let mut value = simple_status(page, shown, status);
    put(&mut value, "creator", user(page, "ci"));
    value
}

fn simple_status(page: Page<'_>, shown: &Repository, status: &Status) -> Value {
    json!({
        "url": format!("{}/repos/{}/statuses/{}", page.links.api, shown.full_name(), status.commit),
        "avatar_url": format!("{}/avatars/ci", page.links.html), "id": status.id, "node_id": node("SC", status.id),
        "state": status.result.state(), "description": null, "context": status.context,
        "target_url": format!("{}/ci/{}", page.links.html, status.id),
        "created_at": time(status.at), "updated_at": time(status.at),
    })
}

/// GitHub's `combined-commit-status`.
pub(in super::super) fn combined_status(
    page: Page<'_>,
    shown: &Repository,
    sha: &str,
    statuses: &[&Status],
) -> Value {
    let has = |wanted: &[&str]| statuses.iter().any(|status| wanted.contains(&status.result.state()));
    let state = if has(&["failure", "error"]) {
        "failure"
    } else if statuses.is_empty() || has(&["pending"]) {
        "pending"
    } else {
        "success"
    };
    let url = format!("{}/repos/{}/commits/{sha}", page.links.api, shown.full_name());
    let all: Vec<Value> = statuses.iter().map(|status| simple_status(page, shown, status)).collect();
    json!({
        "state": state, "statuses": all, "sha": sha, "total_count": statuses.len(),
        "repository": repository(page, shown), "commit_url": url, "url": format!("{url}/status"),
    })
}

/// GitHub's `workflow-run`.
pub(in super::super) fn run(page: Page<'_>, shown: &Repository, run: &Run) -> Value {
    let base = format!("{}/repos/{}", page.links.api, shown.full_name());
    let url = format!("{base}/actions/runs/{}", run.id);
    let told = commit(page, shown, &run.commit);
    let of = |path: &str| told.pointer(&format!("/commit/{path}"));
    let person =
        |who: &str| json!({"name": of(&format!("{who}/name")), "email": of(&format!("{who}/email"))});
    let result = run.result();
    let mut value = json!({
        "id": run.id, "name": run.name, "node_id": node("WFR", run.id), "check_suite_id": run.id,
        "check_suite_node_id": node("CS", run.id), "head_branch": run.branch, "head_sha": run.commit,
        "path": format!(".github/workflows/{}.yml", run.name.to_lowercase()), "display_title": of("message"),
        "run_number": run.number, "run_attempt": 1, "event": "push", "status": result.status(),
        "conclusion": result.conclusion(), "workflow_id": run.id, "url": url,
        "html_url": format!("{}/{}/actions/runs/{}", page.links.html, shown.full_name(), run.id),
    });
    let more = json!({
        "pull_requests": [], "created_at": time(run.at), "updated_at": time(run.at), "run_started_at": time(run.at),
        "actor": user(page, &shown.owner), "triggering_actor": user(page, &shown.owner),
        "jobs_url": format!("{url}/jobs"), "logs_url": format!("{url}/logs"), "referenced_workflows": [],
        "check_suite_url": format!("{base}/check-suites/{}", run.id), "artifacts_url": format!("{url}/artifacts"),
        "cancel_url": format!("{url}/cancel"), "rerun_url": format!("{url}/rerun"), "previous_attempt_url": null,
        "workflow_url": format!("{base}/actions/workflows/{}", run.id),
        "head_commit": {
            "id": run.commit, "tree_id": of("tree/sha"), "message": of("message"),
            "timestamp": of("author/date"), "author": person("author"), "committer": person("committer"),
        },
        "repository": repository(page, shown), "head_repository": repository(page, shown),
    });
    merge(&mut value, more);
    value
}

/// GitHub's `job`.
pub(in super::super) fn job(page: Page<'_>, shown: &Repository, run: &Run, job: &Job) -> Value {
    let base = format!("{}/repos/{}", page.links.api, shown.full_name());
    let html = format!("{}/{}/actions/runs/{}/job/{}", page.links.html, shown.full_name(), run.id, job.id);
    let ended = job.result.conclusion().map(|_| time(run.at));
    json!({
        "id": job.id, "run_id": run.id, "workflow_name": run.name, "head_branch": run.branch,
        "run_url": format!("{base}/actions/runs/{}", run.id), "run_attempt": 1, "node_id": node("CR", job.id),
        "head_sha": run.commit, "url": format!("{base}/actions/jobs/{}", job.id), "html_url": html,
        "status": job.result.status(), "conclusion": job.result.conclusion(), "created_at": time(run.at),
        "started_at": time(run.at), "completed_at": ended, "name": job.name,
        "steps": [{
            "name": job.name, "status": job.result.status(), "conclusion": job.result.conclusion(), "number": 1,
            "started_at": time(run.at), "completed_at": ended,
        }],
        "check_run_url": format!("{base}/check-runs/{}", job.id), "labels": ["ubuntu-latest"], "runner_id": null,
        "runner_name": null, "runner_group_id": null, "runner_group_name": null,
    })
}
