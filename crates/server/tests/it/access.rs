//! Who may do what: addresses, tokens, scopes, owners.

use crate::app::{Setup, TestApp};
use serde_json::{Value, json};
use std::time::Duration;
use telecoder_engine::request::TokenRequest;
use telecoder_model::port::clock::Clock;
use telecoder_model::principal::{Principal, Scope};

const SCOPES: [Scope; 4] = [Scope::Read, Scope::Run, Scope::Publish, Scope::Admin];

/// All operations of the document: method, path with a value for each name, the scope that is needed.
fn operations() -> Vec<(String, String, Option<Scope>)> {
    let document = serde_json::to_value(telecoder_server::openapi::document()).unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let described = operation["description"].as_str().unwrap_or("");
            let scope = described
                .rsplit_once("Scope: `")
                .map(|(_, rest)| rest.trim_end_matches("`.").parse().unwrap());
            assert_eq!(
                operation["security"],
                if scope.is_some() { json!([{"token": []}, {}]) } else { json!([{}]) }
            );
            let path =
                path.replace("{id}", "aaaaaaaaaaaa").replace("{number}", "7").replace("{name}", "goose");
            all.push((method.to_uppercase(), path, scope));
        }
    }
    assert!(all.len() > 30);
    all
}

#[tokio::test]
async fn every_route_that_needs_a_token_refuses_requests_without_one() {
    let app = TestApp::with(Setup { token_required: true, ..Setup::default() }).await;
    for (method, path, scope) in operations() {
        let answer = app.call(&method, &path, json!({})).await;
        if scope.is_some() {
            assert_eq!(answer.error(), "401 token_missing", "{method} {path}");
            assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"telecoder\"");
        } else {
            let expected = match path.as_str() {
                "/api/login" => 400,
                "/api/logout" => 204,
                _ => 200,
            };
            assert_eq!(answer.status, expected, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn every_route_refuses_a_token_whose_scope_is_too_small_and_lets_the_scope_in() {
    let app = TestApp::with(Setup { token_required: true, ..Setup::default() }).await;
    let mut tokens = Vec::new();
    for scope in SCOPES {
        tokens.push((scope, app.token("local", scope).await));
    }
    for (method, path, needed) in operations() {
        let Some(needed) = needed else { continue };
        for (scope, token) in &tokens {
            let request = app
                .request(&method, &path)
                .bearer_auth(token)
                .header("content-type", "application/json")
                .body("{}");
            let answer = app.send(request).await;
            let refused = answer.status == 403;
            assert_eq!(refused, *scope < needed, "{method} {path} with {scope:?}: {}", answer.text);
            if refused {
                assert_eq!(answer.error(), "403 scope_missing");
            }
        }
    }
}

#[tokio::test]
async fn tokens_that_are_not_good_are_told_apart() {
    let app = TestApp::start().await;
    let expires = app.clock.now().plus(Duration::from_secs(60));
    let request =
        TokenRequest { name: "short".to_owned(), scope: Scope::Read, user: None, expires_at: Some(expires) };
    let short = app.engine.create_token(&Principal::local(), request).await.unwrap();
    let with = async |value: String| {
        app.send(app.request("GET", "/api/sessions").header("authorization", value)).await
    };
    assert_eq!(with(format!("Bearer {}", short.secret)).await.status, 200);
    assert_eq!(with(format!("bearer  {}", short.secret)).await.status, 200);
    app.clock.advance(Duration::from_secs(60));
    assert_eq!(with(format!("Bearer {}", short.secret)).await.error(), "401 token_expired");
    app.engine.revoke_token(&Principal::local(), &short.token.id).await.unwrap();
    assert_eq!(with(format!("Bearer {}", short.secret)).await.error(), "401 token_revoked");
    assert_eq!(with("Bearer tc_0000".to_owned()).await.error(), "401 token_unknown");
    assert_eq!(with(format!("Bearer {}", "x".repeat(5000))).await.error(), "401 token_unknown");
    for malformed in ["", "Bearer", "Bearer ", "Basic bWU6eW91", "tc_0000"] {
        assert_eq!(with(malformed.to_owned()).await.error(), "401 token_malformed", "{malformed:?}");
    }
    let twice = app
        .request("GET", "/api/sessions")
        .header("authorization", "Bearer a")
        .header("authorization", "Bearer b");
    assert_eq!(app.send(twice).await.error(), "401 token_malformed");
}

#[tokio::test]
async fn the_address_that_a_request_names_must_be_ours() {
    let app = TestApp::start().await;
    let port = app.address.port();
    let with =
        async |name: &str, value: &str| app.send(app.request("GET", "/health").header(name, value)).await;
    for host in ["evil.example", &format!("evil.example:{port}"), "localhost:1", "127.0.0.1", ""] {
        assert_eq!(with("host", host).await.error(), "403 foreign_host", "{host:?}");
    }
    assert_eq!(with("host", &format!("localhost:{port}")).await.status, 200);
    for origin in
        ["null", "http://evil.example", "http://localhost:1", &format!("http://evil.example:{port}")]
    {
        assert_eq!(with("origin", origin).await.error(), "403 foreign_origin", "{origin}");
    }
    assert_eq!(with("origin", &format!("http://localhost:{port}")).await.status, 200);
    for (path, method) in
        [("/", "GET"), ("/api/docs", "GET"), ("/nowhere", "GET"), ("/api/sessions", "DELETE")]
    {
        let answer = app.send(app.request(method, path).header("host", "evil.example")).await;
        assert_eq!(answer.error(), "403 foreign_host", "{path}");
    }
    let cross = app.request("POST", "/api/inbox/seen").header("sec-fetch-site", "cross-site");
    assert_eq!(app.send(cross).await.error(), "403 foreign_origin");
    let same = app.request("POST", "/api/inbox/seen").header("sec-fetch-site", "same-origin");
    assert_eq!(app.send(same).await.status, 204);
}

#[tokio::test]
async fn what_belongs_to_somebody_else_does_not_exist() {
    let app = TestApp::start().await;
    let id = app.create_of("alice", "hers").await;
    let mut answers = String::new();
    for (method, path, scope) in operations() {
        if scope.is_none()
            || !path.contains("aaaaaaaaaaaa")
            || path.contains("tokens")
            || path.contains("approvals")
        {
            continue;
        }
        let body: Value = match path.rsplit('/').next().unwrap() {
            "messages" if method == "POST" => json!({"content": "x"}),
            "aaaaaaaaaaaa" if method == "PATCH" => json!({"title": "x"}),
            _ => json!({}),
        };
        let answer = app.call(&method, &path.replace("aaaaaaaaaaaa", id.as_str()), body).await;
        assert_eq!(answer.error(), "404 session_not_found", "{method} {path}: {}", answer.text);
        answers.push_str(&method);
        // A prefix of it finds nothing either.
        let answer = app.get(&format!("/api/sessions/{}", &id.as_str()[..6])).await;
        assert_eq!(answer.error(), "404 session_not_found");
    }
    assert!(answers.len() > 30);
    assert_eq!(app.get("/api/sessions").await.json(), json!([]));
    let alice = app.token("alice", Scope::Read).await;
    let hers = app.send(app.request("GET", "/api/sessions").bearer_auth(&alice)).await;
    assert_eq!(hers.json()[0]["id"], id.as_str());
}

#[tokio::test]
async fn health_tells_strangers_only_that_the_server_lives() {
    let app = TestApp::with(Setup { token_required: true, ..Setup::default() }).await;
    let mut health = app.get("/health").await.json();
    health["uptimeSeconds"] = json!(0);
    expect_test::expect![[r#"{"status":"ok","version":"9.9.9","uptimeSeconds":0,"tokenRequired":true,"queue":null,"findings":[]}"#]].assert_eq(&health.to_string());
    let token = app.token("local", Scope::Read).await;
    let known = app.send(app.request("GET", "/health").bearer_auth(&token)).await.json();
    assert_eq!(known["queue"], json!({"queued": 0, "running": 0}));
    assert_eq!(app.get("/health/ready").await.text, r#"{"status":"ready","failing":[]}"#);
}
