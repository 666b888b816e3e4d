//! Rules of a turn, each against an agent that keeps or breaks the protocol.

use super::{both, check, fresh, in_turn, line, permission, plain, ready, show_all, update};
use expect_test::expect;
use serde_json::json;
use telecoder_model::port::agent::{Action, Conversation, PermissionReply};

#[test]
fn updates_become_events() {
    let mut acp = in_turn();
    let mut log = String::new();
    for value in [
        json!({"sessionUpdate": "agent_thought_chunk", "content": {"type": "text", "text": "hm\u{0}"}}),
        json!({"sessionUpdate": "agent_message_chunk", "content": {"type": "resource_link", "uri": "file:///a", "name": "a"}}),
        json!({"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": ""}}),
        json!({"sessionUpdate": "plan", "entries": [{"content": "one", "priority": "high", "status": "in_progress"}]}),
        json!({"sessionUpdate": "tool_call", "toolCallId": "t", "title": "Read a"}),
        json!({"sessionUpdate": "tool_call_update", "toolCallId": "t", "status": "completed", "kind": "invented",
            "content": [{"type": "content", "content": {"type": "text", "text": "1"}}, {"type": "diff", "path": "/a", "oldText": null, "newText": "x"}],
            "locations": [{"path": "/a", "line": 3}]}),
        json!({"sessionUpdate": "tool_call_update", "toolCallId": "t", "rawOutput": {"stdout": "out"}}),
        json!({"sessionUpdate": "tool_call_update", "toolCallId": "t", "_meta": {"terminal_output_delta": {"data": "piece"}}}),
        json!({"sessionUpdate": "usage_update", "used": 1, "size": 2}),
        json!({"sessionUpdate": "current_mode_update", "currentModeId": "x"}),
        json!({"sessionUpdate": "from_the_future", "x": 1}),
        json!({"sessionUpdate": "tool_call"}),
        json!(7),
    ] {
        log += &line(&mut acp, &update(&value));
    }
    check(
        &log,
        &expect![[r#"
        event {"type":"thought","data":{"text":"hm�"}}
        event {"type":"message","data":{"author":"agent","text":"file:///a","chunk":true,"turn":0}}
        event {"type":"plan","data":{"entries":[{"content":"one","priority":"high","status":"in_progress"}]}}
        event {"type":"tool_call","data":{"id":"t","title":"Read a"}}
        event {"type":"tool_update","data":{"id":"t","kind":"other","status":"completed","output":"1","diffs":[{"path":"/a","oldText":null,"newText":"x"}],"locations":["/a"]}}
        event {"type":"tool_update","data":{"id":"t","output":"out"}}
        event {"type":"output","data":{"stream":"terminal","text":"piece"}}
        event {"type":"output","data":{"stream":"update","text":"{\"sessionUpdate\":\"current_mode_update\",\"currentModeId\":\"x\"}"}}
        event {"type":"output","data":{"stream":"update","text":"{\"sessionUpdate\":\"from_the_future\",\"x\":1}"}}
        event {"type":"output","data":{"stream":"update","text":"{\"sessionUpdate\":\"tool_call\"}"}}
        event {"type":"output","data":{"stream":"update","text":"7"}}
    "#]],
    );
}

#[test]
fn another_sessions_update_is_no_word_of_this_one() {
    let mut acp = in_turn();
    let other = json!({"method": "session/update", "params": {"sessionId": "x",
        "update": {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": "lie"}}}});
    assert!(line(&mut acp, &other).starts_with(r#"event {"type":"output""#));
}

#[test]
fn a_permission_is_asked_answered_once_and_closed_with_the_turn() {
    let mut acp = in_turn();
    let mut log = line(&mut acp, &permission(&json!("a"), &both()));
    log += &line(&mut acp, &permission(&json!(5), &both()));
    log += &show_all(&acp.answer("\"a\"", PermissionReply::Allow));
    log += &show_all(&acp.answer("\"a\"", PermissionReply::Deny));
    log += &show_all(&acp.answer("unknown", PermissionReply::Allow));
    log += &line(&mut acp, &json!({"id": 3, "result": {"stopReason": "end_turn"}}));
    check(
        &log,
        &expect![[r#"
            event {"type":"tool_call","data":{"id":"t","title":"Write a","kind":"edit"}}
            ask "a" Edit "Write a" [allow_once reject_once]
            event {"type":"tool_update","data":{"id":"t","title":"Write a","kind":"edit"}}
            ask 5 Edit "Write a" [allow_once reject_once]
            send {"jsonrpc":"2.0","id":"a","result":{"outcome":{"outcome":"selected","optionId":"y"}}}
            send {"jsonrpc":"2.0","id":5,"result":{"outcome":{"outcome":"cancelled"}}}
            unask 5
            turn ended EndTurn
        "#]],
    );
}

#[test]
fn permissions_outside_of_a_turn_are_cancelled_and_broken_ones_refused() {
    let cancelled =
        "send {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"outcome\":{\"outcome\":\"cancelled\"}}}\n";
    let mut acp = ready();
    assert_eq!(line(&mut acp, &permission(&json!(1), &both())), cancelled);
    let mut acp = in_turn();
    acp.cancel();
    assert_eq!(line(&mut acp, &permission(&json!(1), &both())), cancelled);
    let mut acp = in_turn();
    let log =
        line(&mut acp, &json!({"id": 1, "method": "session/request_permission", "params": {"options": 3}}));
    assert!(log.contains(r#""code":-32602"#) && log.contains(r#""stream":"invalid""#), "{log}");
    let mut acp = in_turn();
    line(&mut acp, &permission(&json!(1), &both()));
    let log = line(&mut acp, &permission(&json!(1), &both()));
    assert!(log.contains(r#""stream":"invalid""#) && !log.contains("ask 1"), "{log}");
    for id in 2..30 {
        line(&mut acp, &permission(&json!(id), &both()));
    }
    let log = line(&mut acp, &permission(&json!(30), &both()));
    assert!(log.contains("cancelled"), "only so many may be open: {log}");
    assert!(acp.state().to_string().len() < 8 * 1024);
}

#[test]
fn an_agent_that_withdraws_a_question_is_heard() {
    let mut acp = in_turn();
    line(&mut acp, &permission(&json!("a"), &both()));
    let withdraw = json!({"method": "$/cancel_request", "params": {"requestId": "a"}});
    check(
        &line(&mut acp, &withdraw),
        &expect![[r#"
        send {"jsonrpc":"2.0","id":"a","error":{"code":-32800,"message":"cancelled by the agent"}}
        unask "a"
    "#]],
    );
    assert_eq!(line(&mut acp, &withdraw), "");
}

#[test]
fn cancel_closes_questions_and_waits_for_the_agents_word() {
    let mut acp = in_turn();
    line(&mut acp, &permission(&json!(9), &both()));
    let mut log = show_all(&acp.cancel());
    log += &show_all(&acp.cancel());
    log += &line(&mut acp, &json!({"id": 3, "result": {"stopReason": "cancelled"}}));
    log += &show_all(&acp.cancel());
    check(
        &log,
        &expect![[r#"
        send {"jsonrpc":"2.0","method":"session/cancel","params":{"sessionId":"s"}}
        send {"jsonrpc":"2.0","id":9,"result":{"outcome":{"outcome":"cancelled"}}}
        unask 9
        turn ended Cancelled
    "#]],
    );
}

#[test]
fn how_a_turn_ends() {
    for (reply, expected) in [
        (json!({"result": {"stopReason": "max_tokens"}}), "turn ended MaxTokens\n"),
        (json!({"result": {"stopReason": "max_turn_requests"}}), "turn ended MaxTurnRequests\n"),
        (json!({"result": {"stopReason": "refusal"}}), "turn ended Refusal\n"),
        (json!({"result": {"stopReason": "cancelled"}}), "turn ended Cancelled\n"),
        (
            json!({"result": {"stopReason": "because"}}),
            "turn failed: the agent ended its turn with an answer that ACP does not know: {\"stopReason\":\"because\"}\n",
        ),
        (
            json!({"result": null}),
            "turn failed: the agent ended its turn with an answer that ACP does not know: null\n",
        ),
        (
            json!({"error": {"code": -32603, "message": "x", "data": {"message": "model overloaded"}}}),
            "turn failed: x: model overloaded (error -32603)\n",
        ),
        (json!({"error": {"code": 1, "message": ""}}), "turn failed: error 1\n"),
    ] {
        let mut acp = in_turn();
        let mut reply = reply;
        reply["id"] = json!(3);
        assert_eq!(line(&mut acp, &reply), expected);
        assert!(matches!(acp.prompt("on")[..], [Action::Send(_)]), "it is ready again");
    }
    let mut acp = in_turn();
    assert!(
        line(&mut acp, &json!({"id": 3, "error": {"code": -32000, "message": "401"}}))
            .starts_with("broken: ")
    );
}

#[test]
fn a_turn_that_ends_cancelled_after_our_refusal_was_not_cancelled() {
    let mut acp = in_turn();
    line(&mut acp, &permission(&json!(9), &both()));
    acp.answer("9", PermissionReply::Deny);
    assert_eq!(
        line(&mut acp, &json!({"id": 3, "result": {"stopReason": "cancelled"}})),
        "turn ended EndTurn\n"
    );
}

#[test]
fn replies_that_nobody_waits_for_are_no_success() {
    let mut acp = in_turn();
    for reply in [
        json!({"id": 2, "result": {"stopReason": "end_turn"}}),
        json!({"id": 4, "result": {"stopReason": "end_turn"}}),
        json!({"id": "3", "result": {"stopReason": "end_turn"}}),
        json!({"id": null, "error": {"code": 1, "message": "x"}}),
    ] {
        let log = line(&mut acp, &reply);
        assert!(log.starts_with(r#"event {"type":"output","data":{"stream":"invalid""#), "{log}");
    }
    assert_eq!(
        line(&mut acp, &json!({"id": 3, "result": {"stopReason": "end_turn"}})),
        "turn ended EndTurn\n"
    );
    let log = line(&mut acp, &json!({"id": 3, "result": {"stopReason": "end_turn"}}));
    assert!(log.contains("invalid"), "a second answer is none: {log}");
}

#[test]
fn files_and_terminals_are_refused_and_a_flood_of_wishes_ends_it() {
    let mut acp = in_turn();
    let wish = json!({"id": "w", "method": "fs/write_text_file", "params": {"sessionId": "s", "path": "/etc/passwd", "content": "x"}});
    check(
        &line(&mut acp, &wish),
        &expect![[r#"
        send {"jsonrpc":"2.0","id":"w","error":{"code":-32601,"message":"fs/write_text_file is not offered"}}
        event {"type":"output","data":{"stream":"update","text":"a request of the agent was refused: fs/write_text_file"}}
    "#]],
    );
    let log: String = (0..1000).map(|_| line(&mut acp, &wish)).collect();
    assert_eq!(log.matches("broken: ").count(), 1);
}

#[test]
fn strange_lines_are_kept_short_and_a_hundred_in_a_row_end_it() {
    let mut acp = in_turn();
    let long = "x".repeat(1 << 20);
    let log = show_all(&acp.receive(long.as_bytes()));
    assert!(log.len() < 5000 && log.contains("\"stream\":\"invalid\""));
    for _ in 0..98 {
        assert!(!show_all(&acp.receive(b"\xff\x00 not json")).contains("broken"));
    }
    line(&mut acp, &update(&json!({"sessionUpdate": "usage_update", "used": 1, "size": 2})));
    assert_eq!(acp.receive(b" \r"), vec![], "an empty line is nothing");
    let log: String = (0..100).map(|_| show_all(&acp.receive(b"[]"))).collect();
    assert_eq!(log.matches("broken: testy wrote 100 lines in a row").count(), 1);
}

#[test]
fn a_prompt_needs_a_ready_agent() {
    let mut acp = fresh(plain());
    assert!(matches!(acp.prompt("x")[..], [Action::TurnFailed(_)]));
    let mut acp = in_turn();
    assert!(matches!(acp.prompt("x")[..], [Action::TurnFailed(_)]));
}

#[test]
fn a_new_process_knows_no_open_question() {
    let mut acp = in_turn();
    line(&mut acp, &permission(&json!(9), &both()));
    let log = show_all(&acp.open());
    assert!(log.starts_with("unask 9\nsend "), "{log}");
    let log = line(&mut acp, &json!({"id": 3, "result": {"stopReason": "end_turn"}}));
    assert!(log.contains("invalid"), "the old prompt's answer is none: {log}");
}
