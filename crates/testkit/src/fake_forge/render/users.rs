//! Users, Apps and installations (dev layer).

use super::super::world::{AppRecord, Installation, User};
use super::{Page, node, put, time};
use serde_json::{Value, json};

/// When every user and App came: 2024-01-01T00:00:00Z.
const FOUNDED: u64 = 1_704_067_200;

/// The addresses of a user.
const URLS: &[(&str, &str)] = &[
    ("url", ""),
    ("followers_url", "/followers"),
    ("following_url", "/following{/other_user}"),
    ("gists_url", "/gists{/gist_id}"),
    ("starred_url", "/starred{/owner}{/repo}"),
    ("subscriptions_url", "/subscriptions"),
    ("organizations_url", "/orgs"),
    ("repos_url", "/repos"),
    ("events_url", "/events{/privacy}"),
    ("received_events_url", "/received_events"),
];

/// GitHub's `simple-user`.
pub(in super::super) fn user(page: Page<'_>, login: &str) -> Value {
    let ghost = User { id: 10_137, login: login.to_owned(), kind: "User" };
    let user = page.world.users.get(login).unwrap_or(&ghost);
    let address = user.login.replace('[', "%5B").replace(']', "%5D");
    let html = match user.login.strip_suffix("[bot]") {
        Some(slug) => format!("{}/apps/{slug}", page.links.html),
        None => format!("{}/{}", page.links.html, user.login),
    };
    let mut value = json!({
        "login": user.login, "id": user.id, "node_id": node("U", user.id),
        "avatar_url": format!("{}/avatars/{}", page.links.html, user.id), "gravatar_id": "",
        "html_url": html,
        "type": user.kind, "user_view_type": "public", "site_admin": false,
    });
    for (name, path) in URLS {
        put(&mut value, name, format!("{}/users/{address}{path}", page.links.api));
    }
    value
}

/// GitHub's `private-user`, and with it `public-user`.
pub(in super::super) fn private_user(page: Page<'_>, login: &str) -> Value {
    let mut value = user(page, login);
    let owned = page.world.repositories.values().filter(|repository| repository.owner == login).count();
    let more = json!({
        "name": null, "company": null, "blog": "", "location": null, "email": null, "hireable": null, "bio": null,
        "twitter_username": null, "public_repos": owned, "public_gists": 0, "followers": 0, "following": 0,
        "created_at": time(FOUNDED), "updated_at": time(FOUNDED),
    });
    merge(&mut value, more);
    value
}

/// GitHub's `integration`.
pub(in super::super) fn app(page: Page<'_>, app: &AppRecord) -> Value {
    let of_app = |installation: &&Installation| installation.app == app.id;
    let installed = page.world.installations.iter().filter(of_app);
    let permissions = super::super::access::usual_permissions();
    json!({
        "id": app.id, "slug": app.slug, "node_id": node("A", app.id), "client_id": app.client_id,
        "owner": user(page, &app.owner), "name": app.slug, "description": null,
        "external_url": format!("{}/apps/{}", page.links.html, app.slug),
        "html_url": format!("{}/apps/{}", page.links.html, app.slug),
        "created_at": time(FOUNDED), "updated_at": time(FOUNDED),
        "permissions": permissions, "events": ["pull_request"], "installations_count": installed.count(),
    })
}

/// GitHub's `installation`.
pub(in super::super) fn installation(page: Page<'_>, installation: &Installation) -> Value {
    let app = page.world.apps.iter().find(|app| app.id == installation.app);
    let chosen = if installation.repositories.is_empty() { "all" } else { "selected" };
    let account = user(page, &installation.account);
    let base = format!("{}/app/installations/{}", page.links.api, installation.id);
    json!({
        "id": installation.id, "account": account, "repository_selection": chosen,
        "access_tokens_url": format!("{base}/access_tokens"),
        "repositories_url": format!("{}/installation/repositories", page.links.api),
        "html_url": format!("{}/settings/installations/{}", page.links.html, installation.id),
        "app_id": installation.app, "client_id": app.map(|app| &app.client_id),
        "target_id": account.get("id"), "target_type": account.get("type"),
        "permissions": installation.permissions, "events": ["pull_request"],
        "created_at": time(installation.created), "updated_at": time(installation.created),
        "single_file_name": null, "has_multiple_single_files": false, "single_file_paths": [],
        "app_slug": app.map(|app| &app.slug), "suspended_by": null, "suspended_at": null,
    })
}

/// Adds the fields of one object to another.
pub(super) fn merge(value: &mut Value, more: Value) {
    if let (Some(value), Value::Object(more)) = (value.as_object_mut(), more) {
        value.extend(more);
    }
}
