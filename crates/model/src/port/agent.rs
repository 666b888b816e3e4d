//! Port: agent runtime and conversation (layer 0).
//!
//! Contract of a runtime: knows the agents, installs them into versioned folders, and says how one is started in a sandbox.
//! Nothing that it gives holds a secret. Contract of a conversation: no IO, no clock. It turns lines of the agent into actions
//! and wishes into lines; its whole state is a JSON value, so that a restarted server goes on where the old one was: feeding
//! the same lines to a conversation restored from a state gives the same actions. No line, however broken, makes it fail
//! otherwise than by an action. History that an agent replays while a session is loaded gives no event.

use crate::error::PortError;
use crate::event::{EventBody, PermissionOption};
use crate::id::AgentName;
use crate::policy::{Policy, ToolKind};
use crate::port::gateway::Provider;
use crate::port::sandbox::{HomeFile, ReadOnlyBind};
use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// What is known of an agent on this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentStatus {
    /// Its name.
    pub name: AgentName,
    /// One line about it.
    pub description: String,
    /// Whether it is part of the catalogue (else it comes from the configuration).
    pub in_catalogue: bool,
    /// Whether it can be started.
    pub installed: bool,
    /// The installed version, or the pinned one where it is not installed.
    pub version: Option<String>,
    /// Bytes on disk if installed, else what an install takes, measured.
    pub size_bytes: Option<u64>,
    /// The folder or command it is started from.
    pub location: Option<String>,
    /// The providers it can use; empty where it is not known.
    pub providers: Vec<Provider>,
    /// What is missing, in words, with the remedy; `None` where it is ready.
    pub problem: Option<String>,
}

/// What a session asks of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchRequest {
    /// Which agent.
    pub agent: AgentName,
    /// The model to use, where it is not the agent's own choice.
    pub model: Option<String>,
    /// The session's policy (for the agent's native mode).
    pub policy: Policy,
    /// The providers that have a key.
    pub providers: Vec<Provider>,
}

/// How an agent is started in a sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// Program (absolute inside the sandbox, or found in `PATH`) and arguments.
    pub argv: Vec<String>,
    /// Its environment beyond the sandbox's own (`HOME`, `PATH`, `LANG`, …). Keys in it are placeholders.
    pub env: BTreeMap<String, String>,
    /// Folders that it needs, read-only.
    pub read_only: Vec<ReadOnlyBind>,
    /// Files that must stand in its home before it starts.
    pub home: Vec<HomeFile>,
    /// The providers whose listeners it needs.
    pub providers: Vec<Provider>,
    /// The state in which its conversation begins (mode to set, model to set, quirks); see [`AgentRuntime::conversation`].
    pub conversation: Value,
}

/// Hears how far an install is.
pub trait InstallProgress: Send + Sync {
    /// One line for a person.
    fn line(&self, text: &str);
}

/// Knows, installs and starts agents.
#[async_trait]
pub trait AgentRuntime: Send + Sync + fmt::Debug {
    /// All agents of the catalogue and of the configuration.
    async fn list(&self) -> Result<Vec<AgentStatus>, PortError>;
    /// Installs the pinned version of a catalogue agent; does nothing where it is there. Killed in the middle, it leaves
    /// nothing that looks installed.
    async fn install(
        &self,
        name: &AgentName,
        progress: &dyn InstallProgress,
    ) -> Result<AgentStatus, PortError>;
    /// Looks whether an agent really starts (its version command), and what is missing.
    async fn check(&self, name: &AgentName) -> Result<AgentStatus, PortError>;
    /// Says how an agent is started; class `NotFound` with a remedy where it is unknown or not installed.
    async fn launch(&self, request: &LaunchRequest) -> Result<Launch, PortError>;
    /// Makes a conversation from a launch's state or from [`Conversation::state`].
    fn conversation(&self, state: &Value) -> Result<Box<dyn Conversation>, PortError>;
}

/// Why a turn ended (ACP's `StopReason`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The agent says that it is done.
    EndTurn,
    /// The model's token limit.
    MaxTokens,
    /// The agent's own limit of requests in a turn.
    MaxTurnRequests,
    /// The agent refuses.
    Refusal,
    /// It was cancelled.
    Cancelled,
}

/// A permission request of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionRequest {
    /// Names the request within the conversation (the JSON-RPC id as text).
    pub request: String,
    /// What it wants to do.
    pub title: String,
    /// What kind of thing it is.
    pub kind: ToolKind,
    /// The choices.
    pub options: Vec<PermissionOption>,
}

/// The answer to a permission request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PermissionReply {
    /// Allowed this once (the agent's `allow_once` option, else any allowing one).
    Allow,
    /// Refused (`reject_once`, else any refusing one).
    Deny,
    /// The turn was cancelled.
    Cancelled,
}

/// What follows from a line or a wish.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Write this line (without its newline) to the agent.
    Send(Bytes),
    /// Record this. The turn number in message events is set by the caller.
    Event(EventBody),
    /// The agent is ready for a prompt.
    Ready,
    /// The agent asks for permission; answer with [`Conversation::answer`].
    Ask(PermissionRequest),
    /// The agent no longer waits for the answer to that request.
    Unask(String),
    /// The turn ended.
    TurnEnded(StopReason),
    /// The prompt was answered by an error.
    TurnFailed(String),
    /// The conversation cannot go on (no ACP, version not supported, login needed, start refused).
    Broken {
        /// Why, in words.
        reason: String,
        /// What to do about it.
        remedy: Option<String>,
    },
}

/// One resumable conversation with an agent.
pub trait Conversation: Send {
    /// Begins: after the agent's process was started. A state that already knows an agent session loads it again where
    /// the agent can, else begins a new one.
    fn open(&mut self) -> Vec<Action>;
    /// Takes one line of the agent's standard output, without its newline.
    fn receive(&mut self, line: &[u8]) -> Vec<Action>;
    /// Sends a prompt. Only after [`Action::Ready`], and not while a turn is under way.
    fn prompt(&mut self, text: &str) -> Vec<Action>;
    /// Asks the agent to end the turn.
    fn cancel(&mut self) -> Vec<Action>;
    /// Answers a permission request; a request that is not open gives no action.
    fn answer(&mut self, request: &str, reply: PermissionReply) -> Vec<Action>;
    /// The whole state, at most some kilobytes, without content of the conversation.
    fn state(&self) -> Value;
}
