//! What to answer to a request (dev layer, pure): the step of the script that its conversation has reached.
//!
//! Invariant: the step is a function of the request alone, so that any number of servers, restarts and repeats give
//! the same answer. (Only faults are counted, in `faults.rs`.)

use super::schema::plausible;
use super::script::{Script, Step};
use super::tools::Tool;
use serde_json::Value;

/// One contribution to a conversation, as far as it matters for a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Text of the user's side. Agents put reminders of their own here too.
    User(String),
    /// The model's earlier answers.
    Assistant,
    /// The result of one tool call.
    ToolResult,
}

/// A request in terms that all wire formats share.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ask {
    /// The model that was asked for.
    pub model: String,
    /// Whether the answer is to be streamed.
    pub stream: Bearing,
    /// Whether a streamed answer tells its usage (OpenAI's chat completions tell it only when asked).
    pub stream_usage: bool,
    /// What the agent's maker tells the model before the conversation.
    pub instructions: String,
    /// The conversation.
    pub turns: Vec<Turn>,
    /// The tools on offer.
    pub tools: Vec<Tool>,
    /// The schema that the answer's text must follow.
    pub schema: Option<Value>,
}

/// How an answer travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bearing {
    /// One JSON document.
    Whole,
    /// Server-sent events.
    Events,
    /// A JSON array that grows (Gemini without `alt=sse`).
    Array,
}

/// What to answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Plan {
    /// A short text: the request is no part of a script (a title, a router, no script, a broken one).
    Aside(String),
    /// A step of a script.
    Play {
        /// The script's identity, under which its faults are counted.
        script: String,
        /// The step's number, from 0.
        index: usize,
        /// The step.
        step: Box<Step>,
    },
    /// The script has no further step.
    Finished,
}

/// What is said where neither the prompt nor the server has a script.
pub const UNSCRIPTED: &str = "No script was given, so this is the scripted model's plain answer.";

/// Words that show that a request without tools wants a label or a digest of the conversation, not its next answer.
const ASIDE_WORDS: &[&str] = &["title", "summar", "concise name", "short description", "session name"];

/// Where agents tell the model in which folder they work: the text before the path.
const FOLDER_MARKS: &[&str] = &[
    "Working directory: ",
    "working directory: ",
    "<cwd>",
    "working in the directory: ",
    "working in the following directories:\n  - ",
    "current directory: ",
];

/// Decides what to answer.
pub(crate) fn plan(ask: &Ask, fallback: Option<&Script>) -> Plan {
    let found = ask.turns.iter().enumerate().rev().find_map(|(at, turn)| match turn {
        Turn::User(text) => Script::find(text).map(|script| (at, script)),
        Turn::Assistant | Turn::ToolResult => None,
    });
    let (at, script) = match (found, fallback) {
        (Some((at, Ok(script))), _) => (at, script),
        (Some((_, Err(error))), _) => return Plan::Aside(error.to_string()),
        (None, Some(fallback)) => (0, fallback.clone()),
        (None, None) => return Plan::Aside(ask.schema.as_ref().map_or(UNSCRIPTED.to_owned(), schema_answer)),
    };
    if !script.toolless
        && let Some(aside) = ask.aside()
    {
        return Plan::Aside(aside);
    }
    let index = ask.turns.iter().skip(at).filter(|turn| **turn == Turn::ToolResult).count();
    match script.steps.get(index) {
        Some(step) => Plan::Play { script: script.identity.clone(), index, step: Box::new(step.clone()) },
        None => Plan::Finished,
    }
}

fn schema_answer(schema: &Value) -> String {
    plausible(schema).to_string()
}

impl Ask {
    /// The answer to a request that repeats the prompt for another purpose than to work on it.
    fn aside(&self) -> Option<String> {
        if self.tools.iter().any(|tool| tool.name != "_noop") {
            return None;
        }
        if let Some(schema) = &self.schema {
            return Some(schema_answer(schema));
        }
        let mut words = self.instructions.to_lowercase();
        for turn in &self.turns {
            if let Turn::User(text) = turn {
                words.push_str(&text.split(super::script::MARKER).next().unwrap_or_default().to_lowercase());
            }
        }
        ASIDE_WORDS.iter().any(|word| words.contains(word)).then(|| "Scripted session".to_owned())
    }

    /// A path as the agent wants it: absolute, where the request tells in which folder the agent works.
    pub(super) fn absolute(&self, path: &str) -> String {
        if path.starts_with('/') {
            return path.to_owned();
        }
        let texts =
            std::iter::once(self.instructions.as_str()).chain(self.turns.iter().map(|turn| match turn {
                Turn::User(text) => text.as_str(),
                Turn::Assistant | Turn::ToolResult => "",
            }));
        match texts.filter_map(folder).next() {
            Some(folder) => format!("{}/{path}", folder.trim_end_matches('/')),
            None => path.to_owned(),
        }
    }
}

/// The folder that a text names as the one worked in.
fn folder(text: &str) -> Option<&str> {
    FOLDER_MARKS.iter().find_map(|mark| {
        let after = text.get(text.find(mark)? + mark.len()..)?;
        let end = after.find(['\n', '<', '"', '`']).unwrap_or(after.len());
        after.get(..end).map(str::trim).filter(|path| path.starts_with('/'))
    })
}

#[cfg(test)]
mod tests {
    use super::super::script::{Action, prompt};
    use super::*;
    use serde_json::json;

    fn ask(turns: Vec<Turn>, tools: &[&str]) -> Ask {
        let tools = tools
            .iter()
            .map(|name| Tool { name: (*name).to_owned(), namespace: None, schema: None })
            .collect();
        Ask {
            model: "m".to_owned(),
            stream: Bearing::Whole,
            stream_usage: true,
            instructions: String::new(),
            turns,
            tools,
            schema: None,
        }
    }

    fn user(text: impl Into<String>) -> Turn {
        Turn::User(text.into())
    }

    fn played(plan: &Plan) -> (usize, &Action) {
        match plan {
            Plan::Play { index, step, .. } => (*index, &step.answer.action),
            Plan::Aside(_) | Plan::Finished => panic!("not a step: {plan:?}"),
        }
    }

    #[test]
    fn tool_results_after_the_newest_script_choose_the_step() {
        use Turn::{Assistant, ToolResult};
        let first = prompt(&json!([{"shell": "a"}, {"shell": "b"}, {"text": "c"}]));
        let second = prompt(&json!([{"shell": "x"}, {"text": "y"}]));
        let mut turns =
            vec![user("reminder"), user(first), Assistant, ToolResult, user("a reminder of the agent's")];
        assert_eq!(played(&plan(&ask(turns.clone(), &["bash"]), None)), (1, &Action::Shell("b".to_owned())));
        turns.extend([Assistant, ToolResult, Assistant, ToolResult]);
        assert_eq!(plan(&ask(turns.clone(), &["bash"]), None), Plan::Finished);
        turns.extend([user(second), Assistant, ToolResult]);
        assert_eq!(played(&plan(&ask(turns, &["bash"]), None)), (1, &Action::Text("y".to_owned())));
    }

    #[test]
    fn a_request_for_a_label_is_an_aside_unless_the_script_wants_it() {
        let script = prompt(&json!([{"text": "done"}]));
        let plain = ask(vec![user(script.clone())], &[]);
        assert_eq!(played(&plan(&plain, None)), (0, &Action::Text("done".to_owned())));
        let aside = Plan::Aside("Scripted session".to_owned());
        let titled = Ask { instructions: "You are a Title generator.".to_owned(), ..plain.clone() };
        assert_eq!(plan(&titled, None), aside);
        assert_eq!(
            plan(&ask(vec![user("Generate a title:"), user(script.clone())], &["_noop"]), None),
            aside
        );
        let schema = json!({"type": "object", "properties": {"title": {"type": "string"}}});
        let router = Ask { schema: Some(schema), ..plain };
        assert_eq!(plan(&router, None), Plan::Aside(r#"{"title":"scripted"}"#.to_owned()));
        let wanted = ask(vec![user(r#"Title: SCRIPT{"toolless":true,"steps":[{"text":"done"}]}"#)], &[]);
        assert_eq!(played(&plan(&wanted, None)), (0, &Action::Text("done".to_owned())));
        assert_eq!(played(&plan(&ask(vec![user(format!("A title. {script}"))], &["glob"]), None)).0, 0);
    }

    #[test]
    fn a_relative_path_follows_the_folder_that_the_agent_names() {
        let mut request = ask(vec![user("<environment>\n  <cwd>/work/tree</cwd>\n")], &[]);
        assert_eq!(request.absolute("a/b"), "/work/tree/a/b");
        assert_eq!(request.absolute("/a/b"), "/a/b");
        request.instructions = "Working directory: /other/\n".to_owned();
        assert_eq!(request.absolute("a"), "/other/a");
        assert_eq!(ask(vec![user("no folder")], &[]).absolute("a"), "a");
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
    fn without_any_script_there_is_a_plain_answer_and_a_broken_one_is_named() {
        let plain = plan(&ask(vec![user("hello")], &["Bash"]), None);
        assert_eq!(plain, Plan::Aside(UNSCRIPTED.to_owned()));
        let broken = plan(&ask(vec![user("SCRIPT{\"steps\":3}")], &["Bash"]), None);
        assert!(matches!(&broken, Plan::Aside(text) if text.starts_with("not a script")), "{broken:?}");
    }
}
