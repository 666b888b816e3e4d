//! How a step of a script is written (dev layer, pure): one verb, and what may stand beside it.

use super::script::{Action, Answer, Fault, FaultKind, Point, Usage};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::time::Duration;

/// A step as it is written: one of the verbs, and what may stand beside it.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WrittenStep {
    shell: Option<String>,
    write: Option<(String, String)>,
    edit: Option<(String, String, String)>,
    read: Option<String>,
    tool: Option<(String, Map<String, Value>)>,
    text: Option<String>,
    sleep: Option<f64>,
    stall: Option<WrittenPoint>,
    cut: Option<WrittenPoint>,
    error: Option<u16>,
    truncate: Option<bool>,
    empty: Option<bool>,
    max_tokens: Option<bool>,
    times: Option<u32>,
    retry_after: Option<u64>,
    say: Option<String>,
    args: Map<String, Value>,
    usage: Usage,
    pace_ms: u64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenPoint {
    Flag(bool),
    Bytes(usize),
    Word(String),
}

impl WrittenPoint {
    fn point(&self) -> Result<Point, String> {
        match self {
            Self::Flag(true) => Ok(Point::Middle),
            Self::Flag(false) => Err("a fault cannot be `false`; leave it out".to_owned()),
            Self::Bytes(bytes) => Ok(Point::Bytes(*bytes)),
            Self::Word(word) if word == "before" => Ok(Point::Before),
            Self::Word(word) if word == "middle" => Ok(Point::Middle),
            Self::Word(word) => {
                Err(format!("`{word}` is no place; use \"before\", \"middle\" or a number of bytes"))
            }
        }
    }
}

/// What a step means.
pub(super) enum Meaning {
    /// Something that goes wrong with the next answer.
    Fault(Fault),
    /// An answer.
    Answer(Box<Answer>),
}

impl WrittenStep {
    /// Checks it.
    pub(super) fn meaning(self) -> Result<Meaning, String> {
        let verbs = [
            self.shell.is_some(),
            self.write.is_some(),
            self.edit.is_some(),
            self.read.is_some(),
            self.tool.is_some(),
            self.text.is_some(),
            self.sleep.is_some(),
            self.stall.is_some(),
            self.cut.is_some(),
            self.error.is_some(),
            self.truncate.is_some(),
            self.empty.is_some(),
            self.max_tokens.is_some(),
        ];
        let count = verbs.into_iter().filter(|given| *given).count();
        if count != 1 {
            return Err(format!(
                "it must have exactly one of shell, write, edit, read, tool, text, sleep, stall, cut, error, truncate, empty, maxTokens; it has {count}"
            ));
        }
        let times = self.times;
        if let Some(kind) = self.fault()? {
            return Ok(Meaning::Fault(Fault { kind, times }));
        }
        if times.is_some() {
            return Err("`times` belongs to a fault".to_owned());
        }
        let action = if let Some(command) = self.shell {
            Action::Shell(command)
        } else if let Some((path, content)) = self.write {
            Action::Write { path, content }
        } else if let Some((path, old, new)) = self.edit {
            Action::Edit { path, old, new }
        } else if let Some(path) = self.read {
            Action::Read { path }
        } else if let Some((name, arguments)) = self.tool {
            Action::Tool { name, arguments }
        } else {
            Action::Text(self.text.unwrap_or_default())
        };
        let pace = Duration::from_millis(self.pace_ms);
        Ok(Meaning::Answer(Box::new(Answer {
            action,
            say: self.say,
            extra: self.args,
            usage: self.usage,
            pace,
        })))
    }

    fn fault(&self) -> Result<Option<FaultKind>, String> {
        if let Some(seconds) = self.sleep {
            let length = Duration::try_from_secs_f64(seconds).map_err(|error| format!("sleep: {error}"))?;
            return Ok(Some(FaultKind::Sleep(length)));
        }
        if let Some(status) = self.error {
            if !(400..600).contains(&status) {
                return Err(format!("error: {status} is no HTTP error status"));
            }
            return Ok(Some(FaultKind::Error { status, retry_after: self.retry_after }));
        }
        if let Some(point) = &self.stall {
            return Ok(Some(FaultKind::Stall(point.point()?)));
        }
        if let Some(point) = &self.cut {
            return Ok(Some(FaultKind::Cut(point.point()?)));
        }
        if self.truncate.is_some() {
            return Ok(Some(FaultKind::Truncate));
        }
        if self.empty.is_some() {
            return Ok(Some(FaultKind::Empty));
        }
        Ok(self.max_tokens.map(|_| FaultKind::MaxTokens))
    }
}
