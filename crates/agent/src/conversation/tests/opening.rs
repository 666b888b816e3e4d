//! From the agent's start to `Ready`, with agents that keep or break the protocol.

use super::{Acp, check, fresh, initialized, line, plain, ready, ready_with, session, show_all, update};
use crate::conversation::{ModeWish, Settings};
use expect_test::expect;
use serde_json::json;
use telecoder_model::port::agent::Conversation;

#[test]
fn it_opens_step_by_step() {
    let mut acp = fresh(plain());
    let mut log = show_all(&acp.open());
    log += &line(&mut acp, &initialized(true));
    log += &line(
        &mut acp,
        &update(
            &json!({"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": "early"}}),
        ),
    );
    log += &line(&mut acp, &session(2));
    check(
        &log,
        &expect![[r#"
        send {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":1,"clientCapabilities":{"fs":{"readTextFile":false,"writeTextFile":false},"terminal":false},"clientInfo":{"name":"telecoder","title":"TeleCoder","version":"0.1.0"}}}
        send {"jsonrpc":"2.0","id":2,"method":"session/new","params":{"cwd":"/workspace","mcpServers":[]}}
        ready
    "#]],
    );
}

#[test]
fn an_agent_that_cannot_begin_breaks_the_conversation() {
    for (reply, part) in [
        (json!({"id": 1, "error": {"code": -32603, "message": "no"}}), "refused to begin: no (error -32603)"),
        (json!({"id": 1, "result": {"protocolVersion": 2}}), "speaks ACP version 2"),
        (json!({"id": 1, "result": null}), "no ACP"),
        (json!({"id": 1, "result": "hello"}), "no ACP"),
    ] {
        let mut acp = fresh(plain());
        acp.open();
        let log = line(&mut acp, &reply);
        assert!(log.starts_with("broken: ") && log.contains(part), "{log}");
        assert_eq!(acp.receive(b"{}"), vec![], "nothing follows");
    }
}

#[test]
fn a_login_is_tried_once_and_only_when_it_is_asked_for() {
    let mut acp = fresh(Settings { auth_method: Some("api-key".to_owned()), ..plain() });
    acp.open();
    line(&mut acp, &initialized(true));
    let needed = |id| json!({"id": id, "error": {"code": -32000, "message": "Authentication required"}});
    let mut log = line(&mut acp, &needed(2));
    log += &line(&mut acp, &json!({"id": 3, "result": {}}));
    log += &line(&mut acp, &needed(4));
    check(
        &log,
        &expect![[r#"
        send {"jsonrpc":"2.0","id":3,"method":"authenticate","params":{"methodId":"api-key"}}
        send {"jsonrpc":"2.0","id":4,"method":"session/new","params":{"cwd":"/workspace","mcpServers":[]}}
        broken: testy says that it is not logged in: Authentication required (error -32000) / Some("the model's key was refused or is missing: check it with `telecoder doctor`, set it with `telecoder config set`")
    "#]],
    );
}

#[test]
fn a_known_session_is_loaded_and_its_history_gives_no_event() {
    let mut acp = ready();
    let state = acp.state();
    acp = Acp::restore(&state).unwrap();
    let mut log = show_all(&acp.open());
    log += &line(
        &mut acp,
        &json!({"id": 3, "result": {"protocolVersion": 1, "agentCapabilities": {"loadSession": true}}}),
    );
    log += &line(
        &mut acp,
        &update(&json!({"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": "old"}})),
    );
    log += &line(&mut acp, &json!({"id": 4, "result": null}));
    check(
        &log,
        &expect![[r#"
        send {"jsonrpc":"2.0","id":3,"method":"initialize","params":{"protocolVersion":1,"clientCapabilities":{"fs":{"readTextFile":false,"writeTextFile":false},"terminal":false},"clientInfo":{"name":"telecoder","title":"TeleCoder","version":"0.1.0"}}}
        send {"jsonrpc":"2.0","id":4,"method":"session/load","params":{"sessionId":"s","cwd":"/workspace","mcpServers":[]}}
        ready
    "#]],
    );
}

#[test]
fn a_session_that_cannot_be_loaded_begins_anew_and_says_so() {
    for (can_load, why) in [(true, "gone (error -32603)"), (false, "the agent cannot load a session")] {
        let mut acp = ready();
        acp.open();
        let mut log = line(
            &mut acp,
            &json!({"id": 3, "result": {"protocolVersion": 1, "agentCapabilities": {"loadSession": can_load}}}),
        );
        if can_load {
            log = line(&mut acp, &json!({"id": 4, "error": {"code": -32603, "message": "gone"}}));
        }
        assert!(log.contains("memory of this session was lost") && log.contains(why), "{log}");
        assert!(log.contains("session/new"), "{log}");
    }
}

#[test]
fn late_history_is_waited_for() {
    let mut acp = ready_with(Settings { late_history: true, ..plain() });
    acp.open();
    line(
        &mut acp,
        &json!({"id": 3, "result": {"protocolVersion": 1, "agentCapabilities": {"loadSession": true}}}),
    );
    let mut log = line(&mut acp, &json!({"id": 4, "result": {}}));
    log += &line(
        &mut acp,
        &update(&json!({"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": "old"}})),
    );
    for id in 5..8 {
        log += &line(&mut acp, &json!({"id": id, "error": {"code": -32601, "message": "unknown"}}));
    }
    check(
        &log,
        &expect![[r#"
        send {"jsonrpc":"2.0","id":5,"method":"_telecoder/settle","params":{}}
        send {"jsonrpc":"2.0","id":6,"method":"_telecoder/settle","params":{}}
        send {"jsonrpc":"2.0","id":7,"method":"_telecoder/settle","params":{}}
        ready
    "#]],
    );
}

#[test]
fn modes_and_models_are_set_before_the_first_prompt() {
    let settings = |required| Settings {
        mode: Some(ModeWish { id: "full".to_owned(), required }),
        model: Some("m".to_owned()),
        ..plain()
    };
    let offer = |mode: &str| {
        json!({"id": 2, "result": {"sessionId": "s",
            "modes": {"currentModeId": mode, "availableModes": []},
            "configOptions": [{"id": "which", "name": "Model", "category": "model", "type": "select", "currentValue": "x", "options": []}]}})
    };
    let begin = |required, mode| {
        let mut acp = fresh(settings(required));
        acp.open();
        line(&mut acp, &initialized(true));
        let log = line(&mut acp, &offer(mode));
        (acp, log)
    };
    let (mut acp, mut log) = begin(true, "ask");
    log += &line(&mut acp, &json!({"id": 3, "result": {}}));
    log += &line(&mut acp, &json!({"id": 4, "result": null}));
    check(
        &log,
        &expect![[r#"
        send {"jsonrpc":"2.0","id":3,"method":"session/set_mode","params":{"sessionId":"s","modeId":"full"}}
        send {"jsonrpc":"2.0","id":4,"method":"session/set_config_option","params":{"sessionId":"s","configId":"which","value":"m"}}
        ready
    "#]],
    );
    let refused = json!({"id": 3, "error": {"code": -32602, "message": "no such"}});
    let (mut acp, _) = begin(true, "ask");
    assert!(line(&mut acp, &refused).starts_with("broken: testy did not take its mode `full`"));
    let (mut acp, _) = begin(false, "ask");
    let log = line(&mut acp, &refused);
    assert!(log.contains("did not take its mode") && log.contains("set_config_option"), "{log}");
    let (mut acp, log) = begin(true, "full");
    assert!(log.contains("set_config_option"), "the mode is there already: {log}");
    assert!(line(&mut acp, &refused).starts_with("broken: testy did not take the model `m`"));
    let mut acp = fresh(settings(false));
    acp.open();
    line(&mut acp, &initialized(true));
    assert!(line(&mut acp, &session(2)).contains("does not let its model be chosen"));
}

#[test]
fn a_state_of_another_version_is_refused() {
    let mut state = Acp::beginning(plain());
    state["version"] = json!(2);
    assert!(Acp::restore(&state).is_err());
    assert!(Acp::restore(&json!({})).is_err());
}
