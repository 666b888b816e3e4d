//! Keys stay outside, whatever the provider, the agent or an error says.

use crate::inside::{Client, KEY, gateway, options, request};
use crate::recorder::Recorder;
use crate::transcripts;
use crate::upstream::{Act, Upstream, chunk, chunked_head, head, last_chunk, whole};
use expect_test::expect;
use hyper::Method;
use std::sync::Arc;
use telecoder_broker::{Gateway, GatewayOptions, ProviderOptions, Secret};
use telecoder_model::port::gateway::{ModelGateway, Provider};

/// Headers that the inside sends and nobody outside gets.
const DROPPED: [&str; 20] = [
    "authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "cookie",
    "proxy-authorization",
    "x-goog-user-project",
    "openai-organization",
    "openai-project",
    "te",
    "keep-alive",
    "proxy-connection",
    "x-forwarded-for",
    "forwarded",
    "x-http-method-override",
    "x-original-url",
    "accept-encoding",
    "via",
    "x-unknown",
    "x-hop",
];

const PASSED: [(&str, &str); 5] = [
    ("connection", "x-hop, keep-alive"),
    ("anthropic-version", "2023-06-01"),
    ("user-agent", "agent/1"),
    ("x-stainless-os", "Linux"),
    ("x-codex-turn-state", "abc"),
];

#[tokio::test]
async fn credentials_from_inside_are_dropped_and_the_key_is_added() {
    let mut out = String::new();
    for (provider, path) in [
        (Provider::Anthropic, "/v1/models?key=inside&limit=2&access_token=inside"),
        (Provider::Openai, "/v1/models?api_key=inside&after=x&%6bey=inside"),
        (Provider::Gemini, "/v1beta/models?key=inside&pageSize=3&$key=inside&alt=json"),
    ] {
        let upstream =
            Upstream::play(vec![whole("200 OK", &[("content-type", "application/json")], b"{}")]).await;
        let mut client = Client::connect(&gateway(&upstream), provider, &Recorder::new()).await;
        let mut headers: Vec<(&str, &str)> = DROPPED.map(|name| (name, "inside")).to_vec();
        headers.extend(PASSED);
        client.send(request(Method::GET, path, &headers, "")).await;
        out.push_str(&upstream.shown(KEY));
    }
    assert!(!out.contains("inside"), "{out}");
    expect![[r#"
        GET /v1/models?limit=2 HTTP/1.1
          accept: */*
          accept-encoding: identity
          anthropic-version: 2023-06-01
          host: PROVIDER
          user-agent: agent/1
          x-api-key: KEY
          x-codex-turn-state: abc
          x-stainless-os: Linux
        GET /v1/models?after=x HTTP/1.1
          accept: */*
          accept-encoding: identity
          anthropic-version: 2023-06-01
          authorization: Bearer KEY
          host: PROVIDER
          user-agent: agent/1
          x-codex-turn-state: abc
          x-stainless-os: Linux
        GET /v1beta/models?pageSize=3&alt=json HTTP/1.1
          accept: */*
          accept-encoding: identity
          anthropic-version: 2023-06-01
          host: PROVIDER
          user-agent: agent/1
          x-codex-turn-state: abc
          x-goog-api-key: KEY
          x-stainless-os: Linux
    "#]]
    .assert_eq(&out);
}

#[tokio::test]
async fn a_provider_that_echoes_the_key_does_not_get_it_in() {
    let event = format!("data: {{\"type\":\"message_stop\",\"echo\":\"{KEY}\"}}\n\n");
    let (left, right) = event.split_at(event.find(KEY).unwrap() + 5);
    let error = format!("{{\"error\":{{\"message\":\"wrong key {KEY}\"}}}}");
    let echo: &[(&str, &str)] = &[("content-type", "application/json"), ("x-request-id", KEY)];
    let cases: Vec<Vec<Act>> = vec![
        vec![
            chunked_head("text/event-stream"),
            chunk(left.as_bytes()),
            chunk(right.as_bytes()),
            last_chunk(),
        ],
        vec![chunked_head("text/event-stream"), chunk(left.as_bytes())],
        vec![whole("400 Bad Request", echo, error.as_bytes())],
        vec![whole("401 Unauthorized", echo, error.as_bytes())],
        vec![whole("403 Forbidden", echo, error.as_bytes())],
        vec![whole("200 OK", echo, format!("{{\"echo\":\"{KEY}\"}}").as_bytes())],
        vec![
            Act::Send(head(&format!("200 {KEY}"), &[("content-type", "application/json")])),
            Act::Send(KEY.into()),
        ],
        vec![Act::Send(format!("HTTP/1.1 {KEY}\r\n\r\n").into_bytes())],
        vec![],
    ];
    for acts in cases {
        let upstream = Upstream::play(acts).await;
        let (gateway, sink) = (gateway(&upstream), Recorder::new());
        let mut client = Client::connect(&gateway, Provider::Anthropic, &sink).await;
        let got = client.post("/v1/messages", transcripts::MESSAGES_STREAM.request).await;
        let record = sink.wait(1).await;
        let all = format!("{got:?} {} {record:?} {gateway:?} {:?}", got.text(), gateway.providers());
        assert!(!all.contains(KEY), "{all}");
        assert!(upstream.seen()[0].headers["x-api-key"] == KEY);
    }
}

#[tokio::test]
async fn without_a_key_the_agent_is_told_which_setting_is_missing() {
    let mut out = String::new();
    let gateway = Arc::new(Gateway::new(GatewayOptions::new(Vec::new())).unwrap());
    for transcript in [transcripts::MESSAGES, transcripts::CHAT, transcripts::GEMINI] {
        let sink = Recorder::new();
        let provider = Provider::of_listener(transcript.listener).unwrap();
        let mut client = Client::connect(&gateway, provider, &sink).await;
        let got = client.post(transcript.path, transcript.request).await;
        let call = sink.wait(1).await;
        out.push_str(&format!(
            "{} {}\n  {:?} {:?} {:?}\n",
            got.status,
            got.text(),
            call.end,
            call.status,
            call.error
        ));
    }
    expect![[r#"
        401 Unauthorized {"type":"error","error":{"type":"authentication_error","message":"TeleCoder: the server has no key for anthropic: set ANTHROPIC_API_KEY on it"}}
          Refused None Some("no key: ANTHROPIC_API_KEY is not set on the server")
        401 Unauthorized {"error":{"message":"TeleCoder: the server has no key for openai: set OPENAI_API_KEY on it","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}
          Refused None Some("no key: OPENAI_API_KEY is not set on the server")
        401 Unauthorized {"error":{"code":401,"message":"TeleCoder: the server has no key for gemini: set GEMINI_API_KEY on it","status":"UNAUTHENTICATED"}}
          Refused None Some("no key: GEMINI_API_KEY is not set on the server")
    "#]].assert_eq(&out);
}

#[tokio::test]
async fn an_endpoint_that_needs_no_key_gets_none() {
    let upstream = Upstream::play(vec![whole(
        "200 OK",
        &[("content-type", "application/json")],
        transcripts::CHAT.body.as_bytes(),
    )])
    .await;
    let mut local =
        ProviderOptions::new(Provider::Openai, upstream.base().parse().unwrap(), Some(Secret::new("")));
    local.needs_key = false;
    let gateway = Arc::new(Gateway::new(GatewayOptions::new(vec![local])).unwrap());
    let ready: Vec<(Provider, bool)> =
        gateway.providers().into_iter().map(|status| (status.provider, status.ready)).collect();
    assert_eq!(ready, [(Provider::Anthropic, false), (Provider::Openai, true), (Provider::Gemini, false)]);
    let mut client = Client::connect(&gateway, Provider::Openai, &Recorder::new()).await;
    let got = client.post("/v1/chat/completions", transcripts::CHAT.request).await;
    assert_eq!(got.status.as_u16(), 200);
    assert_eq!(upstream.seen()[0].headers.get("authorization"), None);
}

#[test]
fn settings_that_cannot_be_used_are_refused_without_being_shown() {
    let mut out = String::new();
    let provider = |address: &str, key: &str| {
        ProviderOptions::new(Provider::Openai, address.parse().unwrap(), Some(Secret::new(key)))
    };
    let cases = [
        vec![provider("https://host/v1", "sk-one\nsk-two")],
        vec![provider("https://host/v1", " sk-one")],
        vec![provider("https://user:sk-pass@host/v1", KEY)],
        vec![provider("https://host/v1?key=sk-query", KEY)],
        vec![provider("ftp://host/", KEY)],
        vec![provider("data:text", KEY)],
        vec![provider("https://host/v1", KEY), provider("https://host/v1", KEY)],
    ];
    for providers in cases {
        let shown = format!("{providers:?}");
        assert!(!shown.contains("sk-"), "{shown}");
        let error = Gateway::new(GatewayOptions::new(providers)).unwrap_err();
        out.push_str(&format!("{} ({})\n", error.chain(), error.remedy.unwrap_or_default()));
    }
    let mut with_proxy = options("https://host");
    with_proxy.proxy = Some(Secret::new("http://user:sk-proxy@"));
    assert!(!format!("{with_proxy:?}").contains("sk-"));
    out.push_str(&Gateway::new(with_proxy).unwrap_err().chain());
    assert!(!out.contains("sk-"), "{out}");
    expect![[r#"
        the key of openai has characters that no key has (check OPENAI_API_KEY for spaces and line ends)
        the key of openai has characters that no key has (check OPENAI_API_KEY for spaces and line ends)
        the address of openai holds a user name or password; the key has a setting of its own (write it as https://host/path)
        the address of openai has a query or a fragment (write it as https://host/path)
        the address of openai is not an http or https address (write it as https://host/path)
        the address of openai is not an http or https address (write it as https://host/path)
        the provider openai is set up twice (keep one of the two)
        the proxy for model calls is not an http address"#]].assert_eq(&out);
}

#[tokio::test]
async fn a_proxy_of_the_options_is_used_and_gets_its_password() {
    let proxy = Upstream::play(vec![whole("200 OK", &[("content-type", "application/json")], b"{}")]).await;
    let mut options = options("http://provider.invalid/v1");
    options.proxy = Some(Secret::new(format!("http://user:pass@{}", proxy.address)));
    Gateway::new(options).unwrap().check(Provider::Openai).await.unwrap();
    let seen = proxy.seen().remove(0);
    assert_eq!(seen.line, "GET http://provider.invalid/v1/models HTTP/1.1");
    assert_eq!(seen.headers["proxy-authorization"], "Basic dXNlcjpwYXNz");
}
