//! The gateway and the scripted model, which were written apart: they agree on every format and every fault.

use crate::inside::{Client, options};
use crate::recorder::Recorder;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use telecoder_broker::{Gateway, GatewayOptions};
use telecoder_model::port::gateway::Provider;
use telecoder_model::usage::{CallEnd, ModelCall};
use telecoder_testkit::scripted_model::{ScriptedModel, prompt};

/// A request of each format, streamed and not.
fn requests(steps: &Value) -> Vec<(Provider, String, Value)> {
    let text = prompt(steps);
    let messages = json!([{"role": "user", "content": text}]);
    let contents = json!({"contents": [{"role": "user", "parts": [{"text": text}]}]});
    let mut all = Vec::new();
    for stream in [true, false] {
        let chat = json!({"model": "m", "stream": stream, "stream_options": {"include_usage": true}, "messages": messages});
        let method = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
        all.extend([
            (
                Provider::Anthropic,
                "/v1/messages".to_owned(),
                json!({"model": "m", "max_tokens": 9, "stream": stream, "messages": messages}),
            ),
            (Provider::Openai, "/v1/chat/completions".to_owned(), chat),
            (
                Provider::Openai,
                "/v1/responses".to_owned(),
                json!({"model": "m", "stream": stream, "input": text}),
            ),
            (Provider::Gemini, format!("/v1beta/models/m:{method}"), contents.clone()),
        ]);
    }
    all.push((Provider::Gemini, "/v1beta/models/m:streamGenerateContent".to_owned(), contents));
    all
}

/// Makes each request, and gives whether the inside saw a cut, the status it saw, and the record.
async fn play(steps: &Value) -> Vec<(bool, u16, ModelCall)> {
    let model = ScriptedModel::start_with_key(crate::inside::KEY);
    let options =
        GatewayOptions { silence_timeout: Duration::from_millis(500), ..options(&model.base_url()) };
    let gateway = Arc::new(Gateway::new(options).unwrap());
    let mut out = Vec::new();
    for (provider, path, body) in requests(steps) {
        let sink = Recorder::new();
        let mut client = Client::connect(&gateway, provider, &sink).await;
        let got = client.post(&path, body.to_string()).await;
        out.push((got.cut, got.status.as_u16(), sink.wait(1).await));
    }
    out
}

#[tokio::test]
async fn whole_answers_are_finished_with_their_tokens() {
    let usage = json!({"input": 100, "output": 20, "cacheRead": 30, "cacheWrite": 5});
    for (cut, status, call) in play(&json!([{"text": "Whole.", "usage": usage}])).await {
        assert_eq!((cut, status, call.end), (false, 200, CallEnd::Finished), "{call:?}");
        let counted = (call.usage.input_tokens, call.usage.output_tokens, call.usage.cached_tokens);
        assert_eq!(counted, (135, 20, 30), "{call:?}");
    }
}

#[tokio::test]
async fn answers_that_are_cut_truncated_or_stalled_are_broken_inside_and_in_the_record() {
    for fault in [json!({"cut": "middle"}), json!({"truncate": true}), json!({"stall": "middle"})] {
        let steps = json!([fault, {"text": "An answer of some words that is never seen whole by anybody."}]);
        for (cut, _, call) in play(&steps).await {
            assert_eq!((cut, call.end), (true, CallEnd::Broken), "{fault}: {call:?}");
        }
    }
}

#[tokio::test]
async fn a_cut_before_everything_is_an_error_answer_and_an_error_is_a_refusal() {
    for (cut, status, call) in play(&json!([{"cut": "before"}, {"text": "x"}])).await {
        assert_eq!((cut, status, call.end), (false, 502, CallEnd::Broken), "{call:?}");
    }
    for (cut, status, call) in play(&json!([{"error": 503}, {"text": "x"}])).await {
        assert_eq!(
            (cut, status, call.end, call.status),
            (false, 503, CallEnd::Refused, Some(503)),
            "{call:?}"
        );
    }
}
