//! Every way in which a call can end, and what the agent and the record say of it.

use crate::inside::{Client, gateway, options, post};
use crate::recorder::Recorder;
use crate::transcripts::{CHAT_STREAM, GEMINI, MESSAGES, MESSAGES_STREAM};
use crate::upstream::{Act, Upstream, chunk, chunked_head, head, last_chunk, whole};
use expect_test::expect;
use http_body_util::BodyExt;
use std::sync::Arc;
use std::time::Duration;
use telecoder_broker::{Gateway, GatewayOptions};
use telecoder_model::PortError;
use telecoder_model::port::gateway::Provider;
use telecoder_model::usage::{CallEnd, ModelCall};

type Headers = &'static [(&'static str, &'static str)];

/// A gateway that waits half a second for a sign of life.
fn impatient(upstream: &Upstream) -> Arc<Gateway> {
    let options = GatewayOptions { silence_timeout: Duration::from_millis(500), ..options(&upstream.base()) };
    Arc::new(Gateway::new(options).unwrap())
}

fn told(call: &ModelCall, upstream: &Upstream) -> String {
    let error = call.error.clone().unwrap_or_default().replace(&upstream.address.to_string(), "PROVIDER");
    format!("{:?} {:?} {error}\n", call.end, call.status)
}

#[tokio::test]
async fn errors_of_the_provider_pass_with_their_words_and_are_refusals() {
    let mut out = String::new();
    let cases: [(&str, Headers, &str); 5] = [
        (
            "429 Too Many Requests",
            &[("retry-after", "7"), ("anthropic-ratelimit-requests-remaining", "0"), ("set-cookie", "a=b")],
            r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}"#,
        ),
        (
            "529 Overloaded",
            &[],
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
        ),
        (
            "401 Unauthorized",
            &[],
            r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key sk-…cdef"}}"#,
        ),
        ("302 Found", &[("location", "http://elsewhere/")], ""),
        ("500 Internal Server Error", &[], "<html>no json</html>"),
    ];
    for (status, headers, body) in cases {
        let upstream = Upstream::play(vec![whole(status, headers, body.as_bytes())]).await;
        let (gateway, sink) = (gateway(&upstream), Recorder::new());
        let mut client = Client::connect(&gateway, Provider::Anthropic, &sink).await;
        let got = client.post("/v1/messages", MESSAGES.request).await;
        let headers: Vec<String> = got
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value:?}"))
            .filter(|line| !line.starts_with("date"))
            .collect();
        out.push_str(&format!(
            "{} {headers:?} {}\n  {}",
            got.status,
            got.text(),
            told(&sink.wait(1).await, &upstream)
        ));
        assert!(!got.cut);
    }
    expect![[r#"
        429 Too Many Requests ["retry-after: \"7\"", "anthropic-ratelimit-requests-remaining: \"0\"", "content-length: \"74\""] {"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}
          Refused Some(429) 127.0.0.1 answered 429: slow down
        529 <unknown status code> ["content-length: \"75\""] {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}
          Refused Some(529) 127.0.0.1 answered 529: Overloaded
        401 Unauthorized ["content-type: \"application/json\"", "content-length: \"149\""] {"type":"error","error":{"type":"authentication_error","message":"TeleCoder: the provider refused the key that the server has in ANTHROPIC_API_KEY"}}
          Refused Some(401) 127.0.0.1 answered 401: it refuses the key (check ANTHROPIC_API_KEY)
        502 Bad Gateway ["content-type: \"application/json\"", "content-length: \"148\""] {"type":"error","error":{"type":"api_error","message":"TeleCoder: the model provider answered with a redirect; its address on the server is wrong"}}
          Refused Some(302) 127.0.0.1 answered 302: Found
        500 Internal Server Error ["content-length: \"20\""] <html>no json</html>
          Refused Some(500) 127.0.0.1 answered 500: Internal Server Error
    "#]].assert_eq(&out);
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_or_says_nothing_is_broken() {
    let mut out = String::new();
    let cases = [
        vec![],
        vec![Act::Hang],
        vec![Act::Send(b"HTTP/1.1 200 OK\r\nconte".to_vec())],
        vec![Act::Send(b"no http\r\n\r\n".to_vec())],
    ];
    for acts in cases {
        let upstream = Upstream::play(acts).await;
        let (gateway, sink) = (impatient(&upstream), Recorder::new());
        let mut client = Client::connect(&gateway, Provider::Gemini, &sink).await;
        let got = client.post(GEMINI.path, GEMINI.request).await;
        out.push_str(&format!("{} {}\n  {}", got.status, got.text(), told(&sink.wait(1).await, &upstream)));
    }
    let upstream = Upstream::play(vec![]).await;
    let (gateway, sink) = (gateway(&upstream), Recorder::new());
    let address = upstream.address.to_string();
    drop(upstream);
    // The port is closed once the listener's task is gone.
    while tokio::net::TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let mut client = Client::connect(&gateway, Provider::Openai, &sink).await;
    let got = client.post("/v1/chat/completions", CHAT_STREAM.request).await;
    out.push_str(&format!("{} {}\n  {:?}\n", got.status, got.text(), sink.wait(1).await.error));
    expect![[r#"
        502 Bad Gateway {"error":{"code":502,"message":"TeleCoder: the model provider broke off before it answered","status":"INTERNAL"}}
          Broken None 127.0.0.1: error sending request: client error (SendRequest): connection closed before message completed
        504 Gateway Timeout {"error":{"code":504,"message":"TeleCoder: the model provider did not answer in time","status":"DEADLINE_EXCEEDED"}}
          Broken None 127.0.0.1 did not begin to answer in time
        502 Bad Gateway {"error":{"code":502,"message":"TeleCoder: the model provider broke off before it answered","status":"INTERNAL"}}
          Broken None 127.0.0.1: error sending request: client error (SendRequest): connection closed before message completed
        502 Bad Gateway {"error":{"code":502,"message":"TeleCoder: the model provider broke off before it answered","status":"INTERNAL"}}
          Broken None 127.0.0.1: error sending request: client error (SendRequest): invalid HTTP version parsed
        502 Bad Gateway {"error":{"message":"TeleCoder: the model provider cannot be reached","type":"server_error","param":null,"code":null}}
          Some("127.0.0.1: error sending request: client error (Connect): tcp connect error: Connection refused (os error 111)")
    "#]].assert_eq(&out);
}

#[tokio::test]
async fn a_provider_that_falls_silent_is_cut() {
    let first = MESSAGES_STREAM.body.split_inclusive("\n\n").next().unwrap();
    let upstream =
        Upstream::play(vec![chunked_head("text/event-stream"), chunk(first.as_bytes()), Act::Hang]).await;
    let (gateway, sink) = (impatient(&upstream), Recorder::new());
    let mut client = Client::connect(&gateway, Provider::Anthropic, &sink).await;
    let got = client.post("/v1/messages", MESSAGES_STREAM.request).await;
    let call = sink.wait(1).await;
    assert_eq!((got.text().as_str(), got.cut, call.end), (first, true, CallEnd::Broken));
    assert_eq!((call.usage.input_tokens, call.usage.output_tokens), (4320, 1));
    upstream.left.clone().wait_for(|left| *left == 1).await.unwrap();
}

#[tokio::test]
async fn an_error_within_a_stream_passes_and_is_broken() {
    let error = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
    let upstream =
        Upstream::play(vec![chunked_head("text/event-stream"), chunk(error.as_bytes()), last_chunk()]).await;
    let (gateway, sink) = (gateway(&upstream), Recorder::new());
    let mut client = Client::connect(&gateway, Provider::Anthropic, &sink).await;
    let got = client.post("/v1/messages", MESSAGES_STREAM.request).await;
    assert_eq!((got.text().as_str(), got.cut), (error, false));
    expect![[r#"
        Broken Some(200) the provider failed within its answer: Overloaded
    "#]]
    .assert_eq(&told(&sink.wait(1).await, &upstream));
}

#[tokio::test]
async fn an_answer_with_its_end_mark_is_finished_whatever_the_connection_does_then() {
    for last in [vec![], vec![Act::Hang]] {
        let mut acts = vec![chunked_head("text/event-stream"), chunk(MESSAGES_STREAM.body.as_bytes())];
        acts.extend(last);
        let upstream = Upstream::play(acts).await;
        let (gateway, sink) = (impatient(&upstream), Recorder::new());
        let mut client = Client::connect(&gateway, Provider::Anthropic, &sink).await;
        let got = client.post("/v1/messages", MESSAGES_STREAM.request).await;
        assert_eq!((got.text().as_str(), got.cut), (MESSAGES_STREAM.body, false));
        assert_eq!(sink.wait(1).await.end, CallEnd::Finished);
    }
}

#[tokio::test]
async fn an_agent_that_goes_away_is_noticed_before_the_answer_and_within_it() {
    let first = MESSAGES_STREAM.body.split_inclusive("\n\n").next().unwrap();
    let begun = vec![chunked_head("text/event-stream"), chunk(first.as_bytes()), Act::Hang];
    for acts in [vec![Act::Hang], begun] {
        let answers = acts.len() > 1;
        let upstream = Upstream::play(acts).await;
        let (gateway, sink) = (gateway(&upstream), Recorder::new());
        let mut client = Client::connect(&gateway, Provider::Anthropic, &sink).await;
        if answers {
            let mut body =
                client.begin(post("/v1/messages", MESSAGES_STREAM.request)).await.unwrap().into_body();
            body.frame().await.unwrap().unwrap();
        } else {
            client.post_until_seen("/v1/messages", MESSAGES_STREAM.request, &upstream, 1).await;
        }
        client.vanish().await.unwrap();
        let call = sink.wait(1).await;
        assert_eq!((call.end, call.usage.input_tokens), (CallEnd::Abandoned, if answers { 4320 } else { 0 }));
        upstream.left.clone().wait_for(|left| *left == 1).await.unwrap();
    }
}

#[tokio::test]
async fn an_agent_that_stops_reading_behind_the_last_word_is_still_counted() {
    let gate = Arc::new(tokio::sync::Notify::new());
    let (said, rest) = CHAT_STREAM.body.split_at(CHAT_STREAM.body.find("data: {\"choices\":[],").unwrap());
    let upstream = Upstream::play(vec![
        chunked_head("text/event-stream"),
        chunk(said.as_bytes()),
        Act::Wait(Arc::clone(&gate)),
        chunk(rest.as_bytes()),
        last_chunk(),
    ])
    .await;
    let (gateway, sink) = (gateway(&upstream), Recorder::new());
    let mut client = Client::connect(&gateway, Provider::Openai, &sink).await;
    let mut body = client.begin(post("/v1/chat/completions", CHAT_STREAM.request)).await.unwrap().into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().data_ref().unwrap(), said.as_bytes());
    let serving = client.vanish();
    gate.notify_one();
    serving.await.unwrap();
    let call = sink.wait(1).await;
    assert_eq!((call.end, call.usage.input_tokens), (CallEnd::Finished, 1100));
}

#[tokio::test]
async fn a_dropped_gateway_connection_still_tells_the_end() {
    let upstream = Upstream::play(vec![Act::Hang]).await;
    let (gateway, sink) = (gateway(&upstream), Recorder::new());
    let mut client = Client::connect(&gateway, Provider::Anthropic, &sink).await;
    client.post_until_seen("/v1/messages", MESSAGES.request, &upstream, 1).await;
    client.serving().abort();
    assert_eq!(sink.wait(1).await.end, CallEnd::Abandoned);
}

#[tokio::test]
async fn a_call_that_the_sink_refuses_does_not_go_out() {
    let mut out = String::new();
    let refusals = [
        PortError::denied("the budget of 5.00 USD is spent"),
        PortError::transient("the database at /var/lib/secret is locked"),
        PortError::permanent("the database at /var/lib/secret is gone"),
    ];
    for refusal in refusals {
        let upstream = Upstream::play(vec![Act::Send(head("200 OK", &[]))]).await;
        let (gateway, sink) = (gateway(&upstream), Recorder::refusing(refusal));
        let mut client = Client::connect(&gateway, Provider::Openai, &sink).await;
        let got = client.post("/v1/responses", r#"{"model":"m"}"#).await;
        out.push_str(&format!("{} {:?} {}\n", got.status, got.headers.get("retry-after"), got.text()));
        assert_eq!((upstream.seen().len(), sink.heard().len()), (0, 0));
    }
    expect![[r#"
        403 Forbidden None {"error":{"message":"TeleCoder: the budget of 5.00 USD is spent","type":"invalid_request_error","param":null,"code":"forbidden"}}
        503 Service Unavailable Some("5") {"error":{"message":"TeleCoder: the server cannot take model calls now","type":"server_error","param":null,"code":null}}
        500 Internal Server Error None {"error":{"message":"TeleCoder: the server could not record the model call","type":"server_error","param":null,"code":null}}
    "#]].assert_eq(&out);
}

#[tokio::test]
async fn a_compressed_answer_is_refused() {
    let upstream = Upstream::play(vec![whole(
        "200 OK",
        &[("content-type", "application/json"), ("content-encoding", "gzip")],
        b"\x1f\x8b",
    )])
    .await;
    let (gateway, sink) = (gateway(&upstream), Recorder::new());
    let mut client = Client::connect(&gateway, Provider::Anthropic, &sink).await;
    let got = client.post("/v1/messages", MESSAGES.request).await;
    assert_eq!((got.status.as_u16(), sink.wait(1).await.end), (502, CallEnd::Broken));
}
