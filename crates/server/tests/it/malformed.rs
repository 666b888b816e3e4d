//! Requests that are wrong: each is answered by the same JSON, with the right status.

use crate::app::TestApp;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn operations() -> Vec<(String, String, Value)> {
    let document = serde_json::to_value(telecoder_server::openapi::document()).unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let path =
                path.replace("{id}", "aaaaaaaaaaaa").replace("{number}", "7").replace("{name}", "goose");
            all.push((method.to_uppercase(), path, operation.clone()));
        }
    }
    all
}

#[tokio::test]
async fn every_route_that_changes_something_takes_json_only() {
    let app = TestApp::start().await;
    for (method, path, _) in operations() {
        if !matches!(method.as_str(), "POST" | "PATCH") {
            continue;
        }
        for wrong in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonp",
            "",
        ] {
            let request =
                app.request(&method, &path).header("content-type", wrong).body("{\"prompt\": \"x\"}");
            assert_eq!(app.send(request).await.error(), "415 content_type", "{method} {path} {wrong}");
        }
        let bare = app.request(&method, &path).body("{\"prompt\": \"x\"}");
        assert_eq!(app.send(bare).await.error(), "415 content_type", "{method} {path}");
        let answer = app.call(&method, &path, json!({"surprise": 1})).await;
        assert_eq!(answer.error(), "400 unknown_field", "{method} {path}");
        assert!(answer.json()["error"].as_str().unwrap().contains("`surprise`"), "{}", answer.text);
        for not_an_object in [json!([]), json!(null), json!("x"), json!(1)] {
            let answer = app.call(&method, &path, not_an_object).await;
            assert_eq!(answer.error(), "400 invalid_field", "{method} {path}");
        }
        for (body, wanted) in [("{", "400 invalid_json"), (&*" ".repeat(2 << 20), "413 body_too_large")] {
            let request = app.request(&method, &path).header("content-type", "application/json");
            let answer = app.send(request.body(body.to_owned())).await;
            assert_eq!(answer.error(), wanted, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn every_route_refuses_strange_hosts_and_origins() {
    let app = TestApp::start().await;
    for (method, path, _) in operations() {
        for (name, value, wanted) in [
            ("host", "evil.example", "403 foreign_host"),
            ("origin", "http://evil.example", "403 foreign_origin"),
        ] {
            let answer = app.send(app.request(&method, &path).header(name, value)).await;
            assert_eq!(answer.error(), wanted, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn every_route_refuses_parameters_that_it_does_not_know() {
    let app = TestApp::start().await;
    for (method, path, operation) in operations() {
        let answer = app.call(&method, &format!("{path}?surprise=1"), json!({})).await;
        assert_eq!(answer.error(), "400 unknown_parameter", "{method} {path}");
        let known = operation["parameters"].as_array().into_iter().flatten().filter(|p| p["in"] == "query");
        for parameter in known {
            let name = parameter["name"].as_str().unwrap();
            let answer = app.call(&method, &format!("{path}?{name}=1&{name}=1"), json!({})).await;
            assert_eq!(answer.error(), "400 invalid_parameter", "{method} {path} {name}");
        }
    }
}

#[tokio::test]
async fn a_wrong_value_is_refused_with_its_name() {
    let app = TestApp::start().await;
    let mut all = String::new();
    for (method, path, body) in [
        ("POST", "/api/sessions", json!({"prompt": ""})),
        ("POST", "/api/sessions", json!({"prompt": "x".repeat(100_001)})),
        ("POST", "/api/sessions", json!({"prompt": "x", "policy": "yolo"})),
        ("POST", "/api/sessions", json!({"prompt": "x", "agent": "nobody"})),
        ("POST", "/api/sessions", json!({"prompt": "x", "agent": "codex"})),
        ("POST", "/api/sessions", json!({"prompt": "x", "policy": "observe", "publish": "auto"})),
        ("POST", "/api/sessions", json!({"prompt": "x", "base": "main"})),
        ("POST", "/api/sessions", json!({"prompt": "x", "repo": "acme/api"})),
        ("POST", "/api/sessions", json!({"prompt": "x", "parentSessionId": "zzzz"})),
        ("POST", "/api/sessions", json!({"prompt": "x", "model": "--yolo"})),
        ("GET", "/api/sessions?status=asleep", json!({})),
        ("GET", "/api/sessions?limit=0", json!({})),
        ("GET", "/api/sessions?limit=1001", json!({})),
        ("GET", "/api/sessions?limit=-1", json!({})),
        ("GET", "/api/sessions?limit=many", json!({})),
        ("GET", "/api/sessions?repo=-x", json!({})),
        ("GET", "/api/sessions?agent=A", json!({})),
        ("GET", "/api/sessions?cursor=nonsense", json!({})),
        ("GET", "/api/inbox?limit=201", json!({})),
        ("GET", "/api/pulls?state=lost", json!({})),
        ("GET", "/api/doctor?prove=maybe", json!({})),
        ("GET", "/api/pulls/x", json!({})),
        ("GET", "/api/pulls/99", json!({})),
        ("GET", "/api/sessions/..%2F..%2Fetc", json!({})),
        ("GET", "/api/sessions/%ff", json!({})),
        ("POST", "/api/agents/NOBODY/install", json!({})),
        ("POST", "/api/agents/nobody/check", json!({})),
        ("POST", "/api/approvals/d-1", json!({"decision": "approve"})),
        ("POST", "/api/approvals/d-1", json!({"decision": "answer", "answer": "42"})),
        ("POST", "/api/tokens", json!({"name": "", "scope": "read"})),
        ("POST", "/api/tokens", json!({"name": "x", "scope": "root"})),
        ("POST", "/api/tokens", json!({"name": "x", "scope": "read", "expiresAt": "tomorrow"})),
        ("POST", "/api/tokens", json!({"name": "x", "scope": "read", "expiresAt": "2001-01-01T00:00:00Z"})),
        ("DELETE", "/api/tokens/tok-none", json!({})),
        ("POST", "/api/repositories/inspect", json!({"repo": "ext::sh -c id"})),
        ("POST", "/api/repositories/inspect", json!({"repo": "/srv/nothing"})),
    ] {
        let answer = app.call(method, path, body).await;
        let shown: String = answer.json()["error"].as_str().unwrap().chars().take(120).collect();
        all.push_str(&format!("{method} {path} → {}: {shown}\n", answer.error()));
    }
    expect_test::expect![[r#"
        POST /api/sessions → 400 prompt_invalid: the prompt is empty: say what is to be done
        POST /api/sessions → 400 prompt_invalid: the prompt has 100001 characters; 100000 are allowed
        POST /api/sessions → 400 policy_unknown: there is no policy `yolo`
        POST /api/sessions → 400 agent_unknown: there is no agent `nobody`
        POST /api/sessions → 422 agent_not_installed: the agent `codex` is not installed
        POST /api/sessions → 400 policy_forbids: policy `observe` never publishes; leave `publish` out or choose another policy
        POST /api/sessions → 400 base_without_repository: `base` needs a repository
        POST /api/sessions → 422 forge_unknown: no forge is configured for `https://github.com/acme/api`
        POST /api/sessions → 404 session_not_found: no session begins with `zzzz`
        POST /api/sessions → 400 model_invalid: a model name has at most 200 characters of A-Z a-z 0-9 . _ - : / @
        GET /api/sessions?status=asleep → 400 invalid_parameter: `status`: `asleep` is not a status: pending, preparing, running, waiting, idle, hibernated, complete, error, stopped, ac
        GET /api/sessions?limit=0 → 400 invalid_parameter: `limit`: a number from 1 to 1000 was expected
        GET /api/sessions?limit=1001 → 400 invalid_parameter: `limit`: a number from 1 to 1000 was expected
        GET /api/sessions?limit=-1 → 400 invalid_parameter: `limit`: invalid digit found in string
        GET /api/sessions?limit=many → 400 invalid_parameter: `limit`: invalid digit found in string
        GET /api/sessions?repo=-x → 400 invalid_parameter: `repo`: `-x` is not a repository: it may not begin with a dash
        GET /api/sessions?agent=A → 400 invalid_parameter: `agent`: `A` is not a valid agent name: only a-z, 0-9 and - are allowed
        GET /api/sessions?cursor=nonsense → 400 invalid_parameter: `cursor`: this list gave no such place
        GET /api/inbox?limit=201 → 400 invalid_parameter: `limit`: a number from 1 to 200 was expected
        GET /api/pulls?state=lost → 400 invalid_parameter: `state`: `lost` is not a pull request state: draft, open, merged, closed
        GET /api/doctor?prove=maybe → 400 invalid_parameter: `prove`: 1 or 0 was expected
        GET /api/pulls/x → 404 pull_not_found: no pull request has this number
        GET /api/pulls/99 → 404 pull_not_found: there is no local pull request #99
        GET /api/sessions/..%2F..%2Fetc → 404 session_not_found: no session has this id
        GET /api/sessions/%ff → 400 invalid: the request cannot be read
        POST /api/agents/NOBODY/install → 404 agent_unknown: there is no agent `NOBODY`
        POST /api/agents/nobody/check → 404 agent_unknown: there is no agent `nobody`
        POST /api/approvals/d-1 → 404 approval_not_found: there is no approval `d-1`
        POST /api/approvals/d-1 → 422 not_a_question: this approval is answered by approve or deny
        POST /api/tokens → 400 token_name_invalid: a token's name has 1 to 100 printable characters
        POST /api/tokens → 400 invalid_field: `scope`: unknown variant `root`, expected one of `read`, `run`, `publish`, `admin` at line 1 column 26
        POST /api/tokens → 400 invalid_field: `expiresAt`: `tomorrow` is not an RFC 3339 time
        POST /api/tokens → 400 token_expiry_past: the token would have expired already
        DELETE /api/tokens/tok-none → 404 token_not_found: there is no token `tok-none`
        POST /api/repositories/inspect → 400 invalid_field: `repo`: `ext::sh -c id` is not a repository: transports that run programs are refused; use owner/name, an https or ssh U
        POST /api/repositories/inspect → 404 not_found: /srv/nothing cannot be read
    "#]].assert_eq(&all);
}

#[tokio::test]
async fn the_body_is_bounded_and_the_client_sees_the_answer() {
    let app = TestApp::start().await;
    let just = json!({"prompt": "x", "title": "x".repeat((1 << 20) - 40)}).to_string();
    assert!(just.len() <= 1 << 20);
    let send = async |body: String| {
        app.send(app.request("POST", "/api/sessions").header("content-type", "application/json").body(body))
            .await
    };
    assert_eq!(send(just).await.error(), "400 title_invalid");
    assert_eq!(
        send(format!("{{\"prompt\": \"{}\"}}", "x".repeat(1 << 20))).await.error(),
        "413 body_too_large"
    );
    assert_eq!(send(" ".repeat(6 << 20)).await.error(), "413 body_too_large");
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_answered_in_json() {
    let app = TestApp::start().await;
    for path in ["/api", "/api/", "/api/nothing", "/api/sessions/", "/nothing", "/api/sessions/a/b/c"] {
        assert_eq!(app.get(path).await.error(), "404 not_found", "{path}");
    }
    for (method, path) in [
        ("PUT", "/api/sessions"),
        ("DELETE", "/api/sessions"),
        ("POST", "/health"),
        ("GET", "/api/inbox/seen"),
        ("TRACE", "/api/sessions"),
        ("OPTIONS", "/api/sessions"),
        ("POST", "/"),
    ] {
        let answer = app.call(method, path, json!({})).await;
        assert_eq!(answer.error(), "405 method_not_allowed", "{method} {path}");
        assert!(!answer.header("allow").is_empty(), "{method} {path}");
    }
    let head = app.send(app.request("HEAD", "/api/sessions")).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
}

/// Sends bytes as they are and reads until the server closes.
async fn raw(app: &TestApp, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    // A server that refuses to go on may reset the connection behind its answer.
    if let Err(error) = stream.read_to_end(&mut answer).await {
        assert!(!answer.is_empty(), "{error}");
    }
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn requests_that_no_browser_sends_do_no_harm() {
    let app = TestApp::start().await;
    let host = app.address;
    let answer = raw(
        &app,
        format!("GET http://evil.example/health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
            .as_bytes(),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    let answer = raw(&app, b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    let two =
        format!("GET /health HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    assert!(raw(&app, two.as_bytes()).await.starts_with("HTTP/1.1 403"));
    assert!(raw(&app, b"\x16\x03\x01 nonsense\r\n\r\n").await.starts_with("HTTP/1.1 400"));
    let long = format!("GET /{} HTTP/1.1\r\nHost: {host}\r\n\r\n", "x".repeat(100_000));
    let answer = raw(&app, long.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    let cut = format!(
        "POST /api/sessions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
    );
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    stream.write_all(cut.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(!String::from_utf8_lossy(&answer).contains("500"));
    assert_eq!(app.get("/health").await.status, 200);
}

#[tokio::test]
async fn every_answer_has_the_headers_that_keep_browsers_safe() {
    let app = TestApp::start().await;
    for path in
        ["/", "/api/docs", "/style.css", "/api/sessions", "/api/nothing", "/health", "/api/openapi.json"]
    {
        let answer = app.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        assert!(
            !answer.header("x-request-id").is_empty() && !answer.header("cache-control").is_empty(),
            "{path}"
        );
        assert!(answer.headers.get("access-control-allow-origin").is_none(), "{path}");
        let is_api = path.starts_with("/api/") && path != "/api/docs";
        assert_eq!(answer.header("cache-control") == "no-store", is_api || path == "/health", "{path}");
    }
    let answer = app.send(app.request("GET", "/api/nothing").header("x-request-id", "mine-1")).await;
    assert_eq!(answer.json()["requestId"], "mine-1");
}
