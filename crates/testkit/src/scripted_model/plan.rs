//! What to answer to a request (dev layer, pure): the step of the script that its conversation has reached.
//!
//! Invariant: the step is a function of the request alone, so that any number of servers, restarts and repeats give
//! the same answer. (Only faults are counted, in `faults.rs`.)

use super::script::{Script, Step};
use super::tools::{self, Tool};
use serde_json::Value;

/// One contribution to a conversation, as far as it matters for a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// Text of the user's side. Agents put reminders of their own here too.
    User(String),
    /// The model's earlier answers.
    Assistant,
    /// The result of one tool call.
    ToolResult,
}

/// A request in terms that all wire formats share.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// The model that was asked for.
    pub model: String,
    /// Whether the answer is to be streamed.
    pub stream: Bearing,
    /// Whether a streamed answer tells its usage (OpenAI's chat completions tell it only when asked).
    pub stream_usage: bool,
    /// The conversation.
    pub turns: Vec<Turn>,
    /// The tools on offer.
    pub tools: Vec<Tool>,
    /// The schema that the answer's text must follow.
    pub schema: Option<Value>,
}

/// How an answer travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearing {
    /// One JSON document.
    Whole,
    /// Server-sent events.
    Events,
    /// A JSON array that grows (Gemini without `alt=sse`).
    Array,
}

/// What to answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Plan {
    /// A short text: the request is no part of the scripted work (a title, a router, a broken script).
    Aside(String),
    /// A step of a script.
    Play {
        /// The script's identity, under which its faults are counted.
        script: String,
        /// The step's number, from 0.
        index: usize,
        /// The step.
        step: Step,
    },
    /// The script has no further step.
    Finished,
}

/// Decides what to answer.
pub fn plan(ask: &Ask, fallback: Option<&Script>) -> Plan {
    let found = ask.turns.iter().enumerate().rev().find_map(|(at, turn)| match turn {
        Turn::User(text) => Script::find(text).map(|script| (at, script)),
        Turn::Assistant | Turn::ToolResult => None,
    });
    let (at, script) = match (found, fallback) {
        (Some((at, Ok(script))), _) => (at, script),
        (Some((_, Err(error))), _) => return Plan::Aside(error.to_string()),
        (None, Some(fallback)) => (0, fallback.clone()),
        (None, None) => (0, unscripted()),
    };
    let actions: Vec<_> = script.steps.iter().map(|step| &step.answer.action).collect();
    if !script.toolless && !tools::usable(&ask.tools, &actions) {
        return Plan::Aside(match &ask.schema {
            Some(schema) => tools::plausible(schema).to_string(),
            None => "Scripted session".to_owned(),
        });
    }
    let index = ask.turns.iter().skip(at).filter(|turn| **turn == Turn::ToolResult).count();
    match script.steps.get(index) {
        Some(step) => Plan::Play { script: script.identity.clone(), index, step: step.clone() },
        None => Plan::Finished,
    }
}

/// What is played where neither the prompt nor the server has a script.
fn unscripted() -> Script {
    use super::script::{Action, Answer};
    let write = Action::Shell("echo 'Written by the scripted model.' >> SCRIPTED.md".to_owned());
    let answers = [
        Answer { action: write, ..Answer::text("") },
        Answer::text("I added a line to SCRIPTED.md."),
    ];
    let steps = answers.into_iter().map(|answer| Step { faults: Vec::new(), answer }).collect();
    Script { steps, toolless: false, identity: String::new() }
}

#[cfg(test)]
mod tests {
    use super::super::script::{Action, Answer, prompt};
    use super::*;
    use serde_json::json;

    fn ask(turns: Vec<Turn>, tools: &[&str]) -> Ask {
        let tools =
            tools.iter().map(|name| Tool { name: (*name).to_owned(), namespace: None, schema: None }).collect();
        Ask { model: "m".to_owned(), stream: Bearing::Whole, stream_usage: true, turns, tools, schema: None }
    }

    fn user(text: impl Into<String>) -> Turn {
        Turn::User(text.into())
    }

    fn played(plan: &Plan) -> (usize, &Action) {
        match plan {
            Plan::Play { index, step, .. } => (*index, &step.answer.action),
            other => panic!("not a step: {other:?}"),
        }
    }

    #[test]
    fn tool_results_after_the_newest_script_choose_the_step() {
        use Turn::{Assistant, ToolResult};
        let first = prompt(&json!([{"shell": "a"}, {"shell": "b"}, {"text": "c"}]));
        let second = prompt(&json!([{"shell": "x"}, {"text": "y"}]));
        let mut turns = vec![user("reminder"), user(first), Assistant, ToolResult, user("a reminder of the agent's")];
        assert_eq!(played(&plan(&ask(turns.clone(), &["bash"]), None)), (1, &Action::Shell("b".to_owned())));
        turns.extend([Assistant, ToolResult, Assistant, ToolResult]);
        assert_eq!(plan(&ask(turns.clone(), &["bash"]), None), Plan::Finished);
        turns.extend([user(second), Assistant, ToolResult]);
        assert_eq!(played(&plan(&ask(turns, &["bash"]), None)), (1, &Action::Text("y".to_owned())));
    }

    #[test]
    fn a_request_without_usable_tools_is_an_aside_unless_the_script_wants_it() {
        let turns = vec![user(prompt(&json!([{"text": "done"}])))];
        let title = ask(turns.clone(), &["glob"]);
        assert_eq!(plan(&title, None), Plan::Aside("Scripted session".to_owned()));
        let schema = json!({"type": "object", "properties": {"title": {"type": "string"}}});
        let router = Ask { schema: Some(schema), ..title };
        assert_eq!(plan(&router, None), Plan::Aside(r#"{"title":"scripted"}"#.to_owned()));
        let toolless = ask(vec![user(r#"SCRIPT{"toolless":true,"steps":[{"text":"done"}]}"#)], &[]);
        assert_eq!(played(&plan(&toolless, None)), (0, &Action::Text("done".to_owned())));
    }

    #[test]
    fn the_fallback_is_played_once_in_a_conversation_without_a_script() {
        let fallback = Script::parse(r#"{"steps":[{"shell":"fix"},{"text":"fixed"}]}"#).unwrap();
        let plan_of = |turns| plan(&ask(turns, &["shell"]), Some(&fallback));
        let mut turns = vec![user("Fix the test.")];
        assert_eq!(played(&plan_of(turns.clone())), (0, &Action::Shell("fix".to_owned())));
        turns.extend([Turn::Assistant, Turn::ToolResult, user("<system-reminder>")]);
        assert_eq!(played(&plan_of(turns.clone())), (1, &Action::Text("fixed".to_owned())));
        turns.extend([Turn::Assistant, user("And now?")]);
        assert_eq!(played(&plan_of(turns)).0, 1);
        let own = vec![user(prompt(&json!([{"text": "own"}])))];
        assert_eq!(played(&plan_of(own)), (0, &Action::Text("own".to_owned())));
    }

    #[test]
    fn without_any_script_something_small_is_written_and_a_broken_one_is_named() {
        let Plan::Play { step, .. } = plan(&ask(vec![user("hello")], &["Bash"]), None) else { panic!("no step") };
        assert_ne!(step.answer, Answer::text(""));
        let broken = plan(&ask(vec![user("SCRIPT{\"steps\":3}")], &["Bash"]), None);
        assert!(matches!(&broken, Plan::Aside(text) if text.starts_with("not a script")), "{broken:?}");
    }
}
