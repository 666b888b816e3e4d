//! Faults really happen on the wire.

use super::model_formats::post;
use super::sse::events;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use telecoder_testkit::plain_http::{Answer, Ended, post_json};
use telecoder_testkit::scripted_model::{Options, ScriptedModel, prompt};

/// Every streaming request of the four formats that carries these steps.
fn streams(steps: &Value) -> [(&'static str, Value); 4] {
    let text = prompt(steps);
    let messages = json!([{"role": "user", "content": text}]);
    let contents = json!([{"role": "user", "parts": [{"text": text}]}]);
    [
        ("/v1/messages", json!({"model": "m", "stream": true, "messages": messages})),
        ("/v1/chat/completions", json!({"model": "m", "stream": true, "messages": messages})),
        ("/v1/responses", json!({"model": "m", "stream": true, "input": text})),
        ("/v1beta/models/m:streamGenerateContent?alt=sse", json!({ "contents": contents })),
    ]
}

/// Whether the event is there that ends an answer in its format.
fn terminal(text: &str) -> bool {
    let last = [r#""type":"message_stop""#, "[DONE]", r#""type":"response.completed""#, r#""finishReason""#];
    events(text).iter().any(|event| last.iter().any(|last| event.data.contains(last)))
}

fn chat(model: &ScriptedModel, steps: &Value) -> std::io::Result<Answer> {
    chat_within(Duration::from_secs(20), model, steps)
}

fn chat_within(patience: Duration, model: &ScriptedModel, steps: &Value) -> std::io::Result<Answer> {
    let body =
        json!({"model": "m", "stream": true, "messages": [{"role": "user", "content": prompt(steps)}]});
    post_json(&format!("{}/v1/chat/completions", model.base_url()), "key", &body, patience)
}

#[test]
fn a_cut_closes_the_connection_before_the_terminal_event() {
    let model = ScriptedModel::start_with(Options::default());
    let steps =
        json!([{"cut": "middle"}, {"text": "This is an answer of some words that is never seen whole."}]);
    for (path, body) in streams(&steps) {
        let answer = post(&model, path, &body);
        assert_eq!((answer.status, answer.ended), (200, Ended::Broken), "{path}");
        assert!(!answer.body.is_empty() && !terminal(&answer.text()), "{path}: {}", answer.text());
    }
    let whole = json!([{"text": "Whole."}]);
    for (path, body) in streams(&whole) {
        let answer = post(&model, path, &body);
        assert_eq!(answer.ended, Ended::Properly, "{path}");
        assert!(terminal(&answer.text()), "{path}: {}", answer.text());
    }
}

#[test]
fn a_cut_may_come_at_a_byte_or_before_everything() {
    let model = ScriptedModel::start_with(Options::default());
    let answer = chat(&model, &json!([{"cut": 10}, {"text": "x"}])).unwrap();
    assert_eq!((answer.body.len(), answer.ended), (10, Ended::Broken));
    let error = chat(&model, &json!([{"cut": "before"}, {"text": "x"}])).unwrap_err();
    assert!(
        matches!(error.kind(), std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::ConnectionReset),
        "{error}"
    );
}

#[test]
fn a_stall_keeps_the_connection_open_and_silent() {
    let model = ScriptedModel::start_with(Options::default());
    let patience = Duration::from_secs(1);
    let answer = chat_within(patience, &model, &json!([{"stall": "middle"}, {"text": "x"}])).unwrap();
    assert_eq!(answer.ended, Ended::Silent);
    assert!(!answer.body.is_empty());
    let error = chat_within(patience, &model, &json!([{"stall": "before"}, {"text": "x"}])).unwrap_err();
    assert!(matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut), "{error}");
}

#[test]
fn errors_carry_the_status_the_header_and_the_form_of_the_provider() {
    let model = ScriptedModel::start_with(Options::default());
    for (path, body) in streams(&json!([{"error": 429, "retryAfter": 7}, {"text": "x"}])) {
        let answer = post(&model, path, &body);
        assert_eq!((answer.status, answer.header("retry-after")), (429, Some("7")), "{path}");
        let error: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(error["error"]["message"], "The script wants this error.");
    }
    assert_eq!(chat(&model, &json!([{"error": 500}, {"text": "x"}])).unwrap().status, 500);
}

#[test]
fn a_fault_that_hits_once_lets_the_retry_pass() {
    let model = ScriptedModel::start_with(Options::default());
    let steps = json!([{"error": 500, "times": 1}, {"cut": "before", "times": 1}, {"text": "x"}]);
    assert_eq!(chat(&model, &steps).unwrap().status, 500);
    assert!(chat(&model, &steps).is_err());
    let answer = chat(&model, &steps).unwrap();
    assert_eq!((answer.status, answer.ended), (200, Ended::Properly));
}

#[test]
fn a_truncated_body_ends_properly_in_the_middle_of_its_json() {
    let model = ScriptedModel::start_with(Options::default());
    let text = prompt(&json!([{"truncate": true}, {"text": "Some words."}]));
    let body = json!({"model": "m", "messages": [{"role": "user", "content": text}]});
    let answer = post(&model, "/v1/chat/completions", &body);
    assert_eq!((answer.status, answer.ended), (200, Ended::Properly));
    assert!(serde_json::from_slice::<Value>(&answer.body).unwrap_err().is_eof());
}

#[test]
fn an_answer_may_be_empty_or_too_short() {
    let model = ScriptedModel::start_with(Options::default());
    let whole = |steps: &Value| {
        let body = json!({"model": "m", "messages": [{"role": "user", "content": prompt(steps)}]});
        let answer = post(&model, "/v1/chat/completions", &body);
        serde_json::from_slice::<Value>(&answer.body).unwrap()["choices"][0].clone()
    };
    let empty = whole(&json!([{"empty": true}, {"text": "x"}]));
    assert_eq!((&empty["message"]["content"], &empty["finish_reason"]), (&json!(""), &json!("stop")));
    let half = whole(&json!([{"maxTokens": true}, {"text": "1234567890"}]));
    assert_eq!((&half["message"]["content"], &half["finish_reason"]), (&json!("12345"), &json!("length")));
}

#[test]
fn an_answer_may_come_late() {
    let model = ScriptedModel::start_with(Options::default());
    let begun = Instant::now();
    let answer = chat(&model, &json!([{"sleep": 0.15, "times": 1}, {"text": "x"}])).unwrap();
    assert!(answer.ended == Ended::Properly && begun.elapsed() >= Duration::from_millis(150));
}
