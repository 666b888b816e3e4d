//! Tests of what is written of events.

use super::*;
use crate::terminal::Output;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

/// What is written of events, given by their type and content.
#[expect(clippy::needless_pass_by_value, reason = "expect! makes a value")]
fn check(events: &[(&str, Value)], expected: Expect) {
    let mut writer = Writer::new(Terminal::new(Some(Output::Text)));
    for (seq, (kind, content)) in events.iter().enumerate() {
        let event = json!({"seq": seq, "sessionId": "s", "type": kind, "at": "", "data": content});
        writer.tell(&serde_json::from_value(event).unwrap());
    }
    writer.end_line();
    expected.assert_eq(&anstream::adapter::strip_str(&writer.text).to_string());
}

fn say(text: &str) -> (&'static str, Value) {
    ("message", json!({"author": "agent", "text": text, "chunk": true, "turn": 1}))
}

fn output(stream: &str, text: &str) -> (&'static str, Value) {
    ("output", json!({"stream": stream, "text": text}))
}

fn call() -> (&'static str, Value) {
    let usage =
        json!({"inputTokens": 1, "outputTokens": 2, "cachedTokens": 0, "costUsd": null, "durationMs": 3});
    let call = json!({"number": 1, "provider": "openai", "model": "m", "end": "finished", "status": 200,
        "error": null, "usage": usage});
    ("usage", call)
}

#[test]
fn nothing_cuts_into_a_message_that_is_still_coming() {
    check(
        &[
            say("One mess"),
            call(),
            output("stderr", "a complaint\n"),
            say("age."),
            ("thought", json!({"text": "Hm."})),
            call(),
            say("Another."),
        ],
        expect![[r#"
            One message.
            model call m finished (1 in, 2 out)
            [stderr] a complaint
            Hm.
            model call m finished (1 in, 2 out)
            Another.
        "#]],
    );
    let mut many = vec![say("First ")];
    many.extend(std::iter::repeat_n(call(), MAX_WAITING + 1));
    many.push(say("second"));
    let lines = "model call m finished (1 in, 2 out)\n".repeat(MAX_WAITING + 1);
    let mut writer = Writer::new(Terminal::new(Some(Output::Text)));
    for (seq, (kind, content)) in many.into_iter().enumerate() {
        let event = json!({"seq": seq, "sessionId": "s", "type": kind, "at": "", "data": content});
        writer.tell(&serde_json::from_value(event).unwrap());
    }
    assert_eq!(
        anstream::adapter::strip_str(&writer.text).to_string(),
        format!("First \n{lines}second"),
        "only so many lines wait"
    );
}

#[test]
fn pieces_of_a_commands_output_run_on_and_are_bounded() {
    check(
        &[
            output("terminal", "run"),
            output("terminal", "ning 1 test\nok 1\r\n10%\r50%\r100%\n"),
            call(),
            output("terminal", "no line end"),
            say("It passes."),
            output("terminal", "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11"),
            say("Long."),
            output("terminal", &"x".repeat(400)),
            output("terminal", "y\n\u{1b}[2J\n"),
        ],
        expect![[r#"
              running 1 test
              ok 1
              100%
              no line end
            model call m finished (1 in, 2 out)
            It passes.
              1
              2
              3
              4
              5
              6
              7
              8
              … 3 more lines
            Long.
              xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
              �[2J
        "#]],
    );
}
