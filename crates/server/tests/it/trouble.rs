//! When something goes wrong behind the API, or the server is told to stop: honest answers, and nothing in the log that
//! should not be there.

use crate::app::TestApp;
use serde_json::json;
use std::io::Write;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use telecoder_model::principal::Scope;

#[tokio::test]
async fn a_store_that_is_gone_is_an_answer_with_a_reason() {
    let app = TestApp::start().await;
    let id = app.create("x").await;
    let mut stream = app
        .request("GET", &format!("/api/sessions/{id}/events"))
        .header("accept", "text/event-stream")
        .send()
        .await
        .unwrap();
    assert!(stream.chunk().await.unwrap().is_some());
    app.sqlite.close().await.unwrap();
    assert_eq!(app.get("/api/sessions").await.error(), "500 internal");
    assert_eq!(app.get("/api/sessions?cursor=s0-aaaaaaaaaaaa").await.error(), "500 internal");
    let ready = app.get("/health/ready").await;
    assert_eq!((ready.status, ready.json()["failing"].clone()), (503, json!(["store"])));
    assert_eq!(app.get("/health").await.json()["status"], "ok");
    app.wake(&id);
    let mut rest = Vec::new();
    while let Ok(Some(piece)) = stream.chunk().await {
        rest.extend_from_slice(&piece);
    }
    assert!(!String::from_utf8(rest).unwrap().contains(": end"));
}

#[tokio::test]
async fn a_panic_is_answered_and_the_server_goes_on() {
    let app = TestApp::start().await;
    let answer = app.call("POST", "/api/agents/panic/check", json!({})).await;
    assert_eq!(answer.error(), "500 internal");
    assert!(!answer.text.contains("this fake panics"));
    assert_eq!(app.get("/health").await.status, 200);
}

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_server_stops() {
    let mut app = TestApp::start().await;
    let agents = Arc::clone(&app.agents);
    let paused = agents.pause.lock().await;
    let request = app.request("POST", "/api/agents/codex/install");
    let answer = tokio::spawn(request.send());
    while agents.begun.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    app.tell_to_stop();
    while app.request("GET", "/health").send().await.is_ok() {
        tokio::task::yield_now().await;
    }
    drop(paused);
    assert_eq!(answer.await.unwrap().unwrap().status(), 200);
    app.stop().await;
}

/// Keeps what all tests of this program log. (A subscriber of one thread would miss what others registered first.)
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_has_a_line_for_each_request_and_no_secret() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::INFO)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let app = TestApp::start().await;
    let token = app.token("local", Scope::Admin).await;
    for (method, path, body) in [
        ("POST", "/api/sessions", "{\"prompt\": \"hunter2\"}"),
        ("GET", "/api/sessions?q=hunter2", ""),
        ("GET", "/api/sessions?surprise=hunter2", ""),
        ("GET", "/hunter2", ""),
        ("POST", "/api/sessions", "{\"prompt\": \"x\", \"repo\": \"hunter2\"}"),
        ("PUT", "/api/sessions", ""),
    ] {
        let request = app.request(method, path).bearer_auth(&token).header("x-request-id", "logged-here");
        app.send(request.header("content-type", "application/json").body(body)).await;
    }
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(!text.contains("hunter2") && !text.contains(&token), "{text}");
    let mut lines = String::new();
    for line in text.lines().filter(|line| line.contains("logged-here")) {
        let fields = &serde_json::from_str::<serde_json::Value>(line).unwrap()["fields"];
        assert!(fields["ms"].is_u64() && fields["message"] == "request", "{line}");
        let (method, path) = (&fields["method"], &fields["path"]);
        lines.push_str(&format!("{method} {path} {} {}\n", fields["status"], fields["code"]));
    }
    expect_test::expect![[r#"
        "POST" "/api/sessions" 201 ""
        "GET" "/api/sessions" 200 ""
        "GET" "/api/sessions" 400 "unknown_parameter"
        "GET" "-" 404 "not_found"
        "POST" "/api/sessions" 400 "invalid_field"
        "PUT" "/api/sessions" 405 "method_not_allowed"
    "#]]
    .assert_eq(&lines);
}
