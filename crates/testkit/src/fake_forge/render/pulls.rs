//! Pull requests, reviews and the comments of reviews (dev layer).

use super::super::hosting;
use super::super::world::{Issue, Pull, Repository, Review, ReviewComment};
use super::users::merge;
use super::{Page, label, node, put, repository, time, user};
use serde_json::{Value, json};

/// GitHub's `pull-request-simple`, or with `whole` its `pull-request`.
pub(in super::super) fn pull(
    page: Page<'_>,
    shown: &Repository,
    issue: &Issue,
    pull: &Pull,
    whole: bool,
) -> Value {
    let base = format!("{}/repos/{}", page.links.api, shown.full_name());
    let url = format!("{base}/pulls/{}", issue.number);
    let issue_url = format!("{base}/issues/{}", issue.number);
    let html = format!("{}/{}/pull/{}", page.links.html, shown.full_name(), issue.number);
    let labels: Vec<Value> = issue.labels.iter().map(|name| label(page, shown, name)).collect();
    let reviewers: Vec<Value> = pull.reviewers.iter().map(|login| user(page, login)).collect();
    let statuses = format!("{base}/statuses/{}", pull.head_commit);
    let merge_commit = match &pull.merged {
        Some(merged) => Some(merged.commit.clone()),
        None => issue.open.then(|| pull.head_commit.clone()),
    };
    let mut value = json!({
        "url": url, "id": pull.id, "node_id": node("PR", pull.id), "html_url": html, "diff_url": format!("{html}.diff"),
        "patch_url": format!("{html}.patch"), "issue_url": issue_url, "number": issue.number,
        "state": if issue.open { "open" } else { "closed" }, "locked": false, "title": issue.title,
        "user": user(page, &issue.author), "body": issue.body, "labels": labels, "milestone": null,
        "active_lock_reason": null, "created_at": time(issue.created), "updated_at": time(issue.updated),
        "closed_at": issue.closed.map(time), "merged_at": pull.merged.as_ref().map(|merged| time(merged.at)),
        "merge_commit_sha": merge_commit, "assignee": null, "assignees": [], "requested_reviewers": reviewers,
        "requested_teams": [], "draft": pull.draft, "auto_merge": null,
        "author_association": page.world.association(&issue.author, shown),
        "commits_url": format!("{url}/commits"), "review_comments_url": format!("{url}/comments"),
        "review_comment_url": format!("{base}/pulls/comments{{/number}}"),
        "comments_url": format!("{issue_url}/comments"), "statuses_url": statuses,
    });
    let more = json!({
        "head": side(page, page.world.repository(&pull.head_repository), &pull.head_repository, &pull.head, &pull.head_commit),
        "base": side(page, Some(shown), &shown.full_name(), &pull.base, &pull.base_commit),
        "_links": {
            "self": {"href": url}, "html": {"href": html}, "issue": {"href": issue_url},
            "comments": {"href": format!("{issue_url}/comments")},
            "review_comments": {"href": format!("{url}/comments")},
            "review_comment": {"href": format!("{base}/pulls/comments{{/number}}")},
            "commits": {"href": format!("{url}/commits")}, "statuses": {"href": statuses},
        },
    });
    merge(&mut value, more);
    if whole {
        merge(&mut value, details(page, shown, issue, pull));
    }
    value
}

/// What only the answer about a single pull request says.
fn details(page: Page<'_>, shown: &Repository, issue: &Issue, pull: &Pull) -> Value {
    let mergeable = (issue.open && pull.unknown == 0)
        .then(|| hosting::merged_tree(&shown.folder, &pull.base_commit, &pull.head_commit).is_some());
    let state = match (mergeable, pull.draft) {
        (None, _) => "unknown",
        (Some(false), _) => "dirty",
        (Some(true), true) => "draft",
        (Some(true), false) => "clean",
    };
    let range = format!("{}...{}", pull.base_commit, pull.head_commit);
    let told = hosting::git(&shown.folder, &["diff", "--numstat", &range]).unwrap_or_default();
    let column = |at: usize| -> u64 {
        told.lines().filter_map(|line| line.split('\t').nth(at)?.parse::<u64>().ok()).sum()
    };
    let commits = format!("{}..{}", pull.base_commit, pull.head_commit);
    let commits = hosting::git(&shown.folder, &["rev-list", "--count", &commits]).unwrap_or_default();
    json!({
        "merged": pull.merged.is_some(), "mergeable": mergeable, "rebaseable": mergeable, "mergeable_state": state,
        "merged_by": pull.merged.as_ref().map(|merged| user(page, &merged.by)),
        "comments": issue.comments.len(), "review_comments": pull.comments.len(), "maintainer_can_modify": false,
        "commits": commits.trim().parse::<u64>().unwrap_or(0), "additions": column(0), "deletions": column(1),
        "changed_files": told.lines().count(),
    })
}

fn side(page: Page<'_>, shown: Option<&Repository>, full_name: &str, branch: &str, commit: &str) -> Value {
    let owner = full_name.split('/').next().unwrap_or_default();
    json!({
        "label": format!("{owner}:{branch}"), "ref": branch, "sha": commit, "user": user(page, owner),
        "repo": shown.map(|shown| repository(page, shown)),
    })
}

/// GitHub's `pull-request-review`.
pub(in super::super) fn review(page: Page<'_>, shown: &Repository, number: u64, review: &Review) -> Value {
    let url = format!("{}/repos/{}/pulls/{number}", page.links.api, shown.full_name());
    let html =
        format!("{}/{}/pull/{number}#pullrequestreview-{}", page.links.html, shown.full_name(), review.id);
    json!({
        "id": review.id, "node_id": node("PRR", review.id), "user": user(page, &review.author), "body": review.body,
        "state": review.verdict.name(), "html_url": html, "pull_request_url": url,
        "_links": {"html": {"href": html}, "pull_request": {"href": url}}, "submitted_at": time(review.at),
        "commit_id": review.commit, "author_association": page.world.association(&review.author, shown),
    })
}

/// GitHub's `pull-request-review-comment`.
pub(in super::super) fn review_comment(
    page: Page<'_>,
    shown: &Repository,
    number: u64,
    comment: &ReviewComment,
) -> Value {
    let base = format!("{}/repos/{}", page.links.api, shown.full_name());
    let (url, pull) = (format!("{base}/pulls/comments/{}", comment.id), format!("{base}/pulls/{number}"));
    let html = format!("{}/{}/pull/{number}#discussion_r{}", page.links.html, shown.full_name(), comment.id);
    let mut value = json!({
        "url": url, "pull_request_review_id": comment.review, "id": comment.id, "node_id": node("PRRC", comment.id),
        "diff_hunk": "@@ -1 +1 @@", "path": comment.path, "commit_id": comment.commit,
        "original_commit_id": comment.commit, "user": user(page, &comment.author), "body": comment.body,
        "created_at": time(comment.at), "updated_at": time(comment.at), "html_url": html, "pull_request_url": pull,
        "author_association": page.world.association(&comment.author, shown),
        "_links": {"self": {"href": url}, "html": {"href": html}, "pull_request": {"href": pull}},
        "side": "RIGHT", "start_side": null, "start_line": null, "original_start_line": null,
        "subject_type": if comment.line.is_some() { "line" } else { "file" },
        "position": comment.line, "original_position": comment.line, "line": comment.line, "original_line": comment.line,
    });
    if comment.line.is_none() {
        // Fields that the description does not let be null are left out, as GitHub does for comments on files.
        for name in ["position", "original_position", "line", "original_line"] {
            value.as_object_mut().map(|object| object.remove(name));
        }
    }
    if let Some(answered) = comment.reply_to {
        put(&mut value, "in_reply_to_id", answered);
    }
    value
}
