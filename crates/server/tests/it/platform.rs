//! What belongs to the server and its host: agents, policies, tokens, doctor, repositories, pages.

use crate::app::{Setup, TestApp};
use serde_json::json;
use std::sync::atomic::Ordering;
use telecoder_api::ClientError;
use telecoder_api::client::InstallStep;
use telecoder_model::principal::Scope;

#[tokio::test]
async fn agents_are_listed_checked_and_installed() {
    let app = TestApp::start().await;
    let listed = app.get("/api/agents").await.json();
    expect_test::expect![[r#"{"name":"codex","description":"the agent codex","inCatalogue":true,"installed":false,"version":"1.2.3","sizeBytes":275000000,"location":null,"providers":["anthropic"],"problem":null}"#]].assert_eq(&listed[1].to_string());
    assert_eq!(app.call("POST", "/api/agents/goose/check", json!({})).await.json()["installed"], true);
    assert_eq!(app.call("POST", "/api/agents/codex/install", json!({})).await.json()["installed"], true);
    let failed = app.call("POST", "/api/agents/broken/install", json!({})).await;
    assert_eq!(failed.error(), "422 failed");
    assert_eq!(failed.json()["hint"], "look at the log");
}

#[tokio::test]
async fn an_install_tells_how_far_it_is_and_how_it_ends() {
    let app = TestApp::start().await;
    let client = app.client();
    let mut install = client.install_agent("codex").await.unwrap();
    let mut steps = Vec::new();
    loop {
        match install.next().await.unwrap() {
            InstallStep::Line(line) => steps.push(line),
            InstallStep::Done(agent) => {
                assert!(agent.installed);
                break;
            }
        }
    }
    assert_eq!(steps, ["fetching\u{fffd}[2J", "unpacking"]);
    let mut install = client.install_agent("broken").await.unwrap();
    assert!(matches!(install.next().await.unwrap(), InstallStep::Line(_)));
    let error = install.next().await.unwrap_err();
    assert!(
        matches!(&error, ClientError::Api { hint: Some(hint), .. } if hint == "look at the log"),
        "{error:?}"
    );
    let error = client.install_agent("nobody").await.unwrap_err();
    assert_eq!(error.code(), Some("agent_unknown"));
}

#[tokio::test]
async fn a_client_that_goes_away_ends_its_install() {
    let app = TestApp::start().await;
    let paused = app.agents.pause.lock().await;
    let mut install = app.client().install_agent("codex").await.unwrap();
    assert!(matches!(install.next().await.unwrap(), InstallStep::Line(_)));
    assert_eq!(app.agents.cancelled.load(Ordering::SeqCst), 0);
    drop(install);
    while app.agents.cancelled.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    drop(paused);
    assert_eq!(app.get("/api/agents").await.json()[1]["installed"], false);
}

#[tokio::test]
async fn policies_are_listed_strictest_first() {
    let app = TestApp::start().await;
    let listed = app.get("/api/policies").await.json();
    expect_test::expect![[r#"
        [
          {
            "name": "locked",
            "workspace": "read_only",
            "permissions": "deny_all",
            "publish": "never",
            "timeSeconds": 60,
            "memoryBytes": 2147483648,
            "cpuMillis": 2000,
            "processes": 512,
            "outputBytes": 268435456
          },
          {
            "name": "observe",
            "workspace": "throw_away",
            "permissions": "approve_reads",
            "publish": "never",
            "timeSeconds": 180,
            "memoryBytes": 2147483648,
            "cpuMillis": 2000,
            "processes": 512,
            "outputBytes": 268435456
          },
          {
            "name": "standard",
            "workspace": "keep",
            "permissions": "approve_all",
            "publish": "auto",
            "timeSeconds": 1800,
            "memoryBytes": 2147483648,
            "cpuMillis": 2000,
            "processes": 512,
            "outputBytes": 268435456
          }
        ]"#]]
    .assert_eq(&serde_json::to_string_pretty(&listed).unwrap());
}

#[tokio::test]
async fn a_token_is_shown_once_and_works_until_it_is_revoked() {
    let app = TestApp::with(Setup { token_required: true, ..Setup::default() }).await;
    let admin = app.token("local", Scope::Admin).await;
    let call = async |method: &str, path: &str, body: serde_json::Value| {
        let request =
            app.request(method, path).bearer_auth(&admin).header("content-type", "application/json");
        app.send(request.body(body.to_string())).await
    };
    let made = call("POST", "/api/tokens", json!({"name": "laptop", "scope": "run", "user": "ann"})).await;
    assert_eq!(made.status, 201);
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    let id = made.json()["token"]["id"].as_str().unwrap().to_owned();
    let mut token = made.json()["token"].clone();
    token["id"] = json!("ID");
    expect_test::expect![[r#"{"id":"ID","name":"laptop","user":"ann","scope":"run","createdAt":"2023-11-14T22:13:20.000Z","expiresAt":null,"revokedAt":null}"#]].assert_eq(&token.to_string());
    let hers = app.send(app.request("GET", "/api/sessions").bearer_auth(&secret)).await;
    assert_eq!(hers.status, 200);
    let listed = call("GET", "/api/tokens", json!({})).await;
    assert!(
        listed.text.contains("laptop") && !listed.text.contains(&secret) && !listed.text.contains("hash")
    );
    assert_eq!(call("DELETE", &format!("/api/tokens/{id}"), json!({})).await.status, 204);
    let hers = app.send(app.request("GET", "/api/sessions").bearer_auth(&secret)).await;
    assert_eq!(hers.error(), "401 token_revoked");
}

#[tokio::test]
async fn doctor_says_what_works_and_proves_only_for_an_admin() {
    let app = TestApp::start().await;
    let findings = app.get("/api/doctor").await.json();
    assert!(
        findings.as_array().unwrap().iter().any(|f| f["subject"] == "store" && f["state"] == "ok"),
        "{findings}"
    );
    let proved = app.get("/api/doctor?prove=1").await.text;
    assert!(proved.contains("read /etc/shadow"), "{proved}");
    let reader = app.token("local", Scope::Read).await;
    let refused = app.send(app.request("GET", "/api/doctor?prove=1").bearer_auth(reader)).await;
    assert_eq!(refused.error(), "403 scope_missing");
}

#[tokio::test]
async fn a_repository_is_looked_at_before_work_begins() {
    let app = TestApp::start().await;
    let answer = app.call("POST", "/api/repositories/inspect", json!({"repo": "/srv/code/"})).await;
    expect_test::expect![[r#"{"repo":"/srv/code","defaultBranch":"main","headSha":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","origin":"acme/api","uncommitted":["notes.txt"],"uncommittedTotal":1}"#]].assert_eq(&answer.text);
}

#[tokio::test]
async fn the_pages_ask_nobody_else() {
    let app = TestApp::start().await;
    for (path, expected) in [("/", "9.9.9"), ("/api/docs", "createSession")] {
        let answer = app.get(path).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/html; charset=utf-8"));
        assert!(answer.text.contains(expected), "{path}");
        let outside =
            answer.text.split('"').filter(|part| part.starts_with("http") || part.starts_with("//")).count();
        assert_eq!(outside, 0, "{path}");
        assert!(!answer.text.contains("<script") && !answer.text.contains("style=\""), "{path}");
    }
    assert_eq!(app.get("/style.css").await.header("content-type"), "text/css; charset=utf-8");
}
