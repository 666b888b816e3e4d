//! A whole answer before it is written in a wire format (dev layer, pure), and the bytes it becomes.

use super::plan::Ask;
use super::script::{Action, Answer, Usage};
use super::tools::{self, Call};
use bytes::Bytes;
use serde_json::Value;
use std::time::Duration;

/// Why the model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It has nothing more to say.
    End,
    /// It waits for the result of a tool.
    Tool,
    /// It reached its limit of tokens.
    Limit,
}

/// An answer in terms that all wire formats share.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    /// Tells this answer apart within its conversation; the same request has the same one.
    pub id: String,
    /// The model that the request named.
    pub model: String,
    /// What it says.
    pub text: String,
    /// The tool it calls then.
    pub call: Option<Call>,
    /// Why it stops.
    pub stop: Stop,
    /// The tokens it reports.
    pub usage: Usage,
    /// The pause between two events of a stream.
    pub pace: Duration,
}

impl Reply {
    /// The answer of a script's step; a step that needs a tool that is not on offer says so instead.
    pub(crate) fn of(answer: &Answer, ask: &Ask, id: String) -> Self {
        let answer = located(answer, ask);
        let mut reply = Self::text(String::new(), ask, id);
        reply.usage = answer.usage;
        reply.pace = answer.pace;
        match tools::call(&answer, &ask.tools) {
            Ok(Some(call)) => {
                reply.text = answer.say.clone().unwrap_or_default();
                reply.call = Some(call);
                reply.stop = Stop::Tool;
            }
            Ok(None) => {
                if let Action::Text(text) = &answer.action {
                    reply.text.clone_from(text);
                }
            }
            Err(missing) => reply.text = missing,
        }
        reply
    }

    /// An answer that only says something.
    pub(crate) fn text(text: String, ask: &Ask, id: String) -> Self {
        let usage = Usage::default();
        Self { id, model: ask.model.clone(), text, call: None, stop: Stop::End, usage, pace: Duration::ZERO }
    }

    /// The same answer as if the limit of tokens had been reached half-way: half the text, no tool call.
    #[must_use]
    pub(crate) fn half(mut self) -> Self {
        let keep = self.text.chars().count() / 2;
        self.text = self.text.chars().take(keep).collect();
        self.call = None;
        self.stop = Stop::Limit;
        self
    }

    /// The same answer, but with nothing in it.
    #[must_use]
    pub(crate) fn emptied(mut self) -> Self {
        self.text.clear();
        self.call = None;
        self.stop = Stop::End;
        self
    }

    /// The text in pieces as a stream gives them: words with the space after them.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &str> {
        self.text.split_inclusive(' ')
    }
}

impl Call {
    /// The arguments as JSON text.
    pub(super) fn json(&self) -> String {
        Value::Object(self.arguments.clone()).to_string()
    }

    /// What the tool gets, in two pieces, as a stream gives them: its text, or the JSON text of its arguments.
    pub(super) fn pieces(&self) -> [String; 2] {
        let whole = self.input.clone().unwrap_or_else(|| self.json());
        let middle = (0..=whole.len() / 2).rev().find(|at| whole.is_char_boundary(*at)).unwrap_or(0);
        let (first, second) = whole.split_at(middle);
        [first.to_owned(), second.to_owned()]
    }
}

/// The answer with its paths as the agent wants them.
fn located(answer: &Answer, ask: &Ask) -> Answer {
    let mut answer = answer.clone();
    match &mut answer.action {
        Action::Write { path, .. } | Action::Edit { path, .. } | Action::Read { path } => {
            *path = ask.absolute(path)
        }
        Action::Shell(_) | Action::Tool { .. } | Action::Text(_) => {}
    }
    answer
}

/// The body of a response: the pieces that are sent one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Body {
    /// `content-type` of the response.
    pub content_type: &'static str,
    /// The pieces.
    pub frames: Vec<Bytes>,
}

impl Body {
    /// One JSON document.
    pub(crate) fn json(value: &Value) -> Self {
        Self { content_type: "application/json", frames: vec![value.to_string().into()] }
    }

    /// Server-sent events without any event yet.
    pub(crate) fn events() -> Self {
        Self { content_type: "text/event-stream", frames: Vec::new() }
    }

    /// Adds an event.
    pub(crate) fn event(&mut self, name: Option<&str>, payload: &str) {
        let name = name.map(|name| format!("event: {name}\n")).unwrap_or_default();
        self.frames.push(format!("{name}data: {payload}\n\n").into());
    }

    /// The length of the whole body.
    pub(crate) fn size(&self) -> usize {
        self.frames.iter().map(Bytes::len).sum()
    }

    /// Only the first so many bytes.
    #[must_use]
    pub(crate) fn cut(mut self, mut keep: usize) -> Self {
        self.frames.retain_mut(|frame| {
            frame.truncate(keep);
            keep = keep.saturating_sub(frame.len());
            !frame.is_empty()
        });
        self
    }
}
