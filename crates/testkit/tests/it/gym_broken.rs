//! The scripted agent breaks the protocol exactly as its script says.

use super::client::Client;
use serde_json::{Value, json};
use tempfile::tempdir;

#[test]
fn floods_and_long_lines_have_the_asked_size() {
    let folder = tempdir().unwrap();
    let (mut client, session) = Client::with_session(folder.path());
    let id = client.prompt(&session, &json!([{"flood": 1_000_000}, {"line": 3_000_000}]));
    let mut flood = 0;
    let long = loop {
        let line = client.line().unwrap();
        if line.len() > 2_000_000 {
            break line.len();
        }
        flood += line.len();
    };
    assert_eq!(long, 3_000_001);
    assert!((1_000_000..1_002_000).contains(&flood), "{flood}");
    assert_eq!(client.answer(id).stop_reason(), "end_turn");
}

#[test]
fn lines_that_are_no_json_are_sent() {
    let folder = tempdir().unwrap();
    let (mut client, session) = Client::with_session(folder.path());
    let turn = client.turn(
        &session,
        &json!([{"raw": "not json"}, {"invalidUtf8": true}, {"truncatedJson": true}, {"say": "swallowed"}, {"say": "heard"}]),
    );
    assert_eq!(turn.broken.len(), 3);
    assert_eq!(turn.broken[0], b"not json\n");
    assert!(std::str::from_utf8(&turn.broken[1]).is_err());
    assert_eq!(turn.text(), "heard");
}

#[test]
fn answers_that_nobody_asked_for_are_sent() {
    let folder = tempdir().unwrap();
    let (mut client, session) = Client::with_session(folder.path());
    let id = client.prompt(
        &session,
        &json!([
            {"wrongId": true}, {"unknownUpdate": true}, {"unknownNotification": true}, {"unannouncedTool": "ghost"},
            {"duplicateResponse": "refusal"}, {"say": "still here"},
        ]),
    );
    let first = client.answer(id);
    assert_eq!(first.stop_reason(), "refusal");
    assert_eq!(first.kinds(), ["weather_report", "tool_call_update"]);
    assert_eq!(first.other[0]["id"], 987_654_321);
    assert_eq!(first.other[1]["method"], "_gym/mood");
    let second = client.answer(id);
    assert_eq!((second.stop_reason(), second.text().as_str()), ("end_turn", "still here"));
}

#[test]
fn requests_that_were_never_offered_are_made() {
    let folder = tempdir().unwrap();
    let (mut client, session) = Client::with_session(folder.path());
    let script = json!([{"fsRead": "/etc/passwd"}, {"fsWrite": ["x", "y"]}, {"terminal": "id"}, {"request": ["_odd", {"a": 1}]}]);
    let id = client.prompt(&session, &script);
    let mut methods = Vec::new();
    while methods.len() < 4 {
        let message = client.message();
        if message.get("id").is_some() {
            methods.push(message["method"].as_str().unwrap().to_owned());
            let error = json!({"code": -32601, "message": "no"});
            client.send(&json!({"jsonrpc": "2.0", "id": message["id"], "error": error}));
        }
    }
    assert_eq!(methods, ["fs/read_text_file", "fs/write_text_file", "terminal/create", "_odd"]);
    assert!(client.answer(id).text().contains("_odd was refused"));
}

#[test]
fn a_prompt_may_be_answered_by_an_error() {
    let folder = tempdir().unwrap();
    let (mut client, session) = Client::with_session(folder.path());
    let error = json!({"code": -32000, "message": "login first"});
    assert_eq!(client.turn(&session, &json!([{ "fail": error }])).answer["error"], error);
}

#[test]
fn a_start_may_fail_or_hang() {
    let folder = tempdir().unwrap();
    let start = r#"{"initialize":[{"fail":{"code":-32603,"message":"not today"}}],"new":[{"exit":7}]}"#;
    let mut client = Client::start(folder.path(), &[], &["--start", start]);
    let id = client.request("initialize", &json!({"protocolVersion": 1}));
    assert_eq!(client.answer(id).answer["error"]["message"], "not today");
    client.request("session/new", &json!({"cwd": "/", "mcpServers": []}));
    assert_eq!(client.line(), None);
    assert_eq!(client.child.wait().unwrap().code(), Some(7));

    let mut client = Client::start(folder.path(), &[], &["--start", r#"{"initialize":[{"hang":true}]}"#]);
    client.request("initialize", &json!({"protocolVersion": 1}));
    let id = client.request("session/close", &json!({"sessionId": "x"}));
    let answered = client.answer(id);
    assert_eq!(
        (answered.answer["error"]["code"].clone(), answered.other),
        (json!(-32002), Vec::<Value>::new())
    );
}

#[test]
fn standard_output_may_be_closed_while_the_process_lives_on() {
    let folder = tempdir().unwrap();
    let (mut client, session) = Client::with_session(folder.path());
    client.prompt(&session, &json!([{"closeStdout": true}, {"hang": true}]));
    assert_eq!(client.line(), None);
    assert_eq!(client.child.try_wait().unwrap(), None);
}
