//! An App of the fake forge: its token, its installation's tokens, and what they may.

use super::fake_forge_client::{Caller, git_fails, git_ok};
use serde_json::{Value, json};
use std::time::Duration;
use telecoder_testkit::fake_forge::{App, FakeForge, NewRepository};

fn token(forge: &FakeForge, app: &App, installation: u64) -> String {
    let jwt = Caller::new(forge, &app.jwt(forge.now()));
    let made = jwt.send("POST", &format!("/app/installations/{installation}/access_tokens"), &Value::Null);
    made["token"].as_str().unwrap().to_owned()
}

#[test]
fn an_app_pushes_and_opens_a_pull_request_as_its_bot() {
    let forge = FakeForge::start();
    let demo = forge.add(NewRepository::new("octo/demo"));
    forge.add(NewRepository::new("octo/other"));
    let app = forge.add_app("telecoder");
    let installation = forge.install(&app, "octo", &["octo/demo"]);
    let secret = token(&forge, &app, installation);
    let folder = tempfile::tempdir().unwrap();
    git_ok(folder.path(), Some(&secret), &["clone", "--quiet", &demo.clone_url(), "demo"]);
    let tree = folder.path().join("demo");
    git_ok(&tree, None, &["commit", "--quiet", "--allow-empty", "-m", "By the App"]);
    git_ok(&tree, Some(&secret), &["push", "--quiet", "origin", "HEAD:refs/heads/telecoder/a"]);
    let bot = Caller::new(&forge, &secret);
    let body = json!({"title": "By the App", "head": "telecoder/a", "base": "main"});
    assert_eq!(bot.send("POST", "/repos/octo/demo/pulls", &body)["user"]["login"], "telecoder[bot]");
    bot.send("POST", "/repos/octo/demo/issues/1/labels", &json!({"labels": ["telecoder"]}));
    assert_eq!(demo.labels(1), ["telecoder"]);
    assert_eq!(bot.call("GET", "/repos/octo/other", &Value::Null).0, 404);
    forge.advance(Duration::from_secs(3600));
    assert_eq!(bot.call("GET", "/repos/octo/demo", &Value::Null).0, 401);
    let said = git_fails(&tree, Some(&secret), &["push", "origin", "HEAD:refs/heads/telecoder/b"]);
    assert!(said.contains("could not read Username"), "{said}");
    let again = Caller::new(&forge, &token(&forge, &app, installation));
    assert_eq!(again.get("/repos/octo/demo")["permissions"]["push"], true);
    assert_eq!(forge.violations(), [""; 0]);
}

#[test]
fn an_installation_may_do_only_what_it_was_given() {
    let forge = FakeForge::start();
    forge.add(NewRepository::new("octo/demo")).commit("work", &[("a", "b")], "Change");
    let app = forge.add_app("telecoder");
    let installation = forge.install(&app, "octo", &[]);
    forge.set_permission(installation, "pull_requests", Some("read"));
    let bot = Caller::new(&forge, &token(&forge, &app, installation));
    let body = json!({"title": "x", "head": "work", "base": "main"});
    let answer = bot.answer("POST", "/repos/octo/demo/pulls", &body);
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("Resource not accessible by integration"));
    assert_eq!(answer.header("x-accepted-github-permissions"), Some("pull_requests=write"));
    assert_eq!(bot.call("GET", "/user", &Value::Null).0, 403);
    let jwt = Caller::new(&forge, &app.jwt(forge.now()));
    let more = json!({"permissions": {"administration": "write"}});
    let path = format!("/app/installations/{installation}/access_tokens");
    assert_eq!(jwt.call("POST", &path, &more).0, 422);
    assert_eq!(jwt.call("GET", "/repos/octo/demo", &Value::Null).0, 403);
    assert_eq!(forge.violations(), [""; 0]);
}

#[test]
fn a_token_of_an_app_must_be_its_own_and_of_now() {
    let forge = FakeForge::start();
    let (app, other) = (forge.add_app("telecoder"), forge.add_app("other"));
    assert!(app.pem.starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
    assert!(!format!("{app:?}").contains("PRIVATE"));
    let said = |token: &str| Caller::new(&forge, token).call("GET", "/app", &Value::Null);
    assert_eq!(said(&app.jwt(forge.now())).1["slug"], "telecoder");
    let forged = App { id: app.id, ..other };
    let old = app.jwt(forge.now() - 1000);
    let future = app.jwt(forge.now() + 1000);
    let mut cut = app.jwt(forge.now());
    cut.truncate(cut.len() - 4);
    for token in [forged.jwt(forge.now()), old, future, cut, "ghp_x".to_owned()] {
        assert_eq!(said(&token).0, 401);
    }
}
