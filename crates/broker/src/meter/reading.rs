//! What one event or document of an answer says of tokens, end and errors, in the four formats (layer 1; pure).
//!
//! Reading is lenient: a member of an unexpected type is passed over, because endpoints that call themselves compatible
//! differ. Counts are running totals, so that the last one stated holds.

use crate::route::Format;
use serde_json::Value;
use telecoder_model::usage::Usage;

/// How far an answer has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Progress {
    /// The end has not been seen.
    #[default]
    Open,
    /// All of the content has come, and the end mark has not: whole if the stream ends now in good order.
    Said,
    /// The protocol's end mark has come.
    Whole,
    /// The provider said that it failed.
    Failed,
}

/// What has been read of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) progress: Progress,
    pub(crate) error: Option<String>,
    input: u64,
    cache_read: u64,
    cache_written: u64,
    output: u64,
}

impl Reading {
    /// The tokens so far. What Anthropic counts beside the input, the others count in it.
    pub(crate) fn usage(&self) -> Usage {
        Usage {
            input_tokens: self.input.saturating_add(self.cache_written),
            output_tokens: self.output,
            cached_tokens: self.cache_read,
            ..Usage::default()
        }
    }

    /// Reads an event of a stream.
    pub(crate) fn event(&mut self, format: Format, bytes: &[u8]) {
        if format == Format::Chat && bytes.trim_ascii() == b"[DONE]" {
            self.reach(Progress::Whole);
        } else if let Ok(value) = serde_json::from_slice::<Value>(bytes) {
            self.value(format, &value);
        }
    }

    /// Reads a whole document, at its good end. What cannot be parsed did not come whole.
    pub(crate) fn document(&mut self, format: Format, bytes: &[u8]) {
        let Ok(value) = serde_json::from_slice::<Value>(bytes) else {
            return;
        };
        match &value {
            Value::Object(_) => self.value(format, &value),
            // Gemini without `alt=sse` streams its events as one array.
            Value::Array(events) if format == Format::Gemini => {
                for event in events {
                    self.value(format, event);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => return,
        }
        self.reach(Progress::Whole);
    }

    fn value(&mut self, format: Format, value: &Value) {
        match format {
            Format::Messages => self.messages(value),
            Format::Chat => self.chat(value),
            Format::Responses => self.responses(value),
            Format::Gemini => self.gemini(value),
        }
    }

    fn messages(&mut self, value: &Value) {
        for usage in [value.pointer("/message/usage"), value.get("usage")].into_iter().flatten() {
            let (input, read) = (count(usage, "/input_tokens"), count(usage, "/cache_read_input_tokens"));
            // Stated apart by the provider, kept together here.
            if input.is_some() || read.is_some() {
                let plain = input.unwrap_or(self.input.saturating_sub(self.cache_read));
                self.cache_read = read.unwrap_or(self.cache_read);
                self.input = plain.saturating_add(self.cache_read);
            }
            set(&mut self.cache_written, count(usage, "/cache_creation_input_tokens"));
            set(&mut self.output, count(usage, "/output_tokens"));
        }
        match value.get("type").and_then(Value::as_str) {
            Some("message_stop") => self.reach(Progress::Whole),
            Some("error") => self.fail(value),
            _ => {}
        }
    }

    fn chat(&mut self, value: &Value) {
        if let Some(usage) = value.get("usage") {
            set(&mut self.input, count(usage, "/prompt_tokens"));
            set(&mut self.cache_read, count(usage, "/prompt_tokens_details/cached_tokens"));
            set(&mut self.output, count(usage, "/completion_tokens"));
        }
        let choices = value.get("choices").and_then(Value::as_array);
        if choices.is_some_and(|all| all.iter().any(|choice| is_word(choice.get("finish_reason")))) {
            self.reach(Progress::Said);
        }
        if value.get("error").is_some_and(|error| !error.is_null()) {
            self.fail(value);
        }
    }

    fn responses(&mut self, value: &Value) {
        let response = value.get("response").unwrap_or(value);
        if let Some(usage) = response.get("usage") {
            set(&mut self.input, count(usage, "/input_tokens"));
            set(&mut self.cache_read, count(usage, "/input_tokens_details/cached_tokens"));
            set(&mut self.output, count(usage, "/output_tokens"));
        }
        match value.get("type").and_then(Value::as_str) {
            Some("response.completed" | "response.incomplete") => self.reach(Progress::Whole),
            Some("response.failed" | "response.cancelled") => self.fail(response),
            Some("error") => self.fail(value),
            Some(_) => {}
            // A document, not an event.
            None => match value.get("status").and_then(Value::as_str) {
                Some("failed" | "cancelled" | "queued" | "in_progress") => self.fail(value),
                _ if value.get("error").is_some_and(|error| !error.is_null()) => self.fail(value),
                _ => {}
            },
        }
    }

    fn gemini(&mut self, value: &Value) {
        if let Some(usage) = value.get("usageMetadata") {
            if let Some(prompt) = count(usage, "/promptTokenCount") {
                self.input = prompt.saturating_add(count(usage, "/toolUsePromptTokenCount").unwrap_or(0));
            }
            set(&mut self.cache_read, count(usage, "/cachedContentTokenCount"));
            let written = [count(usage, "/candidatesTokenCount"), count(usage, "/thoughtsTokenCount")];
            if written.iter().any(Option::is_some) {
                self.output = written.into_iter().flatten().fold(0, u64::saturating_add);
            }
        }
        let candidates = value.get("candidates").and_then(Value::as_array);
        let stopped =
            candidates.is_some_and(|all| all.iter().any(|candidate| is_word(candidate.get("finishReason"))));
        if stopped || is_word(value.pointer("/promptFeedback/blockReason")) {
            self.reach(Progress::Said);
        }
        if value.get("error").is_some_and(|error| !error.is_null()) {
            self.fail(value);
        }
    }

    fn reach(&mut self, progress: Progress) {
        self.progress = self.progress.max(progress);
    }

    fn fail(&mut self, value: &Value) {
        self.reach(Progress::Failed);
        if self.error.is_none() {
            self.error = Some(
                words(value).unwrap_or_else(|| "the provider ended the answer with an error".to_owned()),
            );
        }
    }
}

/// The words of an error, in whichever shape a provider gives it.
pub(crate) fn words(value: &Value) -> Option<String> {
    ["/error/message", "/message", "/error", "/0/error/message"]
        .iter()
        .find_map(|path| value.pointer(path).and_then(Value::as_str))
        .or_else(|| value.pointer("/error/type").and_then(Value::as_str))
        .map(str::to_owned)
}

fn is_word(value: Option<&Value>) -> bool {
    value.and_then(Value::as_str).is_some_and(|word| !word.is_empty() && !word.ends_with("_UNSPECIFIED"))
}

fn count(value: &Value, path: &str) -> Option<u64> {
    value.pointer(path).and_then(Value::as_u64)
}

fn set(place: &mut u64, count: Option<u64>) {
    if let Some(count) = count {
        *place = count;
    }
}
