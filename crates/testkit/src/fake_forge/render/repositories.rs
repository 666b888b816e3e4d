//! Repositories and commits (dev layer).

use super::super::hosting::git;
use super::super::world::Repository;
use super::users::merge;
use super::{Page, node, put, time, user};
use serde_json::{Value, json};

/// The addresses of a repository below its own.
const URLS: &[(&str, &str)] = &[
    ("url", ""),
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
];

/// GitHub's `repository` (and `minimal-repository`), without what its reader may do.
pub(in super::super) fn repository(page: Page<'_>, repository: &Repository) -> Value {
    let full = repository.full_name();
    let html = format!("{}/{full}", page.links.html);
    let open = repository.issues.values().filter(|issue| issue.open).count();
    let mut value = json!({
        "id": repository.id, "node_id": node("R", repository.id), "name": repository.name, "full_name": full,
        "private": repository.private, "owner": user(page, &repository.owner), "html_url": html,
        "description": null, "fork": repository.fork_of.is_some(),
        "git_url": format!("git://{}.git", html.trim_start_matches("http://")),
        "ssh_url": format!("git@{}:{full}.git", page.links.html.trim_start_matches("http://")),
        "clone_url": format!("{html}.git"), "svn_url": html, "mirror_url": null, "homepage": null, "language": null,
        "forks_count": 0, "forks": 0, "stargazers_count": 0, "watchers_count": 0, "watchers": 0, "size": 1,
    });
    let more = json!({
        "default_branch": repository.default_branch, "open_issues_count": open, "open_issues": open,
        "is_template": false, "topics": [], "has_issues": true, "has_projects": true, "has_wiki": true,
        "has_pages": false, "has_downloads": true, "has_discussions": false, "archived": repository.archived,
        "disabled": false, "visibility": if repository.private { "private" } else { "public" },
        "pushed_at": time(repository.pushed), "created_at": time(repository.created),
        "updated_at": time(repository.pushed), "allow_forking": true, "license": null,
        "web_commit_signoff_required": false,
    });
    merge(&mut value, more);
    for (name, path) in URLS {
        put(&mut value, name, format!("{}/repos/{full}{path}", page.links.api));
    }
    value
}

/// GitHub's `full-repository`.
pub(in super::super) fn full_repository(page: Page<'_>, shown: &Repository) -> Value {
    let mut value = repository(page, shown);
    let more = json!({
        "allow_rebase_merge": true, "allow_squash_merge": true, "allow_auto_merge": false,
        "delete_branch_on_merge": false, "allow_merge_commit": true, "allow_update_branch": false,
        "subscribers_count": 0, "network_count": 0,
    });
    merge(&mut value, more);
    let parent = shown.fork_of.as_deref().and_then(|name| page.world.repository(name));
    if let Some(parent) = parent {
        put(&mut value, "parent", repository(page, parent));
        put(&mut value, "source", repository(page, parent));
    }
    value
}

/// GitHub's `commit`, without its files.
pub(in super::super) fn commit(page: Page<'_>, shown: &Repository, id: &str) -> Value {
    const FORMAT: &str = "--format=%T%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B";
    let told = git(&shown.folder, &["show", "--no-patch", FORMAT, id]).unwrap_or_default();
    let parts: Vec<&str> = told.split('\0').collect();
    let part = |at: usize| parts.get(at).copied().unwrap_or_default();
    let person = |at: usize| json!({"name": part(at), "email": part(at + 1), "date": time(part(at + 2).parse().unwrap_or(0))});
    let url = format!("{}/repos/{}/commits", page.links.api, shown.full_name());
    let git_url = format!("{}/repos/{}/git", page.links.api, shown.full_name());
    let html = format!("{}/{}/commit", page.links.html, shown.full_name());
    let parents: Vec<Value> = part(1)
        .split_whitespace()
        .map(|sha| json!({"sha": sha, "url": format!("{url}/{sha}"), "html_url": format!("{html}/{sha}")}))
        .collect();
    json!({
        "sha": id, "node_id": format!("C_{id}"), "url": format!("{url}/{id}"), "html_url": format!("{html}/{id}"),
        "comments_url": format!("{url}/{id}/comments"), "author": null, "committer": null, "parents": parents,
        "commit": {
            "url": format!("{git_url}/commits/{id}"), "author": person(2), "committer": person(5),
            "message": part(8).trim_end(), "comment_count": 0,
            "tree": {"sha": part(0), "url": format!("{git_url}/trees/{}", part(0))},
            "verification": {
                "verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null,
            },
        },
    })
}
