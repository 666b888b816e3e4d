//! From the agent's start to the first `Ready` (layer 1): initialize → [authenticate] → session/load or session/new → its
//! settings.

use super::state::{Asked, Phase, Setting};
use super::turn::words_of;
use super::wire::{self, RpcError};
use super::{Acp, note};
use agent_client_protocol_schema::v1;
use serde_json::json;
use telecoder_model::port::agent::Action;

/// The longest session id of an agent, in bytes.
const MAX_SESSION_ID: usize = 512;
/// A request that no agent knows. Its refusal comes behind everything that the agent wrote before.
const SETTLE_METHOD: &str = "_telecoder/settle";
/// So often in a row nothing must come between that request and its answer.
const QUIET_ROUNDS: u32 = 2;
/// After so many rounds the session is taken as loaded.
const MAX_SETTLE_ROUNDS: u32 = 200;

impl Acp {
    pub(super) fn begin(&mut self) -> Vec<Action> {
        // The process is a new one: nothing of an earlier one is open any more.
        let mut actions: Vec<Action> =
            std::mem::take(&mut self.state.asks).into_iter().map(|ask| Action::Unask(ask.request)).collect();
        self.state.phase = Phase::Opening;
        self.state.authenticated = false;
        self.state.invalid_in_row = 0;
        self.state.refused = 0;
        self.state.cancelling = false;
        self.state.denied = false;
        self.state.tools.clear();
        self.state.settings_left.clear();
        let params = json!({
            "protocolVersion": v1_number(),
            "clientCapabilities": {"fs": {"readTextFile": false, "writeTextFile": false}, "terminal": false},
            "clientInfo": {"name": "telecoder", "title": "TeleCoder", "version": env!("CARGO_PKG_VERSION")},
        });
        actions.push(self.request(Asked::Initialize, "initialize", params));
        actions
    }

    pub(super) fn on_initialized(&mut self, outcome: Result<&str, RpcError>) -> Vec<Action> {
        let agent = self.state.settings.agent.clone();
        let result = match outcome {
            Ok(result) => result,
            Err(error) => {
                let reason = format!("{agent} refused to begin: {}", words_of(&error));
                return vec![self.broken(reason, None)];
            }
        };
        let Ok(response) = serde_json::from_str::<v1::InitializeResponse>(result) else {
            let reason = format!("{agent} answered `initialize` with something that is no ACP");
            return vec![self.broken(reason, Some("check that the command speaks ACP".to_owned()))];
        };
        let version = serde_json::to_value(response.protocol_version).unwrap_or_default();
        if version != v1_number() {
            let reason = format!("{agent} speaks ACP version {version}; TeleCoder speaks version 1");
            let remedy = "install the pinned version with `telecoder agents install`, or use another command";
            return vec![self.broken(reason, Some(remedy.to_owned()))];
        }
        self.state.can_load = response.agent_capabilities.load_session;
        self.enter_session()
    }

    /// Loads the known session, or begins one.
    fn enter_session(&mut self) -> Vec<Action> {
        match self.state.session.clone() {
            Some(session) if self.state.can_load => {
                let params = json!({"sessionId": session, "cwd": self.state.settings.cwd, "mcpServers": []});
                vec![self.request(Asked::LoadSession, "session/load", params)]
            }
            Some(_) => self.begin_anew("the agent cannot load a session"),
            None => vec![self.new_session()],
        }
    }

    fn new_session(&mut self) -> Action {
        let params = json!({"cwd": self.state.settings.cwd, "mcpServers": []});
        self.request(Asked::NewSession, "session/new", params)
    }

    fn begin_anew(&mut self, why: &str) -> Vec<Action> {
        self.state.session = None;
        vec![
            note(format!(
                "the agent's memory of this session was lost ({why}); it begins a new one and does not remember earlier turns"
            )),
            self.new_session(),
        ]
    }

    pub(super) fn on_authenticated(&mut self, outcome: Result<&str, RpcError>) -> Vec<Action> {
        match outcome {
            Ok(_) => self.enter_session(),
            Err(error) => vec![self.login_needed(&error)],
        }
    }

    /// A login is tried once a process, and only if the agent says that it needs one.
    fn authenticate(&mut self, error: &RpcError) -> Option<Action> {
        if error.code != wire::AUTH_REQUIRED || self.state.authenticated {
            return None;
        }
        let method = self.state.settings.auth_method.clone()?;
        self.state.authenticated = true;
        Some(self.request(Asked::Authenticate, "authenticate", json!({"methodId": method})))
    }

    pub(super) fn on_new_session(&mut self, outcome: Result<&str, RpcError>) -> Vec<Action> {
        let agent = self.state.settings.agent.clone();
        let result = match outcome {
            Ok(result) => result,
            Err(error) => {
                if let Some(login) = self.authenticate(&error) {
                    return vec![login];
                }
                if error.code == wire::AUTH_REQUIRED {
                    return vec![self.login_needed(&error)];
                }
                let reason = format!("{agent} could not begin a session: {}", words_of(&error));
                return vec![self.broken(reason, None)];
            }
        };
        let Ok(response) = serde_json::from_str::<v1::NewSessionResponse>(result) else {
            let reason = format!("{agent} answered `session/new` with something that is no ACP");
            return vec![self.broken(reason, None)];
        };
        let id = response.session_id.0.to_string();
        if id.is_empty() || id.len() > MAX_SESSION_ID {
            let reason = format!("{agent} gave a session id of {} bytes", id.len());
            return vec![self.broken(reason, None)];
        }
        self.state.session = Some(id);
        match self.plan_settings(response.modes.as_ref(), response.config_options.as_deref()) {
            Some(broken) => vec![broken],
            None => self.next_setting(),
        }
    }

    pub(super) fn on_loaded(&mut self, outcome: Result<&str, RpcError>) -> Vec<Action> {
        match outcome {
            Ok(result) => {
                // Some agents answer `null`.
                let response = serde_json::from_str::<v1::LoadSessionResponse>(result).unwrap_or_default();
                match self.plan_settings(response.modes.as_ref(), response.config_options.as_deref()) {
                    Some(broken) => vec![broken],
                    None if self.state.settings.late_history => vec![self.settle(0, 0)],
                    None => self.next_setting(),
                }
            }
            Err(error) => match self.authenticate(&error) {
                Some(login) => vec![login],
                None => self.begin_anew(&words_of(&error)),
            },
        }
    }

    fn settle(&mut self, round: u32, quiet: u32) -> Action {
        self.state.stirred = false;
        self.request(Asked::Settle { round, quiet }, SETTLE_METHOD, json!({}))
    }

    /// Whether it was refused or not does not matter.
    pub(super) fn on_settled(&mut self, round: u32, quiet: u32) -> Vec<Action> {
        let quiet = if self.state.stirred { 0 } else { quiet.saturating_add(1) };
        if quiet >= QUIET_ROUNDS || round >= MAX_SETTLE_ROUNDS {
            return self.next_setting();
        }
        vec![self.settle(round.saturating_add(1), quiet)]
    }

    /// Works out what is still to be set; gives the end of the conversation where that cannot be.
    fn plan_settings(
        &mut self,
        modes: Option<&v1::SessionModeState>,
        options: Option<&[v1::SessionConfigOption]>,
    ) -> Option<Action> {
        let mut left = Vec::new();
        if let Some(wish) = self.state.settings.mode.clone() {
            let current = modes.is_some_and(|modes| *modes.current_mode_id.0 == *wish.id);
            if !current {
                left.push(Setting::Mode { id: wish.id, required: wish.required });
            }
        }
        if let Some(model) = self.state.settings.model.clone() {
            let Some(option) = options.and_then(model_option) else {
                let reason = format!(
                    "{} does not let its model be chosen; `{model}` was asked for",
                    self.state.settings.agent
                );
                let remedy = "leave the model out, or put it into the agent's command";
                return Some(self.broken(reason, Some(remedy.to_owned())));
            };
            left.push(Setting::Model { option, value: model });
        }
        self.state.settings_left = left;
        None
    }

    fn next_setting(&mut self) -> Vec<Action> {
        if self.state.settings_left.is_empty() {
            self.state.phase = Phase::Ready;
            return vec![Action::Ready];
        }
        let setting = self.state.settings_left.remove(0);
        let session = self.state.session.clone().unwrap_or_default();
        let (method, params) = match &setting {
            Setting::Mode { id, .. } => ("session/set_mode", json!({"sessionId": session, "modeId": id})),
            Setting::Model { option, value } => (
                "session/set_config_option",
                json!({"sessionId": session, "configId": option, "value": value}),
            ),
        };
        vec![self.request(Asked::Configure(setting), method, params)]
    }

    pub(super) fn on_configured(
        &mut self,
        setting: &Setting,
        outcome: Result<&str, RpcError>,
    ) -> Vec<Action> {
        let Err(error) = outcome else {
            return self.next_setting();
        };
        let agent = &self.state.settings.agent;
        match setting {
            Setting::Mode { id, required: false } => {
                // The sandbox holds the policy, not the agent's mode.
                let mut actions =
                    vec![note(format!("{agent} did not take its mode `{id}`: {}", words_of(&error)))];
                actions.extend(self.next_setting());
                actions
            }
            Setting::Mode { id, required: true } => {
                let reason = format!("{agent} did not take its mode `{id}`: {}", words_of(&error));
                vec![self.broken(reason, None)]
            }
            Setting::Model { value, .. } => {
                let reason = format!("{agent} did not take the model `{value}`: {}", words_of(&error));
                vec![self.broken(reason, Some("choose a model that the agent offers".to_owned()))]
            }
        }
    }
}

/// Version 1 as it stands on the wire.
fn v1_number() -> serde_json::Value {
    serde_json::Value::from(1)
}

fn model_option(options: &[v1::SessionConfigOption]) -> Option<String> {
    options
        .iter()
        .find(|option| option.category == Some(v1::SessionConfigOptionCategory::Model))
        .or_else(|| options.iter().find(|option| &*option.id.0 == "model"))
        .map(|option| option.id.0.to_string())
}
