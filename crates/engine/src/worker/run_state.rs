//! The engine's private state of a session's execution (layer 1): everything that another server needs to go on. It is
//! written in the same transaction as the events that were made of it, and holds no content of the conversation.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use telecoder_model::event::{EventBody, ToolCall, ToolStatus};
use telecoder_model::id::{DecisionId, ProcessId};
use telecoder_model::port::agent::StopReason;
use telecoder_model::port::git::PreparedWorkspace;
use telecoder_model::port::sandbox::SandboxRef;
use telecoder_model::refs::ObjectId;
use telecoder_model::usage::CallEnd;

/// The state of a session's execution.
#[derive(Debug, Clone, Serialize, Deserialize, Default)]
#[serde(default)]
pub(crate) struct RunState {
    /// The workspace, once it is prepared.
    pub(crate) workspace: Option<PreparedWorkspace>,
    /// The sandbox, recorded before it is made.
    pub(crate) sandbox: Option<SandboxRef>,
    /// Whether the log tells of that sandbox.
    pub(crate) sandbox_told: bool,
    /// Sandboxes made so far.
    pub(crate) sandboxes: u32,
    /// The agent's process in that sandbox, recorded before it is started.
    pub(crate) agent: Option<AgentRun>,
    /// Agent processes started so far.
    pub(crate) launches: u32,
    /// The conversation's state.
    pub(crate) conversation: Option<Value>,
    /// The turn under way, or the last one.
    pub(crate) turn: Option<TurnState>,
    /// Permission requests that wait for a person: request → decision.
    pub(crate) asked: BTreeMap<String, DecisionId>,
    /// Model calls so far.
    pub(crate) calls: u64,
    /// What of the agent's words is held back.
    pub(crate) held: Option<Held>,
    /// Exports so far.
    pub(crate) exports: u32,
    /// Revisions that stages asked for.
    pub(crate) revisions: u32,
    /// What a stage wants the agent to do next.
    pub(crate) follow_up: Option<String>,
    /// The commit that was left to a person, who was asked or told: whether, or for which branch, it is published.
    pub(crate) publish_asked: Option<ObjectId>,
    /// What that person was asked, while nothing else is left to do.
    pub(crate) publish_question: Option<DecisionId>,
    /// Bytes of standard error kept in the log so far.
    pub(crate) stderr_kept: u64,
    /// Bytes of output kept in the log so far.
    pub(crate) output: u64,
    /// Which claim of the job last brought the work forward.
    pub(crate) progress_try: u32,
    /// Sandboxes that could not be removed when they were no longer needed; nothing new is made before they are gone.
    pub(crate) leftover: Vec<SandboxRef>,
}

impl RunState {
    /// Notes that the agent has said something under this claim.
    pub(crate) fn progress(&mut self, tries: u32) {
        self.progress_try = tries;
    }
    /// Claims of the job that have brought nothing since the last one that did.
    pub(crate) fn vain_tries(&self, tries: u32) -> u32 {
        // The count begins anew with each job.
        if self.progress_try > tries { tries } else { tries.saturating_sub(self.progress_try) }
    }
}

/// The end of a chunk that may be the beginning of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Held {
    /// A thought, else a message.
    pub(crate) thought: bool,
    /// The turn it belongs to.
    pub(crate) turn: u32,
    /// The characters.
    pub(crate) text: String,
}

/// An agent's process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AgentRun {
    /// Its name in the sandbox.
    pub(crate) process: ProcessId,
    /// Up to where its standard output was read; always a line's end.
    pub(crate) stdout: u64,
    /// Up to where its standard error was read.
    pub(crate) stderr: u64,
    /// The number of the next input line.
    pub(crate) next_input: u64,
    /// Whether it is ready for a prompt.
    pub(crate) ready: bool,
    /// Whether the log tells of it.
    #[serde(default)]
    pub(crate) told: bool,
}

/// A turn.
#[derive(Debug, Clone, Serialize, Deserialize, Default)]
#[serde(default)]
pub(crate) struct TurnState {
    /// Counts from 1.
    pub(crate) number: u32,
    /// The number of the last event before it.
    pub(crate) after_seq: u64,
    /// The words it began with.
    pub(crate) prompt: String,
    /// Whether the prompt was given to the agent process that is there now.
    pub(crate) prompted: bool,
    /// Whether it was given to any agent process, so that parts of it may be done already.
    pub(crate) tried: bool,
    /// Time at work so far, in milliseconds; waiting for a person does not count.
    pub(crate) worked_ms: u64,
    /// Model calls of this turn that have not ended.
    pub(crate) open_calls: Vec<u64>,
    /// Model calls of this turn.
    pub(crate) calls: u32,
    /// The last call that the agent did not abandon, and how it ended.
    pub(crate) last_call: Option<(u64, CallEnd)>,
    /// Model calls in a row that the provider refused because of the key.
    pub(crate) unauthorised: u32,
    /// How often the agent was prompted to go on after a broken call.
    pub(crate) reprompts: u32,
    /// Whether its sandbox was lost and replaced.
    pub(crate) sandbox_lost: bool,
    /// How the agent says that it ended.
    pub(crate) ended: Option<StopReason>,
    /// Whether the turn is over for the engine.
    pub(crate) over: bool,
    /// Whether the log tells of its outcome.
    pub(crate) outcome_told: bool,
    /// Whether a permission request was refused in it.
    pub(crate) denied: bool,
    /// Whether it was cancelled for a message that steers.
    pub(crate) steered: bool,
    /// Tool calls that the agent calls under way.
    pub(crate) open_tools: Vec<String>,
    /// Lines that could not be understood.
    pub(crate) invalid: u32,
    /// The number of an event before which the agent's last words do not begin.
    pub(crate) words_after: u64,
}

/// Tool calls that are remembered as under way.
const MAX_OPEN_TOOLS: usize = 64;

impl TurnState {
    /// Time at work so far.
    pub(crate) fn worked(&self) -> Duration {
        Duration::from_millis(self.worked_ms)
    }
    /// Takes in what an event says about the turn itself.
    pub(crate) fn hear(&mut self, event: &EventBody) {
        match event {
            EventBody::ToolCall(call) | EventBody::ToolUpdate(call) => self.hear_tool(call),
            EventBody::Output { stream, .. } if stream == "invalid" => {
                self.invalid = self.invalid.saturating_add(1);
            }
            EventBody::Output { .. }
            | EventBody::Status { .. }
            | EventBody::Step { .. }
            | EventBody::Message { .. }
            | EventBody::Thought { .. }
            | EventBody::Plan { .. }
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
    fn hear_tool(&mut self, call: &ToolCall) {
        match call.status {
            Some(ToolStatus::Pending | ToolStatus::InProgress)
                if !self.open_tools.contains(&call.id) && self.open_tools.len() < MAX_OPEN_TOOLS =>
            {
                self.open_tools.push(call.id.clone());
            }
            Some(ToolStatus::Completed | ToolStatus::Failed) => self.open_tools.retain(|id| *id != call.id),
            Some(ToolStatus::Pending | ToolStatus::InProgress) | None => {}
        }
    }
    /// Whether nothing is under way that may take long without a word.
    pub(crate) fn is_quiet(&self) -> bool {
        self.open_calls.is_empty() && self.open_tools.is_empty()
    }
    /// Whether the agent's word that it is done can be believed: it called no model, or its last call ended whole.
    pub(crate) fn last_call_finished(&self) -> bool {
        if self.calls == 0 {
            return true;
        }
        matches!(self.last_call, Some((_, CallEnd::Finished)))
    }
    /// Whether the agent's word is believed. One that was refused something, or was told to stop, may leave its last call
    /// unfinished itself; that a call broke off on its way is another matter.
    pub(crate) fn is_believed(&self) -> bool {
        let let_go = self.steered || (self.denied && self.last_call.is_none());
        let_go || self.last_call_finished()
    }
}
