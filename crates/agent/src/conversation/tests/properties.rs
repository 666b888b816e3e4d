//! Whatever an agent writes and whenever the server restarts: the same actions, no panic, a small state.

use super::{Acp, fresh, plain};
use crate::conversation::{ModeWish, Settings};
use proptest::prelude::*;
use serde_json::json;
use telecoder_model::port::agent::{Action, Conversation, PermissionReply};

/// Something that happens to a conversation.
#[derive(Debug, Clone)]
enum Happening {
    Open,
    Line(Vec<u8>),
    Prompt,
    Cancel,
    Answer(u8, PermissionReply),
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    let reply = (0_u64..8, 0_usize..8).prop_map(|(id, which)| {
        let result = [
            json!({"protocolVersion": 1, "agentCapabilities": {"loadSession": true}}),
            json!({"sessionId": "s", "modes": {"currentModeId": "a", "availableModes": []}}),
            json!({"stopReason": "end_turn"}),
            json!({"stopReason": "cancelled"}),
            json!(null),
            json!({}),
        ];
        match result.get(which) {
            Some(result) => json!({"id": id, "result": result}),
            None => json!({"id": id, "error": {"code": if which == 6 { -32000 } else { -32603 }, "message": "no"}}),
        }
    });
    let update = (0_usize..5, any::<bool>()).prop_map(|(which, ours)| {
        let update = [
            json!({"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": "hi\u{0}"}}),
            json!({"sessionUpdate": "tool_call", "toolCallId": "t", "title": "shell · ls", "kind": "other"}),
            json!({"sessionUpdate": "tool_call_update", "toolCallId": "t", "kind": "read", "status": "failed"}),
            json!({"sessionUpdate": "future"}),
            json!(null),
        ];
        json!({"method": "session/update", "params": {"sessionId": if ours { "s" } else { "x" }, "update": update[which]}})
    });
    let request = (0_u64..4, 0_usize..3).prop_map(|(id, which)| match which {
        0 => json!({"id": id, "method": "fs/read_text_file", "params": {}}),
        1 => json!({"method": "$/cancel_request", "params": {"requestId": id}}),
        _ => json!({"id": id, "method": "session/request_permission", "params": {"sessionId": "s",
            "toolCall": {"toolCallId": "t", "title": "shell"},
            "options": [{"optionId": "y", "name": "Y", "kind": "allow_always"}]}}),
    });
    prop_oneof![
        4 => reply.prop_map(|value| value.to_string().into_bytes()),
        3 => update.prop_map(|value| value.to_string().into_bytes()),
        3 => request.prop_map(|value| value.to_string().into_bytes()),
        1 => proptest::collection::vec(any::<u8>(), 0..40),
        1 => "\\{\"(id|method|params)\":[ -~]{0,20}\\}".prop_map(String::into_bytes),
    ]
}

fn happening() -> impl Strategy<Value = Happening> {
    let reply = prop_oneof![
        Just(PermissionReply::Allow),
        Just(PermissionReply::Deny),
        Just(PermissionReply::Cancelled)
    ];
    prop_oneof![
        1 => Just(Happening::Open),
        12 => line().prop_map(Happening::Line),
        2 => Just(Happening::Prompt),
        1 => Just(Happening::Cancel),
        2 => (0_u8..4, reply).prop_map(|(id, reply)| Happening::Answer(id, reply)),
    ]
}

fn perform(acp: &mut Acp, happening: &Happening) -> Vec<Action> {
    match happening {
        Happening::Open => acp.open(),
        Happening::Line(line) => acp.receive(line),
        Happening::Prompt => acp.prompt("go"),
        Happening::Cancel => acp.cancel(),
        Happening::Answer(id, reply) => acp.answer(&id.to_string(), *reply),
    }
}

/// What is sent is one line of JSON each; a request has an id that no other request has.
fn well_formed(actions: &[Action], last_id: &mut u64) {
    for action in actions {
        let Action::Send(line) = action else { continue };
        assert!(!line.contains(&b'\n'));
        let value: serde_json::Value = serde_json::from_slice(line).unwrap();
        if value.get("method").is_some()
            && let Some(id) = value.get("id")
        {
            assert!(id.as_u64().unwrap() > *last_id);
            *last_id = id.as_u64().unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_restart_between_any_two_lines_changes_nothing(
        opened in any::<bool>(),
        late in any::<bool>(),
        happenings in proptest::collection::vec(happening(), 0..40),
    ) {
        let settings = Settings {
            auth_method: Some("key".to_owned()),
            mode: Some(ModeWish { id: "full".to_owned(), required: false }),
            kinds: [("shell".to_owned(), telecoder_model::policy::ToolKind::Execute)].into(),
            late_history: late,
            ..plain()
        };
        let mut straight = fresh(settings);
        let mut last_id = 0;
        if opened {
            // Most of what follows happens to a conversation that has a session.
            for happening in [
                Happening::Open,
                Happening::Line(br#"{"id":1,"result":{"protocolVersion":1,"agentCapabilities":{"loadSession":true}}}"#.to_vec()),
                Happening::Line(br#"{"id":2,"result":{"sessionId":"s"}}"#.to_vec()),
                Happening::Line(br#"{"id":3,"result":{}}"#.to_vec()),
                Happening::Prompt,
            ] {
                well_formed(&perform(&mut straight, &happening), &mut last_id);
            }
        }
        let mut restarted = Acp::restore(&straight.state()).unwrap();
        for happening in &happenings {
            let expected = perform(&mut straight, happening);
            let actual = perform(&mut restarted, happening);
            prop_assert_eq!(&actual, &expected);
            well_formed(&actual, &mut last_id);
            let state = restarted.state();
            prop_assert_eq!(&state, &straight.state());
            prop_assert!(state.to_string().len() < 8 * 1024);
            restarted = Acp::restore(&state).unwrap();
        }
    }

    #[test]
    fn any_bytes_are_taken(lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..20)) {
        let mut acp = fresh(plain());
        acp.open();
        for line in lines {
            acp.receive(&line);
        }
    }
}
