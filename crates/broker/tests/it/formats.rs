//! Every format, streamed and not, from the inside to the provider and back.

use crate::inside::{Client, KEY, gateway};
use crate::recorder::{Heard, Recorder};
use crate::transcripts;
use crate::upstream::{Upstream, chunk, chunked_head, last_chunk, whole};
use expect_test::expect;
use telecoder_model::port::gateway::{CallStart, Provider};
use telecoder_model::usage::{CallEnd, ModelCall, Usage};

#[tokio::test]
async fn every_format_passes_unchanged_and_is_counted() {
    for transcript in transcripts::all() {
        for in_chunks in [true, false] {
            let acts = if in_chunks {
                let mut acts = vec![chunked_head(transcript.content_type)];
                acts.extend(transcript.body.as_bytes().chunks(37).map(chunk));
                acts.push(last_chunk());
                acts
            } else {
                vec![whole(
                    "200 OK",
                    &[("content-type", transcript.content_type)],
                    transcript.body.as_bytes(),
                )]
            };
            let upstream = Upstream::play(acts).await;
            let (gateway, sink) = (gateway(&upstream), Recorder::new());
            let provider = Provider::of_listener(transcript.listener).unwrap();
            let mut client = Client::connect(&gateway, provider, &sink).await;
            let got = client.post(transcript.path, transcript.request).await;
            assert_eq!((got.status.as_u16(), got.cut), (200, false), "{}", transcript.name);
            assert_eq!(got.text(), transcript.body, "{}", transcript.name);
            assert_eq!(got.headers["content-type"], transcript.content_type);
            let (input_tokens, output_tokens, cached_tokens) = transcript.tokens;
            let model = Some(transcript.model.to_owned());
            let expected = [
                Heard::Started(CallStart { provider, model: model.clone() }),
                Heard::Ended(ModelCall {
                    number: 1,
                    provider: provider.as_str().to_owned(),
                    model,
                    end: CallEnd::Finished,
                    status: Some(200),
                    error: None,
                    usage: Usage {
                        input_tokens,
                        output_tokens,
                        cached_tokens,
                        cost_micros: None,
                        calls: 1,
                        duration_ms: 0,
                    },
                }),
            ];
            assert_eq!(sink.heard(), expected, "{}", transcript.name);
            let seen = upstream.seen();
            assert_eq!(seen.len(), 1);
            assert_eq!(String::from_utf8_lossy(&seen[0].body), transcript.request);
        }
    }
}

#[tokio::test]
async fn what_goes_out_is_the_path_the_key_and_a_few_headers() {
    let mut out = String::new();
    for transcript in [transcripts::MESSAGES_STREAM, transcripts::RESPONSES, transcripts::GEMINI_STREAM] {
        let upstream = Upstream::play(vec![whole(
            "200 OK",
            &[("content-type", transcript.content_type)],
            transcript.body.as_bytes(),
        )])
        .await;
        let provider = Provider::of_listener(transcript.listener).unwrap();
        let mut client = Client::connect(&gateway(&upstream), provider, &Recorder::new()).await;
        client.post(transcript.path, transcript.request).await;
        out.push_str(&upstream.shown(KEY));
    }
    expect![[r#"
        POST /v1/messages?beta=true HTTP/1.1
          accept: */*
          accept-encoding: identity
          content-length: 104
          content-type: application/json
          host: PROVIDER
          x-api-key: KEY
        POST /v1/responses HTTP/1.1
          accept: */*
          accept-encoding: identity
          authorization: Bearer KEY
          content-length: 36
          content-type: application/json
          host: PROVIDER
        POST /v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse HTTP/1.1
          accept: */*
          accept-encoding: identity
          content-length: 15
          content-type: application/json
          host: PROVIDER
          x-goog-api-key: KEY
    "#]]
    .assert_eq(&out);
}

#[tokio::test]
async fn lists_and_token_counts_pass_without_being_calls() {
    let upstream =
        Upstream::play(vec![whole("200 OK", &[("content-type", "application/json")], b"{\"data\":[]}")])
            .await;
    let (gateway, sink) = (gateway(&upstream), Recorder::new());
    let mut anthropic = Client::connect(&gateway, Provider::Anthropic, &sink).await;
    let counted = anthropic.post("/v1/messages/count_tokens", r#"{"model":"m"}"#).await;
    let listed =
        anthropic.send(crate::inside::request(hyper::Method::GET, "/v1/models?limit=5", &[], "")).await;
    let headed = anthropic.send(crate::inside::request(hyper::Method::HEAD, "/v1/models", &[], "")).await;
    let asked = anthropic.send(crate::inside::request(hyper::Method::OPTIONS, "/v1/messages", &[], "")).await;
    let mut out = String::new();
    for got in [&counted, &listed, &headed, &asked] {
        out.push_str(&format!("{} {:?} {}\n", got.status, got.headers.get("content-length"), got.text()));
    }
    for seen in upstream.seen() {
        out.push_str(&format!("{}\n", seen.line));
    }
    expect![[r#"
        200 OK Some("11") {"data":[]}
        200 OK Some("11") {"data":[]}
        200 OK Some("11") 
        204 No Content None 
        POST /v1/messages/count_tokens HTTP/1.1
        GET /v1/models?limit=5 HTTP/1.1
        HEAD /v1/models HTTP/1.1
    "#]]
    .assert_eq(&out);
    assert_eq!(sink.heard(), []);
}
