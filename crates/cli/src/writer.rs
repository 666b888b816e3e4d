//! Events as text (layer 4), for `run`, `attach` and `logs`.

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

/// Turns events into text. Chunks of a message run on; everything else begins a line.
pub(crate) struct Writer {
    terminal: Terminal,
    open: Option<Open>,
    titles: BTreeMap<String, String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Message,
    Thought,
}

impl Writer {
    /// A writer that has written nothing yet.
    pub(crate) fn new(terminal: Terminal) -> Self {
        Self { terminal, open: None, titles: BTreeMap::new() }
    }

    /// Ends a line that chunks have left open.
    pub(crate) fn end_line(&mut self) -> Result<(), Failure> {
        if self.open.take().is_some() { self.terminal.write("\n") } else { Ok(()) }
    }

    fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.end_line()?;
        self.terminal.line(text)
    }

    fn run_on(&mut self, kind: Open, text: &str) -> Result<(), Failure> {
        if self.open != Some(kind) {
            self.end_line()?;
            self.open = Some(kind);
        }
        let text = clean(text);
        self.terminal.write(&if kind == Open::Thought { styled(DIM, &text) } else { text })
    }

    /// Writes an event.
    pub(crate) fn event(&mut self, event: &Event) -> Result<(), Failure> {
        let Some(body) = event.body() else {
            return self.line(&styled(DIM, &format!("({})", clean(&event.kind))));
        };
        match body {
            EventBody::Status { status, reason } => {
                let reason = reason.map(|reason| format!(" ({})", clean(&reason))).unwrap_or_default();
                self.line(&format!("{} {}{reason}", styled(DIM, "●"), words::status(status)))
            }
            EventBody::Step { step, state, detail, duration_ms } => {
                self.step(&step, state, detail, duration_ms)
            }
            EventBody::Message { author: Author::Agent, text, .. } => self.run_on(Open::Message, &text),
            EventBody::Message { author, text, .. } => {
                let who = if author == Author::User { "you" } else { "telecoder" };
                let text = telecoder::cut(&clean(&text), MAX_WORDS);
                self.line(&format!("{} {text}", styled(BOLD, &format!("{who}:"))))
            }
            EventBody::Thought { text } => self.run_on(Open::Thought, &text),
            EventBody::ToolCall(call) | EventBody::ToolUpdate(call) => self.tool(&call),
            EventBody::Plan { entries } => {
                for entry in entries {
                    let mark = if entry.status == "completed" { "✓" } else { "·" };
                    self.line(&format!("  {mark} {}", clean(&entry.content)))?;
                }
                Ok(())
            }
            EventBody::Output { stream, text, .. } => {
                let line = text.trim().lines().next().unwrap_or("");
                let line = telecoder::cut(&clean(line), MAX_LINE);
                self.line(&styled(DIM, &format!("[{}] {line}", clean(&stream))))
            }
            EventBody::FileChange { paths, total, action } => self.file_change(&paths, total, &action),
            EventBody::Usage(call) => self.usage(call),
            EventBody::Permission { decision, title, state, by, .. } => {
                self.permission(&decision, &title, &state, by)
            }
            EventBody::Outcome(outcome) => {
                self.line(&format!("{} {}", styled(GREEN, "outcome"), clean(&outcome.headline)))
            }
            EventBody::Git { action, commit, branch, diff } => {
                let branch = branch.map(|branch| format!(" {}", clean(&branch))).unwrap_or_default();
                let diff = diff.map(|diff| format!("  {}", size(diff))).unwrap_or_default();
                let commit = commit.get(..12).unwrap_or(&commit).to_owned();
                self.line(&format!("{} {}{branch} {commit}{diff}", styled(DIM, "git"), clean(&action)))
            }
            EventBody::PullRequest { number, url, action, subject, state, detail } => {
                let words = [Some(action), subject, state].into_iter().flatten();
                let words: Vec<String> = words.map(|word| clean(&word)).collect();
                let (head, words) = (styled(GREEN, "pull request"), words.join(" "));
                self.line(&format!("{head} #{number} {words}  {}", clean(&url)))?;
                match detail.as_deref().and_then(|detail| detail.trim().lines().next()) {
                    Some(line) => {
                        self.line(&styled(DIM, &format!("  {}", telecoder::cut(&clean(line), MAX_LINE))))
                    }
                    None => Ok(()),
                }
            }
            EventBody::Error { kind, message, hint } => {
                self.line(&format!("{} {}", styled(RED, kind.as_str()), clean(&message)))?;
                hint.map_or(Ok(()), |hint| self.line(&format!("  hint: {}", clean(&hint))))
            }
            EventBody::Done { .. } => self.end_line(),
        }
    }

    fn file_change(&mut self, paths: &[String], total: u64, action: &str) -> Result<(), Failure> {
        let named: Vec<&str> = paths.iter().take(MAX_PATHS).map(String::as_str).collect();
        let more = if total > named.len() as u64 { ", …" } else { "" };
        let list = clean(&named.join(", "));
        self.line(&format!("{} {}: {list}{more}", clean(action), count(total, "path")))
    }

    fn usage(&mut self, call: ModelCall) -> Result<(), Failure> {
        let model = call.model.unwrap_or(call.provider);
        let text = format!(
            "model call {} {} ({} in, {} out)",
            clean(&model),
            call.end,
            call.usage.input_tokens,
            call.usage.output_tokens
        );
        self.line(&styled(DIM, &text))
    }

    fn permission(
        &mut self,
        decision: &str,
        title: &str,
        state: &str,
        by: Option<String>,
    ) -> Result<(), Failure> {
        let by = by.map(|by| format!(" by {}", clean(&by))).unwrap_or_default();
        let line = format!("permission {}{by}: {}", clean(state), clean(title));
        self.line(&styled(YELLOW, &line))?;
        if state == "asked" {
            return self.line(&format!(
                "  answer with: telecoder approve {decision}   or: telecoder deny {decision}"
            ));
        }
        Ok(())
    }

    fn step(
        &mut self,
        step: &str,
        state: StepState,
        detail: Option<String>,
        duration_ms: Option<u64>,
    ) -> Result<(), Failure> {
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
        self.line(&styled(DIM, &text))
    }

    fn tool(&mut self, call: &ToolCall) -> Result<(), Failure> {
        if let Some(title) = &call.title
            && self.titles.insert(call.id.clone(), title.clone()).as_ref() != Some(title)
        {
            let kind = call.kind.map_or("tool", |kind| kind.as_str());
            self.line(&format!("{} {} {}", styled(CYAN, "▸"), styled(BOLD, kind), clean(title)))?;
        }
        if call.status == Some(ToolStatus::Failed) {
            self.line(&format!("  {}", styled(RED, "failed")))?;
        }
        if matches!(call.status, Some(ToolStatus::Completed | ToolStatus::Failed))
            && let Some(output) = &call.output
        {
            let lines: Vec<&str> = output.trim_end().lines().collect();
            for line in lines.iter().take(MAX_TOOL_LINES) {
                let line = telecoder::cut(&clean(line), MAX_LINE);
                self.line(&format!("  {}", styled(DIM, &line)))?;
            }
            if lines.len() > MAX_TOOL_LINES {
                self.line(&styled(DIM, &format!("  … {} more lines", lines.len() - MAX_TOOL_LINES)))?;
            }
        }
        Ok(())
    }
}

fn size(diff: DiffStat) -> String {
    format!("{} +{} −{}", count(diff.files, "file"), diff.additions, diff.deletions)
}
