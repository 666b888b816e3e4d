//! What a conversation remembers between two lines (layer 1). It is stored as JSON, so fields are only ever added,
//! with a default. It never holds what was said.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use telecoder_model::PortError;
use telecoder_model::policy::ToolKind;

/// The format of a stored state.
const VERSION: u32 = 1;

/// What is fixed when the agent is started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Settings {
    /// The agent's name, for words.
    pub(crate) agent: String,
    /// The folder of the session, inside the sandbox.
    pub(crate) cwd: String,
    /// How it logs in, if it says that it must.
    #[serde(default)]
    pub(crate) auth_method: Option<String>,
    /// The agent's own mode.
    #[serde(default)]
    pub(crate) mode: Option<ModeWish>,
    /// The model to set over ACP (where it is not set otherwise).
    #[serde(default)]
    pub(crate) model: Option<String>,
    /// Kinds of tools by the first word of the title, for agents that send none.
    #[serde(default)]
    pub(crate) kinds: BTreeMap<String, ToolKind>,
    /// Whether words without a message id are the adapter's own notes, not the model's.
    #[serde(default)]
    pub(crate) notes_without_id: bool,
    /// Whether history may still come after a session was loaded.
    #[serde(default)]
    pub(crate) late_history: bool,
}

/// A mode to set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ModeWish {
    /// The agent's name of it.
    pub(crate) id: String,
    /// Whether the agent is of no use without it.
    pub(crate) required: bool,
}

/// How far the conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    /// Not begun.
    #[default]
    New,
    /// Between the start and the first `Ready`.
    Opening,
    /// A prompt can be sent.
    Ready,
    /// A prompt waits for its answer.
    Turn,
    /// Over.
    Broken,
}

/// What our one open request asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Asked {
    /// Versions and capabilities.
    Initialize,
    /// A login.
    Authenticate,
    /// A new session.
    NewSession,
    /// The known session.
    LoadSession,
    /// Nothing; its answer tells that the agent has said what it had to say.
    Settle {
        /// How often it was asked before.
        round: u32,
        /// How often in a row nothing came between question and answer.
        quiet: u32,
    },
    /// A setting of the session.
    Configure(Setting),
    /// A turn.
    Prompt,
}

/// A setting of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Setting {
    /// The agent's own mode.
    Mode {
        /// Its id.
        id: String,
        /// Whether the agent is of no use without it.
        required: bool,
    },
    /// The model.
    Model {
        /// The id of the option.
        option: String,
        /// The model.
        value: String,
    },
}

/// Our one open request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Waiting {
    /// Its id.
    pub(super) id: u64,
    /// What it asks for.
    pub(super) asked: Asked,
}

/// A permission request that is not answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OpenAsk {
    /// The request's id as JSON text.
    pub(super) request: String,
    /// Its options: id and kind.
    pub(super) options: Vec<(String, String)>,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct State {
    version: u32,
    /// What is fixed.
    pub(super) settings: Settings,
    /// How far it is.
    #[serde(default)]
    pub(super) phase: Phase,
    /// The agent's name of the session, once there is one.
    #[serde(default)]
    pub(super) session: Option<String>,
    /// Whether the agent can load a session.
    #[serde(default)]
    pub(super) can_load: bool,
    /// The next request's id. It never goes back, so that a reply of an earlier process matches nothing.
    #[serde(default)]
    pub(super) next_id: u64,
    /// Our open request.
    #[serde(default)]
    pub(super) waiting: Option<Waiting>,
    /// Settings that are still to be made.
    #[serde(default)]
    pub(super) settings_left: Vec<Setting>,
    /// Whether an update came since the last [`Asked::Settle`].
    #[serde(default)]
    pub(super) stirred: bool,
    /// Whether this process was asked to log in already.
    #[serde(default)]
    pub(super) authenticated: bool,
    /// The agent's open permission requests.
    #[serde(default)]
    pub(super) asks: Vec<OpenAsk>,
    /// The tool calls seen last, with their kinds, for permission requests that do not repeat them.
    #[serde(default)]
    pub(super) tools: Vec<(String, ToolKind)>,
    /// Lines in a row that meant nothing.
    #[serde(default)]
    pub(super) invalid_in_row: u32,
    /// Requests refused since the last prompt.
    #[serde(default)]
    pub(super) refused: u32,
    /// Whether this turn was cancelled by us.
    #[serde(default)]
    pub(super) cancelling: bool,
    /// Whether a permission was denied in this turn.
    #[serde(default)]
    pub(super) denied: bool,
}

impl State {
    /// The state of a conversation that has not begun.
    pub(super) fn new(settings: Settings) -> Self {
        Self { version: VERSION, settings, next_id: 1, ..Self::default() }
    }

    /// Reads a stored state.
    pub(super) fn from_json(value: &serde_json::Value) -> Result<Self, PortError> {
        let state: Self = serde_json::from_value(value.clone()).map_err(|error| {
            PortError::permanent("cannot read the stored state of an agent's conversation").because(error)
        })?;
        if state.version == VERSION {
            Ok(state)
        } else {
            Err(PortError::permanent(format!(
                "the stored state of an agent's conversation has version {}; this program reads version {VERSION}",
                state.version
            ))
            .remedy("run the version of telecoder that wrote it, or rerun the session"))
        }
    }
}
