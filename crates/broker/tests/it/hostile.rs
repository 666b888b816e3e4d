//! Requests that try to get elsewhere, or to confuse: none of them leaves.

use crate::inside::{gateway, raw};
use crate::recorder::Recorder;
use crate::upstream::{Upstream, whole};
use expect_test::{Expect, expect};
use telecoder_model::port::gateway::Provider;

/// Sends each request raw on a connection of its own; gives the status lines; nothing may reach the provider.
async fn check(provider: Provider, requests: &[&str], expected: Expect) {
    let upstream =
        Upstream::play(vec![whole("200 OK", &[("content-type", "application/json")], b"{}")]).await;
    let (gateway, sink) = (gateway(&upstream), Recorder::new());
    let mut out = String::new();
    for request in requests {
        let text = raw(&gateway, provider, &sink, request.as_bytes()).await;
        let first = request.lines().next().unwrap_or_default();
        out.push_str(&format!("{first} -> {}\n", text.lines().next().unwrap_or("closed")));
        assert!(!text.contains("sk-test"), "{text}");
    }
    assert_eq!(upstream.seen(), [], "something left");
    assert_eq!(sink.heard(), [], "something was announced");
    expected.assert_eq(&out);
}

/// A request of a method and a target, well-formed otherwise.
fn plain(line: &str) -> String {
    format!("{line} HTTP/1.1\r\nhost: 127.0.0.1:4101\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{{}}")
}

async fn check_lines(provider: Provider, lines: &[&str], expected: Expect) {
    let requests: Vec<String> = lines.iter().map(|line| plain(line)).collect();
    let requests: Vec<&str> = requests.iter().map(String::as_str).collect();
    check(provider, &requests, expected).await;
}

#[tokio::test]
async fn paths_that_are_not_the_model_api_are_refused() {
    let lines = [
        "POST /",
        "POST /v1",
        "POST /v1/files",
        "POST /v1/messages/batches",
        "GET /v1/organizations/users",
        "POST /v1/v1/messages",
        "POST /v2/messages",
        "POST /v1/messagesx",
        "POST /v1/messages/",
        "POST //v1/messages",
        "POST /v1//messages",
        "POST /v1/../v1/messages",
        "GET /v1/models/..",
        "GET /v1/models/%2e%2e",
        "GET /v1/models/a%2fb",
        "GET /v1/models/a%5cb",
        "GET /v1/models/a%00",
        "GET /v1/models/a%252f",
        "GET /v1/models/a;b",
        "GET /v1/models/a%0d%0ax-api-key:%20k",
        "GET /v1/models/%ff",
        "POST /v1/messages;x",
        "POST /V1/messages",
    ];
    check_lines(
        Provider::Anthropic,
        &lines,
        expect![[r#"
        POST / HTTP/1.1 -> HTTP/1.1 403 Forbidden
        POST /v1 HTTP/1.1 -> HTTP/1.1 403 Forbidden
        POST /v1/files HTTP/1.1 -> HTTP/1.1 403 Forbidden
        POST /v1/messages/batches HTTP/1.1 -> HTTP/1.1 403 Forbidden
        GET /v1/organizations/users HTTP/1.1 -> HTTP/1.1 403 Forbidden
        POST /v1/v1/messages HTTP/1.1 -> HTTP/1.1 403 Forbidden
        POST /v2/messages HTTP/1.1 -> HTTP/1.1 403 Forbidden
        POST /v1/messagesx HTTP/1.1 -> HTTP/1.1 403 Forbidden
        POST /v1/messages/ HTTP/1.1 -> HTTP/1.1 400 Bad Request
        POST //v1/messages HTTP/1.1 -> HTTP/1.1 400 Bad Request
        POST /v1//messages HTTP/1.1 -> HTTP/1.1 400 Bad Request
        POST /v1/../v1/messages HTTP/1.1 -> HTTP/1.1 400 Bad Request
        GET /v1/models/.. HTTP/1.1 -> HTTP/1.1 400 Bad Request
        GET /v1/models/%2e%2e HTTP/1.1 -> HTTP/1.1 400 Bad Request
        GET /v1/models/a%2fb HTTP/1.1 -> HTTP/1.1 400 Bad Request
        GET /v1/models/a%5cb HTTP/1.1 -> HTTP/1.1 400 Bad Request
        GET /v1/models/a%00 HTTP/1.1 -> HTTP/1.1 400 Bad Request
        GET /v1/models/a%252f HTTP/1.1 -> HTTP/1.1 400 Bad Request
        GET /v1/models/a;b HTTP/1.1 -> HTTP/1.1 400 Bad Request
        GET /v1/models/a%0d%0ax-api-key:%20k HTTP/1.1 -> HTTP/1.1 400 Bad Request
        GET /v1/models/%ff HTTP/1.1 -> HTTP/1.1 400 Bad Request
        POST /v1/messages;x HTTP/1.1 -> HTTP/1.1 400 Bad Request
        POST /V1/messages HTTP/1.1 -> HTTP/1.1 403 Forbidden
    "#]],
    )
    .await;
}

#[tokio::test]
async fn other_providers_paths_are_refused() {
    let openai = [
        "POST /v1/messages",
        "POST /v1/files",
        "GET /v1/responses/x",
        "POST /v1/responses/resp_1/cancel",
        "POST /v1/realtime/sessions",
        "GET /v1/responses",
    ];
    check_lines(
        Provider::Openai,
        &openai,
        expect![[r#"
        POST /v1/messages HTTP/1.1 -> HTTP/1.1 403 Forbidden
        POST /v1/files HTTP/1.1 -> HTTP/1.1 403 Forbidden
        GET /v1/responses/x HTTP/1.1 -> HTTP/1.1 403 Forbidden
        POST /v1/responses/resp_1/cancel HTTP/1.1 -> HTTP/1.1 403 Forbidden
        POST /v1/realtime/sessions HTTP/1.1 -> HTTP/1.1 403 Forbidden
        GET /v1/responses HTTP/1.1 -> HTTP/1.1 405 Method Not Allowed
    "#]],
    )
    .await;
    let gemini = [
        "POST /v1beta/models/m:predictLongRunning",
        "POST /v1beta/models/:generateContent",
        "POST /v1beta/models/a/b:generateContent",
        "POST /v1beta/cachedContents",
        "POST /upload/v1beta/files",
        "POST /v1beta/models/m:generateContent:countTokens",
    ];
    check_lines(
        Provider::Gemini,
        &gemini,
        expect![[r#"
        POST /v1beta/models/m:predictLongRunning HTTP/1.1 -> HTTP/1.1 403 Forbidden
        POST /v1beta/models/:generateContent HTTP/1.1 -> HTTP/1.1 403 Forbidden
        POST /v1beta/models/a/b:generateContent HTTP/1.1 -> HTTP/1.1 403 Forbidden
        POST /v1beta/cachedContents HTTP/1.1 -> HTTP/1.1 403 Forbidden
        POST /upload/v1beta/files HTTP/1.1 -> HTTP/1.1 403 Forbidden
        POST /v1beta/models/m:generateContent:countTokens HTTP/1.1 -> HTTP/1.1 403 Forbidden
    "#]],
    )
    .await;
}

#[tokio::test]
async fn methods_that_do_not_fit_are_refused() {
    let lines = [
        "GET /v1/messages",
        "DELETE /v1/models/m",
        "PUT /v1/messages",
        "TRACE /v1/messages",
        "PATCH /v1/messages",
        "post /v1/messages",
        "BREW /v1/messages",
    ];
    check_lines(
        Provider::Anthropic,
        &lines,
        expect![[r#"
        GET /v1/messages HTTP/1.1 -> HTTP/1.1 405 Method Not Allowed
        DELETE /v1/models/m HTTP/1.1 -> HTTP/1.1 405 Method Not Allowed
        PUT /v1/messages HTTP/1.1 -> HTTP/1.1 405 Method Not Allowed
        TRACE /v1/messages HTTP/1.1 -> HTTP/1.1 405 Method Not Allowed
        PATCH /v1/messages HTTP/1.1 -> HTTP/1.1 405 Method Not Allowed
        post /v1/messages HTTP/1.1 -> HTTP/1.1 405 Method Not Allowed
        BREW /v1/messages HTTP/1.1 -> HTTP/1.1 405 Method Not Allowed
    "#]],
    )
    .await;
}

#[tokio::test]
async fn other_servers_cannot_be_named() {
    let requests = [
        "POST http://evil.example/v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
        "POST https://api.anthropic.com/v1/messages HTTP/1.1\r\nhost: api.anthropic.com\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
        "CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
        "GET /v1/models HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n",
        "GET /v1/models HTTP/1.1\r\nhost: 127.0.0.1.evil.example\r\nconnection: close\r\n\r\n",
        "GET /v1/models HTTP/1.1\r\nhost: localhost@evil.example\r\nconnection: close\r\n\r\n",
        "GET /v1/models HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\nconnection: close\r\n\r\n",
        "GET /v1/models HTTP/1.1\r\nconnection: close\r\n\r\n",
        "GET /v1/models HTTP/1.0\r\nhost: localhost\r\n\r\n",
        "GET /v1/models\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\u{16}\u{3}\u{1}TLS\r\n\r\n",
        "GET @evil.example/v1/models HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    ];
    check(
        Provider::Anthropic,
        &requests,
        expect![[r#"
        POST http://evil.example/v1/messages HTTP/1.1 -> HTTP/1.1 400 Bad Request
        POST https://api.anthropic.com/v1/messages HTTP/1.1 -> HTTP/1.1 400 Bad Request
        CONNECT evil.example:443 HTTP/1.1 -> HTTP/1.1 400 Bad Request
        OPTIONS * HTTP/1.1 -> HTTP/1.1 400 Bad Request
        GET /v1/models HTTP/1.1 -> HTTP/1.1 421 Misdirected Request
        GET /v1/models HTTP/1.1 -> HTTP/1.1 421 Misdirected Request
        GET /v1/models HTTP/1.1 -> HTTP/1.1 421 Misdirected Request
        GET /v1/models HTTP/1.1 -> HTTP/1.1 400 Bad Request
        GET /v1/models HTTP/1.1 -> HTTP/1.1 400 Bad Request
        GET /v1/models HTTP/1.0 -> HTTP/1.0 505 HTTP Version Not Supported
        GET /v1/models -> HTTP/1.1 400 Bad Request
        PRI * HTTP/2.0 -> closed
        TLS -> HTTP/1.1 400 Bad Request
        GET @evil.example/v1/models HTTP/1.1 -> HTTP/1.1 400 Bad Request
    "#]],
    )
    .await;
}

#[tokio::test]
async fn lengths_that_contradict_themselves_do_not_smuggle() {
    let head = "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    let requests = [
        format!(
            "{head}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/models HTTP/1.1\r\nhost: evil\r\n\r\n"
        ),
        format!(
            "{head}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\nGET /v1/models HTTP/1.1\r\nhost: evil\r\n\r\n"
        ),
        format!("{head}content-length: 2\r\ncontent-length: 3\r\n\r\n{{}} "),
        format!("{head}content-length: +2\r\n\r\n{{}}"),
        format!("{head}transfer-encoding: chunked, identity\r\n\r\n{{}}"),
        format!("{head}transfer-encoding: xchunked\r\n\r\n{{}}"),
        format!("{head}transfer-encoding: chunked\r\n\r\nzz\r\n{{}}\r\n0\r\n\r\n"),
        format!("{head}transfer-encoding : chunked\r\n\r\n0\r\n\r\n"),
        format!("{head}x-a: b\r\n folded\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
    ];
    let requests: Vec<&str> = requests.iter().map(String::as_str).collect();
    check(
        Provider::Anthropic,
        &requests,
        expect![[r#"
        POST /v1/messages HTTP/1.1 -> HTTP/1.1 400 Bad Request
        POST /v1/messages HTTP/1.1 -> HTTP/1.1 400 Bad Request
        POST /v1/messages HTTP/1.1 -> HTTP/1.1 400 Bad Request
        POST /v1/messages HTTP/1.1 -> HTTP/1.1 400 Bad Request
        POST /v1/messages HTTP/1.1 -> HTTP/1.1 400 Bad Request
        POST /v1/messages HTTP/1.1 -> HTTP/1.1 400 Bad Request
        POST /v1/messages HTTP/1.1 -> HTTP/1.1 400 Bad Request
        POST /v1/messages HTTP/1.1 -> HTTP/1.1 400 Bad Request
        POST /v1/messages HTTP/1.1 -> HTTP/1.1 400 Bad Request
    "#]],
    )
    .await;
}

#[tokio::test]
async fn bodies_that_mean_two_things_are_refused() {
    let bodies = [
        "",
        "[]",
        "\"text\"",
        "{\"model\":\"a\"",
        "{\"model\":\"a\"} {}",
        "{\"model\":\"a\",\"model\":\"b\"}",
        "{\"model\":\"a\",\"mod\\u0065l\":\"b\"}",
        "{\"stream\":true,\"stream\":false}",
        "{\"model\":\"a\",\"background\":true}",
        "{\"model\":\"a\\nb\"}",
        "model=a",
    ];
    let requests: Vec<String> = bodies
        .iter()
        .map(|body| format!("POST /v1/responses HTTP/1.1\r\nx: {body:?}\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
        .collect();
    let requests: Vec<&str> = requests.iter().map(String::as_str).collect();
    check(
        Provider::Openai,
        &requests,
        expect![[r#"
        POST /v1/responses HTTP/1.1 -> HTTP/1.1 400 Bad Request
        POST /v1/responses HTTP/1.1 -> HTTP/1.1 400 Bad Request
        POST /v1/responses HTTP/1.1 -> HTTP/1.1 400 Bad Request
        POST /v1/responses HTTP/1.1 -> HTTP/1.1 400 Bad Request
        POST /v1/responses HTTP/1.1 -> HTTP/1.1 400 Bad Request
        POST /v1/responses HTTP/1.1 -> HTTP/1.1 400 Bad Request
        POST /v1/responses HTTP/1.1 -> HTTP/1.1 400 Bad Request
        POST /v1/responses HTTP/1.1 -> HTTP/1.1 400 Bad Request
        POST /v1/responses HTTP/1.1 -> HTTP/1.1 403 Forbidden
        POST /v1/responses HTTP/1.1 -> HTTP/1.1 400 Bad Request
        POST /v1/responses HTTP/1.1 -> HTTP/1.1 400 Bad Request
    "#]],
    )
    .await;
}

#[tokio::test]
async fn forms_compression_and_websockets_are_refused() {
    let head = "HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";
    let requests = [
        format!("POST /v1/responses {head}content-type: multipart/form-data; boundary=x\r\ncontent-length: 2\r\n\r\n{{}}"),
        format!("POST /v1/responses {head}content-type: application/json\r\ncontent-encoding: zstd\r\ncontent-length: 2\r\n\r\n{{}}"),
        "GET /v1/responses HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade, close\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".to_owned(),
    ];
    let requests: Vec<&str> = requests.iter().map(String::as_str).collect();
    check(
        Provider::Openai,
        &requests,
        expect![[r#"
        POST /v1/responses HTTP/1.1 -> HTTP/1.1 415 Unsupported Media Type
        POST /v1/responses HTTP/1.1 -> HTTP/1.1 415 Unsupported Media Type
        GET /v1/responses HTTP/1.1 -> HTTP/1.1 426 Upgrade Required
    "#]],
    )
    .await;
}

#[tokio::test]
async fn heads_that_are_too_large_are_refused() {
    let many: String = (0..150).map(|number| format!("x-{number}: y\r\n")).collect();
    let large = "y".repeat(80 * 1024);
    let long = "y".repeat(2000);
    let requests = [
        format!("GET /v1/models HTTP/1.1\r\nhost: localhost\r\n{many}\r\n"),
        format!("GET /v1/models HTTP/1.1\r\nhost: localhost\r\nx: {large}\r\n\r\n"),
    ];
    let requests: Vec<&str> = requests.iter().map(String::as_str).collect();
    check(
        Provider::Openai,
        &requests,
        expect![[r#"
        GET /v1/models HTTP/1.1 -> HTTP/1.1 431 Request Header Fields Too Large
        GET /v1/models HTTP/1.1 -> HTTP/1.1 431 Request Header Fields Too Large
    "#]],
    )
    .await;
    let upstream = Upstream::play(vec![]).await;
    for target in [
        format!("/v1/models/{long}"),
        format!("/v1/models?after={long}{long}"),
        format!("/v1/models/{}", &long[..300]),
    ] {
        let request = format!("GET {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        let text = raw(&gateway(&upstream), Provider::Openai, &Recorder::new(), request.as_bytes()).await;
        assert!(text.starts_with("HTTP/1.1 414") || text.starts_with("HTTP/1.1 400"), "{text}");
    }
    assert_eq!(upstream.seen(), []);
}
