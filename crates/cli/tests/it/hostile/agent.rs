//! Agents that do not answer, do not listen, do not end, or speak something that is no ACP.

use super::{Case, End, Scene};

const TIMEOUT: End = End::Fails("timeout", "the turn took longer than");

/// What ends only at its deadline.
const SILENT: &[Case] = &[
    Case { name: "hangs", acts: r#"{"hang":true}"#, end: TIMEOUT },
    Case { name: "ignores-cancel", acts: r#"{"ignoreCancel":true},{"hang":true}"#, end: TIMEOUT },
    Case {
        name: "ignores-signals",
        acts: r#"{"ignoreCancel":true},{"ignoreSigterm":true},{"ignoreEnd":true},
            {"shell":"(trap '' TERM INT HUP; sleep 3000) & setsid sleep 3000 & sleep 0.01"},{"hang":true}"#,
        end: TIMEOUT,
    },
    Case { name: "deaf", acts: r#"{"deaf":true},{"hang":true}"#, end: TIMEOUT },
    Case { name: "closes-stdout", acts: r#"{"closeStdout":true},{"hang":true}"#, end: TIMEOUT },
    // The half line takes the answer with it, so that none has come.
    Case { name: "half-a-line", acts: r#"{"truncatedJson":true}"#, end: TIMEOUT },
    Case { name: "wrong-id", acts: r#"{"wrongId":true},{"hang":true}"#, end: TIMEOUT },
    Case {
        name: "id-of-another-kind",
        acts: r#"{"raw":"{\"jsonrpc\":\"2.0\",\"id\":\"3\",\"result\":{\"stopReason\":\"end_turn\"}}"},
            {"raw":"{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":{\"stopReason\":\"end_turn\"}}"},
            {"raw":"[{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"stopReason\":\"end_turn\"}}]"},
            {"raw":"{\"jsonrpc\":\"2.0\",\"id\":3,\"id\":3,\"result\":{\"stopReason\":\"end_turn\"}}"},{"hang":true}"#,
        end: TIMEOUT,
    },
];

#[test]
fn an_agent_that_does_not_answer_ends_at_its_deadline_with_all_that_it_started() {
    let mut scene = Scene::new(10);
    scene.run(SILENT);
    scene.end();
}

const AGENT: &str = "agent_error";

/// What ends before its deadline.
const BROKEN: &[Case] = &[
    Case {
        name: "ends-and-leaves-a-child-with-its-pipe",
        acts: r#"{"leak":3000},{"exit":3}"#,
        end: End::Fails(AGENT, "it exited with code 3"),
    },
    Case {
        name: "answers-and-leaves-a-child-with-its-pipe",
        acts: r#"{"leak":3000},{"daemon":["late.txt",3000000]},{"say":"Done."}"#,
        end: End::Completes(""),
    },
    Case {
        name: "speaks-no-acp",
        acts: r#"{"repeat":120,"do":[{"raw":"I have done everything that you asked for."}]},{"say":"Done."}"#,
        end: End::Fails(AGENT, "100 lines in a row that are no ACP"),
    },
    Case {
        name: "bytes-that-are-no-text",
        acts: r#"{"invalidUtf8":true},{"say":"Done."}"#,
        end: End::Completes("1 lines of the agent could not be understood"),
    },
    Case {
        name: "answers-twice",
        acts: r#"{"duplicateResponse":"end_turn"},{"wait":300},{"say":"Done."}"#,
        end: End::Completes(""),
    },
    Case {
        name: "answers-what-nobody-asked",
        acts: r#"{"wrongId":true},{"raw":"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}"},{"say":"Done."}"#,
        end: End::Completes("2 lines of the agent could not be understood"),
    },
    Case {
        name: "a-stop-reason-that-is-none",
        acts: r#"{"stop":"world_peace"}"#,
        end: End::Fails(AGENT, ""),
    },
    Case {
        name: "asks-for-what-is-not-offered",
        acts: r#"{"repeat":2000,"do":[{"raw":"{\"jsonrpc\":\"2.0\",\"id\":77,\"method\":\"fs/read_text_file\",\"params\":{}}"}]},{"hang":true}"#,
        end: End::Fails(AGENT, "1000 requests in one turn that it was refused"),
    },
];

#[test]
fn what_is_no_acp_never_becomes_a_success() {
    let mut scene = Scene::new(20);
    scene.run(BROKEN);
    scene.end();
}

/// Its prompt is answered before it is asked.
#[test]
fn an_answer_that_comes_before_its_question_is_none() {
    let early = r#"{"new":[{"raw":"{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"stopReason\":\"end_turn\"}}"},{"raw":"{\"jsonrpc\":\"2.0\",\"id\":4,\"result\":{\"stopReason\":\"end_turn\"}}"}]}"#;
    let command = format!("{} --start '{early}'", crate::world::gym().display());
    let mut scene = Scene::with(10, &[("TELECODER_AGENT_GYM_COMMAND", &command)]);
    scene.run(&[Case { name: "too-early", acts: r#"{"hang":true}"#, end: TIMEOUT }]);
    scene.end();
}
