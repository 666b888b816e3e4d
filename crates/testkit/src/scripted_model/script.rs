//! The scripts that the scripted model plays (dev layer, pure): their JSON form and its typed meaning.
//!
//! Invariants: parsing has no effect; a script that cannot be understood is an error that names the step; faults
//! belong to the answer that follows them.

use super::written::{Meaning, WrittenStep};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::time::Duration;

/// The word before the JSON object of a script inside a prompt.
pub const MARKER: &str = "SCRIPT";

/// Writes a prompt that carries these steps (a JSON array of step objects).
pub fn prompt(steps: &Value) -> String {
    format!("{MARKER}{}", serde_json::json!({ "steps": steps }))
}

/// What a model answers in one conversation, step by step.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    /// The answers in order.
    pub steps: Vec<Step>,
    /// Whether every request without tools is answered from the script. Agents ask for titles and summaries with the
    /// whole prompt and without tools; such requests are told apart by their words, unless the script says
    /// `"toolless": true`.
    pub toolless: bool,
    /// Tells scripts apart whose faults are counted: the JSON text itself.
    pub identity: String,
}

/// One answer and the faults that hit it before it is given whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Faults, in the order of the script.
    pub faults: Vec<Fault>,
    /// The answer.
    pub answer: Answer,
}

/// A fault, and how many requests it hits.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// How many requests it hits; `None` hits every one.
    pub times: Option<u32>,
}

/// What may go wrong with an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum FaultKind {
    /// The answer comes late. Later faults of the same step still apply.
    Sleep(Duration),
    /// The answer stops at a point and the connection stays open and silent.
    Stall(Point),
    /// The connection breaks at a point.
    Cut(Point),
    /// The answer is an HTTP error.
    Error {
        /// The status code, 400 to 599.
        status: u16,
        /// Seconds for the `retry-after` header.
        retry_after: Option<u64>,
    },
    /// The body ends properly, but after half of its bytes: broken JSON, or no event that says that it is complete.
    Truncate,
    /// The answer is complete and says nothing.
    Empty,
    /// The answer is half as long and says that the limit of tokens was reached.
    MaxTokens,
}

/// A place in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Before the first byte of the response's head.
    Before,
    /// After half of the body's bytes.
    Middle,
    /// After so many bytes of the body.
    Bytes(usize),
}

/// A whole answer of the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// What the model does.
    pub action: Action,
    /// Text that precedes a tool call.
    pub say: Option<String>,
    /// Arguments that are added to the tool call's own.
    pub extra: Map<String, Value>,
    /// What the answer says that it cost.
    pub usage: Usage,
    /// The pause between two events of a stream.
    pub pace: Duration,
}

/// What a model does in one answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Runs a command with whatever shell tool the agent offers.
    Shell(String),
    /// Writes a file with whatever writing tool the agent offers (or with its shell).
    Write {
        /// The path; most agents want it absolute.
        path: String,
        /// The file's whole content.
        content: String,
    },
    /// Replaces a text by another with whatever editing tool the agent offers (or with its shell).
    Edit {
        /// The path; most agents want it absolute.
        path: String,
        /// The text that is there, once.
        old: String,
        /// The text that takes its place.
        new: String,
    },
    /// Reads a file with whatever reading tool the agent offers (or with its shell).
    Read {
        /// The path; most agents want it absolute.
        path: String,
    },
    /// Calls the named tool with exactly these arguments.
    Tool {
        /// Its name, as the agent offers it.
        name: String,
        /// Its arguments.
        arguments: Map<String, Value>,
    },
    /// Says something and ends the turn.
    Text(String),
}

/// The tokens that an answer reports. OpenAI and Gemini count cached input as part of the input; Anthropic does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Usage {
    /// Input tokens that came from no cache.
    pub input: u64,
    /// Output tokens.
    pub output: u64,
    /// Input tokens that were read from the provider's cache.
    pub cache_read: u64,
    /// Input tokens that were written to the provider's cache (Anthropic only).
    pub cache_write: u64,
}

impl Default for Usage {
    fn default() -> Self {
        Self { input: 11, output: 7, cache_read: 0, cache_write: 0 }
    }
}

/// Says why a text is not a script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a script: {0}")]
pub struct ScriptError(String);

impl Script {
    /// Reads `{"steps": [...], "toolless": bool}`.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        match serde_json::from_str(text) {
            Ok(value) => Self::from_value(value),
            Err(error) => Err(ScriptError(error.to_string())),
        }
    }

    /// Finds the last script in a prompt. `None`: it carries none. What looks like a script inside another one (a
    /// file that is to be written, say) is part of that one.
    pub fn find(text: &str) -> Option<Result<Self, ScriptError>> {
        let opening = format!("{MARKER}{{");
        let mut rest = text;
        let mut found = None;
        while let Some(at) = rest.find(&opening) {
            rest = rest.get(at + MARKER.len()..).unwrap_or_default();
            let mut documents = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
            match documents.next() {
                Some(Ok(value)) => {
                    found = Some(Self::from_value(value));
                    rest = rest.get(documents.byte_offset()..).unwrap_or_default();
                }
                Some(Err(error)) => found = Some(Err(ScriptError(error.to_string()))),
                None => break,
            }
        }
        found
    }

    /// Reads a script from parsed JSON.
    pub fn from_value(value: Value) -> Result<Self, ScriptError> {
        let identity = value.to_string();
        let raw: RawScript = serde_json::from_value(value).map_err(|error| ScriptError(error.to_string()))?;
        let mut steps = Vec::new();
        let mut faults = Vec::new();
        for (index, value) in raw.steps.into_iter().enumerate() {
            let at = |reason: String| ScriptError(format!("step {index}: {reason}"));
            let raw: WrittenStep = serde_json::from_value(value).map_err(|error| at(error.to_string()))?;
            match raw.meaning().map_err(at)? {
                Meaning::Fault(fault) => faults.push(fault),
                Meaning::Answer(answer) => {
                    steps.push(Step { faults: std::mem::take(&mut faults), answer: *answer })
                }
            }
        }
        if !faults.is_empty() {
            steps.push(Step { faults, answer: Answer::text("The script is finished.") });
        }
        Ok(Self { steps, toolless: raw.toolless, identity })
    }
}

impl Answer {
    /// An answer that only says something.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            action: Action::Text(text.into()),
            say: None,
            extra: Map::new(),
            usage: Usage::default(),
            pace: Duration::ZERO,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawScript {
    steps: Vec<Value>,
    #[serde(default)]
    toolless: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[expect(clippy::needless_pass_by_value, reason = "a literal is the readable argument")]
    fn script(steps: Value) -> Script {
        Script::from_value(json!({ "steps": steps })).unwrap()
    }

    #[test]
    fn faults_belong_to_the_answer_after_them() {
        let script = script(json!([
            {"shell": "true"},
            {"error": 429, "times": 2, "retryAfter": 1}, {"cut": "before", "times": 1}, {"cut": 40},
            {"text": "done"},
            {"stall": true}
        ]));
        assert_eq!(script.steps.len(), 3);
        assert_eq!(script.steps[0].faults, []);
        assert_eq!(
            script.steps[1].faults,
            [
                Fault { kind: FaultKind::Error { status: 429, retry_after: Some(1) }, times: Some(2) },
                Fault { kind: FaultKind::Cut(Point::Before), times: Some(1) },
                Fault { kind: FaultKind::Cut(Point::Bytes(40)), times: None },
            ]
        );
        assert_eq!(script.steps[2].faults[0].kind, FaultKind::Stall(Point::Middle));
        assert_eq!(script.steps[2].answer, Answer::text("The script is finished."));
    }

    #[test]
    fn an_answer_carries_what_stands_beside_its_verb() {
        let script = script(json!([
            {"shell": "ls", "say": "Looking.", "args": {"timeout": 5}, "usage": {"input": 900, "cacheRead": 80}, "paceMs": 3}
        ]));
        let answer = &script.steps[0].answer;
        assert_eq!(answer.action, Action::Shell("ls".to_owned()));
        assert_eq!(answer.say.as_deref(), Some("Looking."));
        assert_eq!(Value::Object(answer.extra.clone()), json!({"timeout": 5}));
        assert_eq!(answer.usage, Usage { input: 900, output: 7, cache_read: 80, cache_write: 0 });
        assert_eq!(answer.pace, Duration::from_millis(3));
    }

    #[test]
    fn the_last_script_of_a_prompt_counts_and_text_may_follow() {
        let text = format!(
            "{} then {} and so on }}",
            prompt(&json!([{"text": "a"}])),
            prompt(&json!([{"text": "b"}]))
        );
        assert_eq!(Script::find(&text).unwrap().unwrap().steps[0].answer, Answer::text("b"));
        assert!(Script::find("no SCRIPT here").is_none());
        let nested = prompt(&json!([{"write": ["/f", prompt(&json!([{"text": "inner"}]))]}]));
        let found = Script::find(&nested).unwrap().unwrap();
        assert!(
            matches!(&found.steps[0].answer.action, Action::Write { path, .. } if path == "/f"),
            "{found:?}"
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let says = |steps: Value, part: &str| {
            let error = Script::from_value(json!({ "steps": steps })).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        };
        says(json!([{"text": "a"}, {"shel": "x"}]), "step 1: unknown field `shel`");
        says(json!([{}]), "it has 0");
        says(json!([{"text": "a", "shell": "b"}]), "it has 2");
        says(json!([{"cut": "soon"}]), "`soon` is no place");
        says(json!([{"error": 200}]), "200 is no HTTP error status");
        says(json!([{"sleep": -1}]), "sleep");
        says(json!([{"text": "a", "times": 1}]), "`times` belongs to a fault");
        assert!(Script::find("SCRIPT{\"steps\":[").unwrap().is_err());
        assert!(Script::parse("").is_err());
    }
}
