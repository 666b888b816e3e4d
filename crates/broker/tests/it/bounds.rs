//! Bounds: sizes, times and counts from inside and outside.

use crate::inside::{Client, open, options, post, raw};
use crate::recorder::Recorder;
use crate::transcripts::{MESSAGES, MESSAGES_STREAM};
use crate::upstream::{Act, Upstream, chunk, chunked_head, last_chunk, whole};
use std::sync::Arc;
use std::time::Duration;
use telecoder_broker::{Gateway, GatewayOptions};
use telecoder_model::port::gateway::Provider;
use telecoder_model::usage::CallEnd;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn small(upstream: &Upstream) -> GatewayOptions {
    GatewayOptions {
        max_request_bytes: 100_000,
        max_answer_bytes: 100_000,
        max_buffered_bytes: 150_000,
        max_calls: 2,
        max_connections: 3,
        request_timeout: Duration::from_millis(300),
        ..options(&upstream.base())
    }
}

fn gateway(options: GatewayOptions) -> Arc<Gateway> {
    Arc::new(Gateway::new(options).unwrap())
}

fn answer() -> Vec<Act> {
    vec![whole("200 OK", &[("content-type", "application/json")], MESSAGES.body.as_bytes())]
}

#[tokio::test]
async fn bodies_of_megabytes_pass_both_ways_on_one_connection() {
    let text = "x".repeat(3 * 1024 * 1024);
    let request = format!("{{\"model\":\"m\",\"messages\":[\"{text}\"]}}");
    let body = format!(
        "{{\"type\":\"message\",\"content\":\"{text}\",\"usage\":{{\"input_tokens\":9,\"output_tokens\":8}}}}"
    );
    let upstream =
        Upstream::play(vec![whole("200 OK", &[("content-type", "application/json")], body.as_bytes())]).await;
    let (gateway, sink) = (gateway(options(&upstream.base())), Recorder::new());
    let mut client = Client::connect(&gateway, Provider::Anthropic, &sink).await;
    for round in 1..=3 {
        let got = client.post("/v1/messages", request.clone()).await;
        assert!(got.body == body.as_bytes() && !got.cut);
        let call = sink.wait(round).await;
        assert_eq!((call.number, call.end, call.usage.input_tokens), (round as u64, CallEnd::Finished, 9));
    }
    assert!(upstream.seen().iter().all(|seen| seen.body == request.as_bytes()));
}

#[tokio::test]
async fn a_body_in_chunks_and_one_that_waits_for_leave_pass() {
    let upstream = Upstream::play(answer()).await;
    let (gateway, sink) = (gateway(options(&upstream.base())), Recorder::new());
    let chunked = "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n\
        9\r\n{\"model\":\r\n4\r\n\"m\"}\r\n0\r\n\r\n";
    let text = raw(&gateway, Provider::Anthropic, &sink, chunked.as_bytes()).await;
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    assert_eq!(upstream.seen()[0].body, b"{\"model\":\"m\"}");
    assert_eq!(upstream.seen()[0].headers["content-length"], "13");

    let (mut inside, _serving) = open(&gateway, Provider::Anthropic, &sink);
    let head = "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nexpect: 100-continue\r\ncontent-length: 13\r\n\r\n";
    inside.write_all(head.as_bytes()).await.unwrap();
    let mut leave = [0; 25];
    inside.read_exact(&mut leave).await.unwrap();
    assert_eq!(&leave, b"HTTP/1.1 100 Continue\r\n\r\n");
    inside.write_all(b"{\"model\":\"m\"}").await.unwrap();
    let mut rest = String::new();
    inside.read_to_string(&mut rest).await.unwrap();
    assert!(rest.starts_with("HTTP/1.1 200"), "{rest}");
}

#[tokio::test]
async fn a_refused_request_that_waits_for_leave_does_not_get_it() {
    let upstream = Upstream::play(answer()).await;
    let head =
        "POST /v1/files HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 13\r\n\r\n";
    let text =
        raw(&gateway(options(&upstream.base())), Provider::Anthropic, &Recorder::new(), head.as_bytes())
            .await;
    assert!(text.starts_with("HTTP/1.1 403"), "{text}");
}

#[tokio::test]
async fn requests_that_are_too_large_are_refused() {
    let upstream = Upstream::play(answer()).await;
    let (gateway, sink) = (gateway(small(&upstream)), Recorder::new());
    let body = format!("{{\"model\":\"{}\"}}", "m".repeat(100_000));
    let mut client = Client::connect(&gateway, Provider::Anthropic, &sink).await;
    assert_eq!(client.post("/v1/messages", body.clone()).await.status.as_u16(), 413);
    let chunked = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    let text = raw(&gateway, Provider::Anthropic, &sink, chunked.as_bytes()).await;
    assert!(text.starts_with("HTTP/1.1 413"), "{text}");
    assert_eq!((upstream.seen().len(), sink.heard().len()), (0, 0));
}

#[tokio::test]
async fn slow_senders_are_sent_away() {
    let upstream = Upstream::play(answer()).await;
    let (gateway, sink) = (gateway(small(&upstream)), Recorder::new());
    let body = "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{\"model\"";
    let text = raw(&gateway, Provider::Anthropic, &sink, body.as_bytes()).await;
    assert!(text.starts_with("HTTP/1.1 408"), "{text}");
    for head in ["POST /v1/mess", ""] {
        let text = raw(&gateway, Provider::Anthropic, &sink, head.as_bytes()).await;
        assert!(text.is_empty() || text.starts_with("HTTP/1.1 408"), "{text}");
    }
    assert_eq!((upstream.seen().len(), sink.heard().len()), (0, 0));
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_cut() {
    let line = format!(": {}\n", "x".repeat(1000));
    let mut acts = vec![chunked_head("text/event-stream")];
    acts.extend((0..200).map(|_| chunk(line.as_bytes())));
    acts.push(last_chunk());
    let upstream = Upstream::play(acts).await;
    let (gateway, sink) = (gateway(small(&upstream)), Recorder::new());
    let mut client = Client::connect(&gateway, Provider::Anthropic, &sink).await;
    let got = client.post("/v1/messages", MESSAGES_STREAM.request).await;
    let call = sink.wait(1).await;
    assert!(got.cut && got.body.len() <= 100_000);
    assert_eq!(
        (call.end, call.error.as_deref()),
        (CallEnd::Broken, Some("the answer is larger than 100000 bytes"))
    );
}

#[tokio::test]
async fn a_session_has_only_so_many_calls_and_connections_and_others_have_theirs() {
    let upstream = Upstream::play(vec![Act::Hang]).await;
    let (gateway, sink, other) = (gateway(small(&upstream)), Recorder::new(), Recorder::new());
    let mut calls = Vec::new();
    for _ in 0..2 {
        let mut client = Client::connect(&gateway, Provider::Anthropic, &sink).await;
        calls.push(tokio::spawn(async move {
            client.begin(post("/v1/messages", MESSAGES.request)).await.is_ok()
        }));
    }
    upstream.wait(2).await;
    let mut third = Client::connect(&gateway, Provider::Openai, &sink).await;
    let got = third.post("/v1/responses", "{}").await;
    assert_eq!((got.status.as_u16(), got.headers["retry-after"].to_str().unwrap()), (429, "1"));
    // A fourth connection of the session is closed at once; another session has room.
    let (mut fourth, serving) = open(&gateway, Provider::Anthropic, &sink);
    serving.await.unwrap();
    assert_eq!(fourth.read(&mut [0; 1]).await.unwrap(), 0);
    let mut client = Client::connect(&gateway, Provider::Anthropic, &other).await;
    client.post_until_seen("/v1/messages", MESSAGES.request, &upstream, 3).await;
    calls.iter().for_each(|call| call.abort());
}

#[tokio::test]
async fn a_session_holds_only_so_many_bytes() {
    let upstream = Upstream::play(answer()).await;
    let (gateway, sink) = (gateway(small(&upstream)), Recorder::new());
    let (mut first, _serving) = open(&gateway, Provider::Anthropic, &sink);
    let head = "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99000\r\n\r\n";
    first.write_all(head.as_bytes()).await.unwrap();
    first.write_all(&vec![b' '; 98_000]).await.unwrap();
    let mut client = Client::connect(&gateway, Provider::Anthropic, &sink).await;
    let body = format!("{}{}", " ".repeat(90_000), MESSAGES.request);
    assert_eq!(client.post("/v1/messages", body.clone()).await.status.as_u16(), 429);
    drop(first);
    // The bytes are given back with the connection.
    loop {
        let mut client = Client::connect(&gateway, Provider::Anthropic, &sink).await;
        if client.post("/v1/messages", body.clone()).await.status.as_u16() == 200 {
            break;
        }
    }
}
