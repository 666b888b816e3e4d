//! What must hold for any lines of an agent (layer 1); tried with a corpus by the tests, and by `cargo xtask fuzz`.
//!
//! Each line is one of the agent's, but for those that begin with `!`: `!open`, `!prompt`, `!cancel`, `!allow ID`, `!deny ID`.
//! After each of them the conversation is restored from its state, as after a restart.

use super::{Acp, Settings};
use serde_json::Value;
use telecoder_model::port::agent::{Action, Conversation, PermissionReply};

/// Lines that are tried.
const MAX_LINES: usize = 300;
/// What a state may take: it is stored with each commit.
const MAX_STATE: usize = 64 << 10;

/// Tries lines.
pub(crate) fn acp_lines(bytes: &[u8]) {
    let settings =
        Settings { agent: "fuzzy".to_owned(), cwd: "/workspace".to_owned(), ..Settings::default() };
    let beginning = Acp::beginning(settings);
    let (Ok(mut straight), Ok(mut restarted)) = (Acp::restore(&beginning), Acp::restore(&beginning)) else {
        return;
    };
    let mut last_id = 0;
    let mut prompts = 0_u32;
    let mut ends = 0_u32;
    for line in bytes.split(|byte| *byte == b'\n').take(MAX_LINES) {
        let expected = perform(&mut straight, line);
        let actions = perform(&mut restarted, line);
        assert_eq!(actions, expected, "a restart changes nothing");
        for action in &actions {
            if let Action::Send(sent) = action {
                prompts += u32::from(is_prompt(sent, &mut last_id));
            }
            ends += u32::from(matches!(action, Action::TurnEnded(_)));
        }
        assert!(ends <= prompts, "a turn that nobody began has ended");
        let state = restarted.state();
        assert_eq!(state, straight.state(), "a restart changes nothing");
        assert!(state.to_string().len() <= MAX_STATE, "the state grows");
        let Ok(again) = Acp::restore(&state) else { panic!("a state that was written cannot be read") };
        restarted = again;
    }
}

fn perform(acp: &mut Acp, line: &[u8]) -> Vec<Action> {
    let Some(wish) = line.strip_prefix(b"!") else { return acp.receive(line) };
    let wish = String::from_utf8_lossy(wish).into_owned();
    match wish.split_once(' ').unwrap_or((wish.as_str(), "")) {
        ("open", _) => acp.open(),
        ("prompt", words) => acp.prompt(words),
        ("cancel", _) => acp.cancel(),
        ("allow", id) => acp.answer(id, PermissionReply::Allow),
        ("deny", id) => acp.answer(id, PermissionReply::Deny),
        _ => acp.receive(line),
    }
}

/// Checks a line of ours; gives whether it is a prompt.
fn is_prompt(line: &[u8], last_id: &mut u64) -> bool {
    assert!(!line.contains(&b'\n'), "a line of ours is one line");
    let Ok(value) = serde_json::from_slice::<Value>(line) else { panic!("a line of ours is no JSON") };
    let method = value.get("method").and_then(Value::as_str);
    if let (Some(_), Some(id)) = (method, value.get("id")) {
        let id = id.as_u64().unwrap_or(0);
        assert!(id > *last_id, "a request of ours has an id of its own");
        *last_id = id;
    }
    method == Some("session/prompt")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_corpus_and_its_changes_hold() {
        let tried = telecoder_testkit::corpus::try_all("acp_lines", super::acp_lines);
        assert!(tried > 1000, "{tried}");
    }
}
