//! The steps that a session's work took, for the body of its pull request (layer 1).

use crate::engine::Engine;
use telecoder_model::PortError;
use telecoder_model::event::{Event, EventBody, StepState};
use telecoder_model::id::SessionId;

/// Events read at once.
const PAGE: u32 = 500;
/// Events of a session that are looked at.
const MAX_EVENTS: u64 = 50_000;
/// Steps that are named.
const MAX_STEPS: usize = 30;

/// The steps in order, one line each.
pub(crate) async fn taken(engine: &Engine, session: &SessionId) -> Result<Vec<String>, PortError> {
    let mut steps = Steps::default();
    let mut after = 0;
    loop {
        let page = engine.ports().store.events(session, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        page.iter().for_each(|event| steps.hear(event));
        if after >= MAX_EVENTS {
            break;
        }
    }
    Ok(steps.lines())
}

#[derive(Default)]
struct Steps {
    lines: Vec<String>,
    /// The turn under way, 0 between turns.
    turn: u32,
    /// The last turn that began.
    seen: u32,
    tools: u64,
}

impl Steps {
    fn hear(&mut self, event: &Event) {
        match &event.body {
            EventBody::Message { turn, .. } if *turn > self.seen => {
                self.end_turn();
                (self.turn, self.seen) = (*turn, *turn);
            }
            EventBody::ToolCall(_) => self.tools = self.tools.saturating_add(1),
            EventBody::Step { step, state: StepState::Finished, duration_ms, .. } => {
                self.end_turn();
                let time = duration_ms.map(seconds).unwrap_or_default();
                self.lines.push(format!("{}{time}", step.replace('_', " ")));
            }
            EventBody::Step { .. }
            | EventBody::Message { .. }
            | EventBody::Status { .. }
            | EventBody::Thought { .. }
            | EventBody::ToolUpdate(_)
            | EventBody::Plan { .. }
            | EventBody::Output { .. }
            | EventBody::FileChange { .. }
            | EventBody::Usage(_)
            | EventBody::Permission { .. }
            | EventBody::Outcome(_)
            | EventBody::Git { .. }
            | EventBody::PullRequest { .. }
            | EventBody::Error { .. }
            | EventBody::Done { .. } => {}
        }
    }

    fn end_turn(&mut self) {
        let turn = std::mem::take(&mut self.turn);
        let tools = std::mem::take(&mut self.tools);
        if turn > 0 {
            let uses = if tools == 1 { "1 tool call".to_owned() } else { format!("{tools} tool calls") };
            self.lines.push(format!("turn {turn}: {uses}"));
        }
    }

    fn lines(mut self) -> Vec<String> {
        self.end_turn();
        let more = self.lines.len().saturating_sub(MAX_STEPS);
        if more > 0 {
            self.lines.drain(..more);
            self.lines.insert(0, format!("{more} steps before these"));
        }
        self.lines
    }
}

fn seconds(millis: u64) -> String {
    format!(" ({}.{} s)", millis / 1000, (millis % 1000) / 100)
}
