//! Browsers: signing in by a token or a link, what a cookie may do and what not, and when it ends.

use crate::app::{Answer, Setup, TestApp};
use serde_json::{Value, json};
use std::time::Duration;
use telecoder_engine::request::TokenRequest;
use telecoder_model::port::clock::Clock;
use telecoder_model::principal::{Principal, Scope};

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn app() -> TestApp {
    TestApp::with(Setup { token_required: true, ..Setup::default() }).await
}

async fn login(app: &TestApp, body: Value) -> Answer {
    app.call("POST", "/api/login", body).await
}

/// `name=value` of the cookie that an answer sets.
fn cookie(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

async fn with(app: &TestApp, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let request = headers
        .iter()
        .fold(app.request(method, path), |request, (name, value)| request.header(*name, *value));
    app.send(request.body(body.to_owned())).await
}

async fn me(app: &TestApp, cookie: &str) -> Value {
    let answer = with(app, "GET", "/api/me", &[("cookie", cookie)], "").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn a_token_signs_a_browser_in() {
    let app = app().await;
    let token = app.token("ann", Scope::Publish).await;
    assert_eq!(
        me(&app, "").await,
        json!({"loginRequired": true, "user": null, "scope": null, "how": null, "expiresAt": null, "version": "9.9.9"})
    );
    let answer = login(&app, json!({"token": format!(" {token}\n")})).await;
    let set = answer.header("set-cookie");
    let (name, rest) = set.split_once('=').unwrap();
    assert_eq!(name, format!("telecoder-{}", app.address.port()));
    assert_eq!(rest.split_once("; ").unwrap().1, "Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict");
    assert!(!answer.text.contains(rest.split(';').next().unwrap()), "the secret is only in the cookie");
    assert_eq!(me(&app, &cookie(&answer)).await, answer.json());
    expect_test::expect![[r#"{"loginRequired":false,"user":"ann","scope":"publish","how":"cookie","expiresAt":"2023-11-21T22:13:20.000Z","version":"9.9.9"}"#]]
        .assert_eq(&answer.text);
    let read = with(&app, "GET", "/api/sessions", &[("cookie", &cookie(&answer))], "").await;
    assert_eq!(read.status, 200);
    let by_token =
        with(&app, "GET", "/api/me", &[("authorization", &format!("Bearer {token}"))], "").await.json();
    assert_eq!((&by_token["how"], &by_token["expiresAt"]), (&json!("token"), &Value::Null));
}

#[tokio::test]
async fn what_does_not_sign_in_says_why() {
    let app = app().await;
    for (body, expected) in [
        (json!({"token": "tc_0"}), "401 token_unknown"),
        (json!({"token": "x".repeat(5000)}), "401 token_unknown"),
        (json!({"code": "ts_0"}), "401 code_invalid"),
        (json!({"code": "x".repeat(5000)}), "401 code_invalid"),
        (json!({}), "400 invalid_field"),
        (json!({"token": "a", "code": "b"}), "400 invalid_field"),
        (json!({"password": "a"}), "400 unknown_field"),
    ] {
        let answer = login(&app, body.clone()).await;
        assert_eq!(answer.error(), expected, "{body}");
        assert_eq!(answer.header("set-cookie"), "");
    }
    let foreign = [("content-type", "application/json"), ("origin", "http://evil.example")];
    assert_eq!(with(&app, "POST", "/api/login", &foreign, "{}").await.error(), "403 foreign_origin");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(with(&app, "POST", "/api/login", &form, "token=x").await.error(), "415 content_type");
}

#[tokio::test]
async fn a_cookie_alone_changes_nothing() {
    let app = app().await;
    let token = app.token("local", Scope::Admin).await;
    let cookie = cookie(&login(&app, json!({"token": token})).await);
    let json = ("content-type", "application/json");
    let ours = ("x-telecoder", "web");
    for headers in
        [&[][..], &[json], &[ours], &[json, ("x-telecoder", "no")], &[("content-type", "text/plain"), ours]]
    {
        let mut headers = headers.to_vec();
        headers.push(("cookie", &cookie));
        for (method, path) in
            [("POST", "/api/inbox/seen"), ("DELETE", "/api/tokens/tok-aaaaaaaaaa"), ("POST", "/api/logout")]
        {
            assert_eq!(
                with(&app, method, path, &headers, "").await.error(),
                "403 csrf",
                "{method} {path} {headers:?}"
            );
        }
    }
    let good = [json, ours, ("cookie", &cookie)];
    assert_eq!(with(&app, "POST", "/api/inbox/seen", &good, "").await.status, 204);
    let session = with(&app, "POST", "/api/sessions", &good, "{\"prompt\": \"x\"}").await;
    assert_eq!(session.status, 201, "{}", session.text);
    let foreign = [json, ours, ("cookie", &cookie), ("origin", "http://localhost:1")];
    assert_eq!(with(&app, "POST", "/api/inbox/seen", &foreign, "").await.error(), "403 foreign_origin");
    let token = format!("Bearer {token}");
    let both = [("cookie", cookie.as_str()), ("authorization", &token)];
    assert_eq!(with(&app, "POST", "/api/inbox/seen", &both, "").await.status, 204, "a token needs no header");
}

#[tokio::test]
async fn scopes_hold_for_browsers_too() {
    let app = app().await;
    let token = app.token("local", Scope::Read).await;
    let cookie = cookie(&login(&app, json!({"token": token})).await);
    let headers = [("content-type", "application/json"), ("x-telecoder", "web"), ("cookie", cookie.as_str())];
    let refused = with(&app, "POST", "/api/sessions", &headers, "{\"prompt\": \"x\"}").await;
    assert_eq!(refused.error(), "403 scope_missing");
    assert_eq!(with(&app, "POST", "/api/login/links", &headers, "{}").await.error(), "403 scope_missing");
}

#[tokio::test]
async fn a_browser_that_signs_out_is_nobody() {
    let app = app().await;
    let token = app.token("local", Scope::Read).await;
    let cookie = cookie(&login(&app, json!({"token": token})).await);
    let headers = [("content-type", "application/json"), ("x-telecoder", "web"), ("cookie", cookie.as_str())];
    let out = with(&app, "POST", "/api/logout", &headers, "").await;
    assert_eq!(out.status, 204);
    let name = format!("telecoder-{}", app.address.port());
    let cleared: Vec<_> =
        out.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!(
        cleared,
        [
            format!("{name}=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict"),
            format!("__Host-{name}=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict; Secure"),
        ]
    );
    assert_eq!(me(&app, &cookie).await["loginRequired"], true);
    let read = with(&app, "GET", "/api/sessions", &[("cookie", &cookie)], "").await;
    assert_eq!(read.error(), "401 sign_in_expired");
    assert_eq!(with(&app, "POST", "/api/logout", &headers, "").await.status, 204);
}

#[tokio::test]
async fn a_sign_in_slides_for_a_week_and_ends_after_a_month() {
    let app = app().await;
    let token = app.token("local", Scope::Read).await;
    let cookie = cookie(&login(&app, json!({"token": token})).await);
    for _ in 0..4 {
        app.clock.advance(DAY * 6);
        assert_eq!(me(&app, &cookie).await["user"], "local");
    }
    app.clock.advance(DAY * 5);
    assert_eq!(me(&app, &cookie).await["expiresAt"], "2023-12-14T22:13:20.000Z", "a month after signing in");
    app.clock.advance(DAY);
    assert_eq!(me(&app, &cookie).await["loginRequired"], true);
    let idle = cookie_of(&app, &token).await;
    app.clock.advance(DAY * 7);
    assert_eq!(me(&app, &idle).await["loginRequired"], true);
}

async fn cookie_of(app: &TestApp, token: &str) -> String {
    cookie(&login(app, json!({"token": token})).await)
}

#[tokio::test]
async fn a_browser_is_signed_in_no_longer_than_its_token_works() {
    let app = app().await;
    let request =
        |expires_at| TokenRequest { name: "t".to_owned(), scope: Scope::Admin, user: None, expires_at };
    let short =
        app.engine.create_token(&Principal::local(), request(Some(app.clock.now().plus(DAY)))).await.unwrap();
    let short = cookie_of(&app, &short.secret).await;
    let token = app.engine.create_token(&Principal::local(), request(None)).await.unwrap();
    let long = cookie_of(&app, &token.secret).await;
    // A link that a browser makes hangs on the same token.
    let headers = [("content-type", "application/json"), ("x-telecoder", "web"), ("cookie", long.as_str())];
    let code = with(&app, "POST", "/api/login/links", &headers, "").await.json()["code"].clone();
    let by_link = cookie(&login(&app, json!({"code": code})).await);
    app.clock.advance(DAY);
    assert_eq!(me(&app, &short).await["loginRequired"], true);
    assert_eq!(
        (me(&app, &long).await["scope"].clone(), me(&app, &by_link).await["scope"].clone()),
        (json!("admin"), json!("admin"))
    );
    app.engine.revoke_token(&Principal::local(), &token.token.id).await.unwrap();
    for cookie in [&long, &by_link] {
        let read = with(&app, "GET", "/api/sessions", &[("cookie", cookie)], "").await;
        assert_eq!(read.error(), "401 token_revoked");
    }
}

#[tokio::test]
async fn a_link_works_once_and_for_five_minutes() {
    let app = app().await;
    let token = format!("Bearer {}", app.token("ann", Scope::Admin).await);
    let make = async || {
        let made = with(&app, "POST", "/api/login/links", &[("authorization", &token)], "").await;
        assert_eq!(made.status, 201, "{}", made.text);
        made.json()
    };
    let link = make().await;
    assert_eq!(link["path"], format!("/login?code={}", link["code"].as_str().unwrap()));
    assert_eq!(link["expiresAt"], "2023-11-14T22:18:20.000Z");
    let as_cookie = format!("telecoder-{}={}", app.address.port(), link["code"].as_str().unwrap());
    assert_eq!(me(&app, &as_cookie).await["loginRequired"], true, "a code is no cookie");
    let signed_in = login(&app, json!({"code": link["code"]})).await;
    assert_eq!((&signed_in.json()["user"], &signed_in.json()["scope"]), (&json!("ann"), &json!("admin")));
    assert_eq!(login(&app, json!({"code": link["code"]})).await.error(), "401 code_invalid");
    let secret = cookie(&signed_in).split_once('=').unwrap().1.to_owned();
    assert_eq!(login(&app, json!({"code": secret})).await.error(), "401 code_invalid", "a cookie is no code");
    assert_eq!(me(&app, &cookie(&signed_in)).await["user"], "ann", "and stays one");
    let late = make().await;
    app.clock.advance(Duration::from_secs(300));
    assert_eq!(login(&app, json!({"code": late["code"]})).await.error(), "401 code_invalid");
}

#[tokio::test]
async fn cookies_of_others_do_no_harm() {
    let app = TestApp::start().await;
    let name = format!("telecoder-{}", app.address.port());
    for cookie in
        ["", "other=1", &format!("{name}=nonsense"), &format!("{name}=a; {name}=b"), &format!("{name}=")]
    {
        assert_eq!(me(&app, cookie).await["how"], "open", "{cookie}");
        let read = with(&app, "GET", "/api/sessions", &[("cookie", cookie)], "").await;
        assert_eq!(read.status, 200, "{cookie}");
    }
    let token = app.token("ann", Scope::Read).await;
    let origin = format!("https://localhost:{}", app.address.port());
    let body = json!({"token": token}).to_string();
    let headers = [("content-type", "application/json"), ("origin", origin.as_str())];
    let set = with(&app, "POST", "/api/login", &headers, &body).await;
    assert!(
        set.header("set-cookie").starts_with(&format!("__Host-{name}=ts_")),
        "{}",
        set.header("set-cookie")
    );
    assert!(set.header("set-cookie").ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"));
    assert_eq!(me(&app, &format!("{}; {name}=tossed", cookie(&set))).await["user"], "ann");
}

#[tokio::test]
async fn a_stream_ends_when_its_browser_is_signed_out() {
    let setup =
        Setup { token_required: true, heartbeat: Some(Duration::from_millis(20)), ..Setup::default() };
    let app = TestApp::with(setup).await;
    let id = app.create_of("ann", "x").await;
    let cookie = cookie_of(&app, &app.token("ann", Scope::Run).await).await;
    let stream = app
        .request("GET", &format!("/api/sessions/{id}/events"))
        .header("accept", "text/event-stream")
        .header("cookie", &cookie)
        .send()
        .await
        .unwrap();
    assert_eq!(stream.status(), 200);
    let headers = [("content-type", "application/json"), ("x-telecoder", "web"), ("cookie", cookie.as_str())];
    assert_eq!(with(&app, "POST", "/api/logout", &headers, "").await.status, 204);
    let text = stream.text().await.unwrap();
    assert!(text.contains("event: status") && !text.contains(": end"), "{text}");
}
