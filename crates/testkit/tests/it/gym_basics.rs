//! The scripted agent keeps to the protocol where its script does not say otherwise.

use super::client::Client;
use expect_test::expect;
use serde_json::{Value, json};
use tempfile::tempdir;

#[test]
fn it_introduces_itself_and_answers_without_a_script() {
    let folder = tempdir().unwrap();
    let mut client = Client::start(folder.path(), &[], &[]);
    let introduction = client.initialize();
    assert_eq!(introduction["protocolVersion"], 1);
    assert_eq!(introduction["agentCapabilities"]["loadSession"], true);
    let session = client.new_session(folder.path());
    let prompt = json!({"sessionId": session, "prompt": [{"type": "text", "text": "How are you?"}]});
    let id = client.request("session/prompt", &prompt);
    let turn = client.answer(id);
    assert_eq!(turn.stop_reason(), "end_turn");
    assert_eq!(turn.text(), "No script was given, so this is the scripted agent's plain answer.");
    assert!(client.end().success());
}

#[test]
fn every_kind_of_update_is_sent_as_the_script_says() {
    let folder = tempdir().unwrap();
    let (mut client, session) = Client::with_session(folder.path());
    let turn = client.turn(
        &session,
        &json!([
            {"say": "Hello there", "chunks": 3}, {"think": "Hm."}, {"plan": ["first", ["second", "high", "completed"]]},
            {"tool": "Look", "kind": "read", "id": "t1", "text": "seen", "diff": ["a", "x", "y"], "path": "/a"},
            {"usage": {"used": 5, "size": 100}}, {"title": "A name"}, {"commands": ["web"]}, {"mode": "plan"},
            {"claim": {"changed": ["all of it"], "verified": ["everything"]}},
            {"update": {"sessionUpdate": "notice", "text": "x"}}, {"turnUsage": {"totalTokens": 3}}, {"stop": "max_tokens"},
            {"say": "never"},
        ]),
    );
    let mut seen: Vec<Value> = turn.updates.clone();
    seen.push(turn.answer["result"].clone());
    let seen: Vec<String> = seen.iter().map(Value::to_string).collect();
    expect![[r#"
        {"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"Hell"}}
        {"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"o th"}}
        {"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"ere"}}
        {"sessionUpdate":"agent_thought_chunk","content":{"type":"text","text":"Hm."}}
        {"sessionUpdate":"plan","entries":[{"content":"first","priority":"medium","status":"pending"},{"content":"second","priority":"high","status":"completed"}]}
        {"sessionUpdate":"tool_call","toolCallId":"t1","title":"Look","kind":"read","status":"pending","locations":[{"path":"/a"}]}
        {"sessionUpdate":"tool_call_update","toolCallId":"t1","status":"in_progress"}
        {"sessionUpdate":"tool_call_update","toolCallId":"t1","status":"completed","content":[{"type":"content","content":{"type":"text","text":"seen"}},{"type":"diff","path":"a","oldText":"x","newText":"y"}]}
        {"used":5,"size":100,"sessionUpdate":"usage_update"}
        {"sessionUpdate":"session_info_update","title":"A name"}
        {"sessionUpdate":"available_commands_update","availableCommands":[{"name":"web","description":"A scripted command"}]}
        {"sessionUpdate":"current_mode_update","currentModeId":"plan"}
        {"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"\nChanged:\n- all of it\n\nVerified:\n- everything\n"}}
        {"sessionUpdate":"notice","text":"x"}
        {"stopReason":"max_tokens","usage":{"totalTokens":3}}"#]]
    .assert_eq(&seen.join("\n"));
}

#[test]
fn files_are_written_appended_read_and_deleted() {
    let folder = tempdir().unwrap();
    let (mut client, session) = Client::with_session(folder.path());
    let turn = client.turn(
        &session,
        &json!([
            {"write": ["sub/a.txt", "one\n"]}, {"append": ["sub/a.txt", "two\n"]}, {"read": "sub/a.txt"},
            {"write": ["b.txt", "x"]}, {"delete": "b.txt"}, {"delete": "none.txt"},
        ]),
    );
    assert_eq!(std::fs::read_to_string(folder.path().join("sub/a.txt")).unwrap(), "one\ntwo\n");
    assert!(!folder.path().join("b.txt").exists());
    assert!(turn.text().starts_with("one\ntwo\n"), "{}", turn.text());
    assert!(turn.text().contains("none.txt: No such file"), "{}", turn.text());
    assert_eq!(turn.updates.last().unwrap()["sessionUpdate"], "agent_message_chunk");
}

#[test]
fn a_session_is_replayed_after_a_restart() {
    let folder = tempdir().unwrap();
    let (mut client, session) = Client::with_session(folder.path());
    let once = json!([{"once": "crash", "do": [{"say": "first"}, {"exit": 3}], "else": [{"say": "second"}]}]);
    client.prompt(&session, &once);
    assert_eq!(client.message()["params"]["update"]["content"]["text"], "first");
    assert_eq!(client.child.wait().unwrap().code(), Some(3));

    let mut client = Client::start(folder.path(), &[], &[]);
    client.initialize();
    let load = json!({"sessionId": session, "cwd": folder.path(), "mcpServers": []});
    let id = client.request("session/load", &load);
    let replay = client.answer(id);
    assert_eq!(replay.kinds(), ["user_message_chunk", "agent_message_chunk"]);
    assert_eq!(replay.text(), "first");
    assert_eq!(client.turn(&session, &once).text(), "second");

    let unknown =
        client.request("session/load", &json!({"sessionId": "gym-77", "cwd": "/", "mcpServers": []}));
    assert_eq!(client.answer(unknown).answer["error"]["code"], -32002);
}

#[test]
fn a_permission_is_asked_for_and_the_answer_decides() {
    let folder = tempdir().unwrap();
    let (mut client, session) = Client::with_session(folder.path());
    let script = json!([
        {"ask": "Write it?", "kind": "edit", "options": [["yes", "allow_once"], ["no", "reject_once"]],
         "allowed": [{"write": ["yes.txt", ""]}], "rejected": [{"write": ["no.txt", ""]}]},
    ]);
    for (chosen, file) in [("yes", "yes.txt"), ("no", "no.txt")] {
        let id = client.prompt(&session, &script);
        let question = client.message();
        assert_eq!(question["method"], "session/request_permission");
        assert_eq!(question["params"]["toolCall"]["kind"], "edit");
        assert_eq!(
            question["params"]["options"][1],
            json!({"optionId": "no", "name": "no", "kind": "reject_once"})
        );
        let outcome = json!({"outcome": {"outcome": "selected", "optionId": chosen}});
        client.send(&json!({"jsonrpc": "2.0", "id": question["id"], "result": outcome}));
        client.answer(id);
        assert!(folder.path().join(file).exists(), "{file}");
    }
    let id = client.prompt(&session, &script);
    let question = client.message();
    client.notify("session/cancel", &json!({"sessionId": session}));
    let outcome = json!({"outcome": {"outcome": "cancelled"}});
    client.send(&json!({"jsonrpc": "2.0", "id": question["id"], "result": outcome}));
    let turn = client.answer(id);
    assert_eq!(turn.stop_reason(), "cancelled");
    assert_eq!(turn.text(), "The permission was cancelled. ");
}

#[test]
fn a_cancel_ends_what_hangs_unless_the_script_says_otherwise() {
    let folder = tempdir().unwrap();
    let (mut client, session) = Client::with_session(folder.path());
    for script in
        [json!([{"say": "begun"}, {"hang": true}]), json!([{"say": "begun"}, {"shell": "tail -f /dev/null"}])]
    {
        let id = client.prompt(&session, &script);
        client.message();
        client.notify("session/cancel", &json!({"sessionId": session}));
        assert_eq!(client.answer(id).stop_reason(), "cancelled");
    }
    let stubborn = json!([{"ignoreCancel": true}, {"say": "begun"}, {"waitFor": "go"}, {"say": "on"}]);
    let id = client.prompt(&session, &stubborn);
    client.message();
    client.notify("session/cancel", &json!({"sessionId": session}));
    std::fs::write(folder.path().join("go"), "").unwrap();
    let turn = client.answer(id);
    assert_eq!((turn.stop_reason(), turn.text().as_str()), ("end_turn", "on"));
}

#[test]
fn modes_are_set_and_wrong_requests_are_refused() {
    let folder = tempdir().unwrap();
    let (mut client, session) = Client::with_session(folder.path());
    let id = client.request("session/set_mode", &json!({"sessionId": session, "modeId": "auto"}));
    assert_eq!(client.answer(id).kinds(), ["current_mode_update"]);
    let mut refused = |method: &str, params: Value| {
        let id = client.request(method, &params);
        client.answer(id).answer["error"]["code"].as_i64().unwrap()
    };
    assert_eq!(refused("session/set_mode", json!({"sessionId": session, "modeId": "wild"})), -32602);
    assert_eq!(refused("session/prompt", json!({"sessionId": "gym-9", "prompt": []})), -32002);
    assert_eq!(refused("session/new", json!({"cwd": "relative"})), -32602);
    assert_eq!(refused("_other/method", json!({})), -32601);
    let prompt =
        json!({"sessionId": session, "prompt": [{"type": "text", "text": "GYM{\"do\":[{\"dance\":1}]}"}]});
    assert_eq!(refused("session/prompt", prompt), -32602);
}

#[test]
fn what_was_received_is_reported() {
    let folder = tempdir().unwrap();
    let (mut client, session) = Client::with_session(folder.path());
    client.turn(&session, &json!([{"report": "report.json"}]));
    let report = std::fs::read(folder.path().join("report.json")).unwrap();
    let report: telecoder_testkit::gym::Received = serde_json::from_slice(&report).unwrap();
    assert_eq!(report.calls, ["initialize#1", "session/new#2", "session/prompt#3"]);
    assert_eq!((report.lines, report.bytes), (3, client.sent.len() as u64));
    assert_eq!((report.repeated, report.broken), (0, 0));
    assert_eq!(report.digest, telecoder_testkit::gym::digest_of(&client.sent));
}
