//! Events as text (layer 4), for `run`, `attach` and `logs`.
//!
//! Invariant: what happens beside a message that is still coming waits until its line ends, so that nothing cuts into it.

#[cfg(test)]
mod tests;

use crate::exit::Failure;
use crate::terminal::{BOLD, CYAN, DIM, GREEN, RED, Terminal, YELLOW, styled};
use crate::words::{self, clean, count, duration};
use std::collections::BTreeMap;
use telecoder_api::event::{Author, Event, EventBody, StepState, ToolCall, ToolStatus};
use telecoder_api::session::DiffStat;
use telecoder_api::usage::ModelCall;

/// Lines of a tool's output that are shown.
const MAX_TOOL_LINES: usize = 8;
/// Characters of a person's words that are shown.
const MAX_WORDS: usize = 1000;
/// Characters of a line of output that are shown.
const MAX_LINE: usize = 300;
/// Paths of a change that are named.
const MAX_PATHS: usize = 10;
/// Lines that wait for the end of a message; with one more, the message's line is ended for them.
const MAX_WAITING: usize = 20;
/// The stream on which some agents tell the output of a command piece by piece.
const COMMAND_OUTPUT: &str = "terminal";

/// Turns events into text. Chunks of a message and pieces of a command's output run on; everything else begins a line.
pub(crate) struct Writer {
    terminal: Terminal,
    text: String,
    open: Option<Open>,
    waiting: Vec<String>,
    titles: BTreeMap<String, String>,
}

/// What runs on.
enum Open {
    Message,
    Thought,
    Pieces(Pieces),
}

/// The output of a command as it comes in pieces.
#[derive(Default)]
struct Pieces {
    /// Lines that were ended.
    lines: usize,
    /// Characters of the last line so far.
    width: usize,
}

impl Writer {
    /// A writer that has written nothing yet.
    pub(crate) fn new(terminal: Terminal) -> Self {
        Self { terminal, text: String::new(), open: None, waiting: Vec::new(), titles: BTreeMap::new() }
    }

    /// Writes an event.
    pub(crate) fn event(&mut self, event: &Event) -> Result<(), Failure> {
        self.tell(event);
        self.flush()
    }

    /// Ends a line that has been left open, and writes what waits for that.
    pub(crate) fn end(&mut self) -> Result<(), Failure> {
        self.end_line();
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Failure> {
        if self.text.is_empty() { Ok(()) } else { self.terminal.write(&std::mem::take(&mut self.text)) }
    }

    fn end_line(&mut self) {
        match self.open.take() {
            None => {}
            Some(Open::Message | Open::Thought) => self.text.push('\n'),
            Some(Open::Pieces(pieces)) => {
                let more = pieces.lines.saturating_sub(MAX_TOOL_LINES);
                let shown = pieces.lines < MAX_TOOL_LINES;
                if pieces.width > 0 && shown {
                    self.text.push('\n');
                }
                self.left_out(more + usize::from(pieces.width > 0 && !shown));
            }
        }
        for line in std::mem::take(&mut self.waiting) {
            self.line(&line);
        }
    }

    fn line(&mut self, text: &str) {
        self.end_line();
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// A line that may wait until what runs on has ended.
    fn beside(&mut self, text: String) {
        if self.open.is_none() || self.waiting.len() >= MAX_WAITING {
            self.line(&text);
        } else {
            self.waiting.push(text);
        }
    }

    fn left_out(&mut self, lines: usize) {
        if lines > 0 {
            let words = format!("  … {} more line{}", lines, if lines == 1 { "" } else { "s" });
            self.text.push_str(&styled(DIM, &words));
            self.text.push('\n');
        }
    }

    fn say(&mut self, text: &str) {
        if !matches!(self.open, Some(Open::Message)) {
            self.end_line();
            self.open = Some(Open::Message);
        }
        self.text.push_str(&clean(text));
    }

    fn think(&mut self, text: &str) {
        if !matches!(self.open, Some(Open::Thought)) {
            self.end_line();
            self.open = Some(Open::Thought);
        }
        self.text.push_str(&styled(DIM, &clean(text)));
    }

    /// A piece of a command's output, which may begin and end in the middle of a line.
    fn piece(&mut self, text: &str) {
        let mut pieces = match self.open.take() {
            Some(Open::Pieces(pieces)) => pieces,
            other => {
                self.open = other;
                self.end_line();
                Pieces::default()
            }
        };
        for part in text.split_inclusive('\n') {
            let ends = part.ends_with('\n');
            // What a progress bar has written over is not shown.
            let line = part.trim_end_matches(['\n', '\r']);
            let line = clean(line.rsplit('\r').next().unwrap_or(line));
            let shown = pieces.lines < MAX_TOOL_LINES;
            let room = MAX_LINE.saturating_sub(pieces.width);
            if shown && room > 0 && !line.is_empty() {
                let indent = if pieces.width == 0 { "  " } else { "" };
                self.text.push_str(indent);
                self.text.push_str(&styled(DIM, &telecoder::cut(&line, room)));
            }
            pieces.width = pieces.width.saturating_add(line.chars().count());
            if ends {
                if shown {
                    self.text.push('\n');
                }
                pieces = Pieces { lines: pieces.lines.saturating_add(1), width: 0 };
            }
        }
        self.open = Some(Open::Pieces(pieces));
    }

    fn tell(&mut self, event: &Event) {
        let Some(body) = event.body() else {
            return self.line(&styled(DIM, &format!("({})", clean(&event.kind))));
        };
        match body {
            EventBody::Status { status, reason } => {
                let reason = reason.map(|reason| format!(" ({})", clean(&reason))).unwrap_or_default();
                self.line(&format!("{} {}{reason}", styled(DIM, "●"), words::status(status)));
            }
            EventBody::Step { step, state, detail, duration_ms } => {
                self.step(&step, state, detail, duration_ms)
            }
            EventBody::Message { author: Author::Agent, text, .. } => self.say(&text),
            EventBody::Message { author, text, .. } => {
                let who = if author == Author::User { "you" } else { "telecoder" };
                let text = telecoder::cut(&clean(&text), MAX_WORDS);
                self.line(&format!("{} {text}", styled(BOLD, &format!("{who}:"))));
            }
            EventBody::Thought { text } => self.think(&text),
            EventBody::ToolCall(call) | EventBody::ToolUpdate(call) => self.tool(&call),
            EventBody::Plan { entries } => {
                for entry in entries {
                    let mark = if entry.status == "completed" { "✓" } else { "·" };
                    self.line(&format!("  {mark} {}", clean(&entry.content)));
                }
            }
            EventBody::Output { stream, text, .. } if stream == COMMAND_OUTPUT => self.piece(&text),
            EventBody::Output { stream, text, .. } => {
                let line = text.trim().lines().next().unwrap_or("");
                let line = telecoder::cut(&clean(line), MAX_LINE);
                self.beside(styled(DIM, &format!("[{}] {line}", clean(&stream))));
            }
            EventBody::FileChange { paths, total, action } => self.file_change(&paths, total, &action),
            EventBody::Usage(call) => self.usage(call),
            EventBody::Permission { decision, title, state, by, .. } => {
                self.permission(&decision, &title, &state, by)
            }
            EventBody::Outcome(outcome) => {
                self.line(&format!("{} {}", styled(GREEN, "outcome"), clean(&outcome.headline)));
            }
            EventBody::Git { action, commit, branch, diff } => self.git(&action, &commit, branch, diff),
            EventBody::PullRequest { number, url, action, subject, state, detail } => {
                let words = [Some(action), subject, state].into_iter().flatten();
                let words: Vec<String> = words.map(|word| clean(&word)).collect();
                let (head, words) = (styled(GREEN, "pull request"), words.join(" "));
                self.line(&format!("{head} #{number} {words}  {}", clean(&url)));
                if let Some(line) = detail.as_deref().and_then(|detail| detail.trim().lines().next()) {
                    self.line(&styled(DIM, &format!("  {}", telecoder::cut(&clean(line), MAX_LINE))));
                }
            }
            EventBody::Error { kind, message, hint } => {
                self.line(&format!("{} {}", styled(RED, kind.as_str()), clean(&message)));
                if let Some(hint) = hint {
                    self.line(&format!("  hint: {}", clean(&hint)));
                }
            }
            EventBody::Done { .. } => self.end_line(),
        }
    }

    fn git(&mut self, action: &str, commit: &str, branch: Option<String>, diff: Option<DiffStat>) {
        let branch = branch.map(|branch| format!(" {}", clean(&branch))).unwrap_or_default();
        let diff = diff.map(|diff| format!("  {}", size(diff))).unwrap_or_default();
        let commit = words::short_commit(commit);
        self.line(&format!("{} {}{branch} {commit}{diff}", styled(DIM, "git"), clean(action)));
    }

    fn file_change(&mut self, paths: &[String], total: u64, action: &str) {
        let named: Vec<&str> = paths.iter().take(MAX_PATHS).map(String::as_str).collect();
        let more = if total > named.len() as u64 { ", …" } else { "" };
        let list = clean(&named.join(", "));
        self.line(&format!("{} {}: {list}{more}", clean(action), count(total, "path")));
    }

    fn usage(&mut self, call: ModelCall) {
        let model = call.model.unwrap_or(call.provider);
        let text = format!(
            "model call {} {} ({} in, {} out)",
            clean(&model),
            call.end,
            call.usage.input_tokens,
            call.usage.output_tokens
        );
        self.beside(styled(DIM, &text));
    }

    fn permission(&mut self, decision: &str, title: &str, state: &str, by: Option<String>) {
        let by = by.map(|by| format!(" by {}", clean(&by))).unwrap_or_default();
        let line = format!("permission {}{by}: {}", clean(state), clean(title));
        self.line(&styled(YELLOW, &line));
        if state == "asked" {
            self.line(&format!(
                "  answer with: telecoder approve {decision}   or: telecoder deny {decision}"
            ));
        }
    }

    fn step(&mut self, step: &str, state: StepState, detail: Option<String>, duration_ms: Option<u64>) {
        let name = step.replace('_', " ");
        let detail = detail.map(|detail| format!(": {}", clean(&detail))).unwrap_or_default();
        let text = match state {
            StepState::Started if detail.is_empty() => format!("{name} …"),
            StepState::Started => format!("{name}{detail}"),
            StepState::Finished => {
                let time = duration_ms.map(|millis| format!(" ({})", duration(millis))).unwrap_or_default();
                format!("{name}{detail}{time}")
            }
            StepState::Failed => format!("{name} failed{detail}"),
        };
        self.line(&styled(DIM, &text));
    }

    fn tool(&mut self, call: &ToolCall) {
        if let Some(title) = &call.title
            && self.titles.insert(call.id.clone(), title.clone()).as_ref() != Some(title)
        {
            let kind = call.kind.map_or("tool", |kind| kind.as_str());
            self.line(&format!("{} {} {}", styled(CYAN, "▸"), styled(BOLD, kind), clean(title)));
        }
        if call.status == Some(ToolStatus::Failed) {
            self.line(&format!("  {}", styled(RED, "failed")));
        }
        if matches!(call.status, Some(ToolStatus::Completed | ToolStatus::Failed))
            && let Some(output) = &call.output
        {
            let lines: Vec<&str> = output.trim_end().lines().collect();
            for line in lines.iter().take(MAX_TOOL_LINES) {
                let line = telecoder::cut(&clean(line), MAX_LINE);
                self.line(&format!("  {}", styled(DIM, &line)));
            }
            self.left_out(lines.len().saturating_sub(MAX_TOOL_LINES));
        }
    }
}

fn size(diff: DiffStat) -> String {
    format!("{} +{} −{}", count(diff.files, "file"), diff.additions, diff.deletions)
}
