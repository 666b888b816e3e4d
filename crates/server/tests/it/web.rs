//! The web UI: its files, its page, and what never gives one.

use crate::app::{Answer, Setup, TestApp};
use telecoder_server::Asset;

const UI: &[Asset] = &[
    Asset {
        path: "/index.html",
        digest: "i1",
        plain: b"<!doctype html><meta property=\"csp-nonce\" nonce=\"__CSP_NONCE__\"><p>ui</p>",
        br: None,
        gzip: None,
    },
    Asset {
        path: "/assets/main-abc.js",
        digest: "m1",
        plain: b"plain()",
        br: Some(b"(br)"),
        gzip: Some(b"(gzip)"),
    },
    Asset { path: "/favicon.svg", digest: "f1", plain: b"<svg/>", br: None, gzip: None },
];

async fn app() -> TestApp {
    TestApp::with(Setup { web: Some(UI), token_required: true, ..Setup::default() }).await
}

async fn with(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request =
        headers.iter().fold(app.request("GET", path), |request, (name, value)| request.header(*name, *value));
    app.send(request).await
}

#[tokio::test]
async fn a_person_who_opens_an_address_gets_the_page() {
    let app = app().await;
    let browser = [("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")];
    for path in ["/", "/index.html", "/new", "/sessions/aaaaaaaaaaaa", "/login?code=x"] {
        let answer = with(&app, path, &browser).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.text.contains("<p>ui</p>"), "{path}: {}", answer.text);
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(answer.header("cache-control"), "no-cache");
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
    }
    assert_eq!(with(&app, "/", &[]).await.status, 200);
}

#[tokio::test]
async fn each_page_has_a_nonce_of_its_own_and_allows_no_script_but_its_files() {
    let app = app().await;
    let (one, two) = (with(&app, "/", &[]).await, with(&app, "/", &[]).await);
    let nonce =
        |answer: &Answer| answer.text.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(nonce(&one).len(), 24);
    assert_ne!(nonce(&one), nonce(&two));
    expect_test::expect!["default-src 'none'; script-src 'self'; style-src 'self' 'nonce-N'; style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"]
        .assert_eq(&one.header("content-security-policy").replace(&nonce(&one), "N"));
}

#[tokio::test]
async fn addresses_that_are_no_pages_stay_json() {
    let app = app().await;
    let browser = [("accept", "text/html")];
    for path in ["/api/nothing", "/api", "/health/nothing", "/assets/gone-123.js", "/assets"] {
        assert_eq!(with(&app, path, &browser).await.error(), "404 not_found", "{path}");
    }
    for headers in
        [&[][..], &[("accept", "*/*")], &[("accept", "application/json")], &[("accept", "text/html;q=0")]]
    {
        assert_eq!(with(&app, "/nowhere", headers).await.error(), "404 not_found", "{headers:?}");
    }
    let posted = app.send(app.request("POST", "/sessions").header("accept", "text/html")).await;
    assert_eq!(posted.error(), "404 not_found");
    assert_eq!(with(&app, "/api/sessions", &browser).await.error(), "401 token_missing");
}

#[tokio::test]
async fn files_are_cached_by_their_names_and_sent_compressed() {
    let app = app().await;
    let path = "/assets/main-abc.js";
    for (accepted, body, encoding, tag) in [
        ("gzip, deflate, br, zstd", "(br)", "br", "\"m1-br\""),
        ("gzip", "(gzip)", "gzip", "\"m1-gzip\""),
        ("br;q=0, gzip;q=0.5", "(gzip)", "gzip", "\"m1-gzip\""),
        ("identity", "plain()", "", "\"m1\""),
    ] {
        let answer = with(&app, path, &[("accept-encoding", accepted)]).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, body), "{accepted}");
        assert_eq!(answer.header("content-encoding"), encoding);
        assert_eq!(answer.header("etag"), tag);
        assert_eq!(answer.header("vary"), "accept-encoding");
        assert_eq!(answer.header("content-type"), "text/javascript; charset=utf-8");
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
    }
    let icon = with(&app, "/favicon.svg", &[]).await;
    assert_eq!((icon.header("cache-control"), icon.header("content-type")), ("no-cache", "image/svg+xml"));
    for known in ["\"f1\"", "W/\"f1\"", "\"x\", \"f1\"", "*"] {
        let again = with(&app, "/favicon.svg", &[("if-none-match", known)]).await;
        assert_eq!((again.status, again.text.as_str()), (304, ""), "{known}");
    }
    assert_eq!(with(&app, "/favicon.svg", &[("if-none-match", "\"f2\"")]).await.status, 200);
    let head = app.send(app.request("HEAD", path)).await;
    assert_eq!((head.status, head.text.as_str(), head.header("content-length")), (200, "", "7"));
}

#[tokio::test]
async fn a_binary_without_the_ui_says_how_to_build_it() {
    let app = TestApp::start().await;
    let page = with(&app, "/sessions/aaaaaaaaaaaa", &[("accept", "text/html")]).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("cargo xtask web"), "{}", page.text);
    assert_eq!(with(&app, "/assets/main-abc.js", &[]).await.error(), "404 not_found");
}
