//! Issues, their labels and comments (dev layer).

use super::super::world::{Comment, Issue, Repository};
use super::users::merge;
use super::{Page, node, put, time, user};
use serde_json::{Value, json};

/// GitHub's `label`.
pub(in super::super) fn label(page: Page<'_>, repository: &Repository, name: &str) -> Value {
    let id = repository.labels.get(name).copied().unwrap_or_default();
    json!({
        "id": id, "node_id": node("LA", id), "name": name, "color": "ededed", "default": false, "description": "",
        "url": format!("{}/repos/{}/labels/{name}", page.links.api, repository.full_name()),
    })
}

/// The counts that issues and comments carry.
fn reactions(url: &str) -> Value {
    json!({
        "url": format!("{url}/reactions"), "total_count": 0, "+1": 0, "-1": 0, "laugh": 0, "confused": 0, "heart": 0,
        "hooray": 0, "eyes": 0, "rocket": 0,
    })
}

/// GitHub's `issue`.
pub(in super::super) fn issue(page: Page<'_>, repository: &Repository, issue: &Issue) -> Value {
    let base = format!("{}/repos/{}", page.links.api, repository.full_name());
    let url = format!("{base}/issues/{}", issue.number);
    let kind = if issue.pull.is_some() { "pull" } else { "issues" };
    let html = format!("{}/{}/{kind}/{}", page.links.html, repository.full_name(), issue.number);
    let labels: Vec<Value> = issue.labels.iter().map(|name| label(page, repository, name)).collect();
    let mut value = json!({
        "url": url, "repository_url": base, "labels_url": format!("{url}/labels{{/name}}"),
        "comments_url": format!("{url}/comments"), "events_url": format!("{url}/events"), "html_url": html,
        "id": issue.id, "node_id": node("I", issue.id), "number": issue.number, "title": issue.title,
        "user": user(page, &issue.author), "labels": labels, "state": if issue.open { "open" } else { "closed" },
        "locked": false, "assignee": null, "assignees": [], "milestone": null, "comments": issue.comments.len(),
        "created_at": time(issue.created), "updated_at": time(issue.updated), "closed_at": issue.closed.map(time),
    });
    let more = json!({
        "author_association": page.world.association(&issue.author, repository), "active_lock_reason": null,
        "body": issue.body, "closed_by": null, "reactions": reactions(&url), "timeline_url": format!("{url}/timeline"),
        "performed_via_github_app": null,
        "state_reason": if issue.open { Value::Null } else { json!("completed") },
    });
    merge(&mut value, more);
    if let Some(pull) = &issue.pull {
        put(&mut value, "draft", pull.draft);
        let pull_request = json!({
            "url": format!("{base}/pulls/{}", issue.number), "html_url": html, "diff_url": format!("{html}.diff"),
            "patch_url": format!("{html}.patch"), "merged_at": pull.merged.as_ref().map(|merged| time(merged.at)),
        });
        put(&mut value, "pull_request", pull_request);
    }
    value
}

/// GitHub's `issue-comment`.
pub(in super::super) fn comment(
    page: Page<'_>,
    repository: &Repository,
    issue: &Issue,
    comment: &Comment,
) -> Value {
    let base = format!("{}/repos/{}", page.links.api, repository.full_name());
    let url = format!("{base}/issues/comments/{}", comment.id);
    let kind = if issue.pull.is_some() { "pull" } else { "issues" };
    let page_url = format!("{}/{}/{kind}/{}", page.links.html, repository.full_name(), issue.number);
    json!({
        "url": url, "html_url": format!("{page_url}#issuecomment-{}", comment.id),
        "issue_url": format!("{base}/issues/{}", issue.number), "id": comment.id, "node_id": node("IC", comment.id),
        "user": user(page, &comment.author), "created_at": time(comment.created), "updated_at": time(comment.updated),
        "author_association": page.world.association(&comment.author, repository), "body": comment.body,
        "reactions": reactions(&url), "performed_via_github_app": null,
    })
}
