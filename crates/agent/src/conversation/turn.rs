//! How a turn ends (layer 1).

use super::state::Phase;
use super::wire::{self, RpcError};
use super::{Acp, permission};
use telecoder_model::port::agent::{Action, PermissionReply, StopReason};

impl Acp {
    pub(super) fn on_prompt_result(&mut self, result: Result<&str, RpcError>) -> Vec<Action> {
        let mut actions = self.close_asks();
        let cancelling = std::mem::take(&mut self.state.cancelling);
        let denied = std::mem::take(&mut self.state.denied);
        self.state.phase = Phase::Ready;
        self.state.tools.clear();
        match result {
            Ok(result) => match stop_reason(result) {
                // Codex ends a turn in which it was refused as cancelled; nobody cancelled it.
                Some(StopReason::Cancelled) if denied && !cancelling => {
                    actions.push(Action::TurnEnded(StopReason::EndTurn));
                }
                Some(reason) => actions.push(Action::TurnEnded(reason)),
                None => actions.push(Action::TurnFailed(format!(
                    "the agent ended its turn with an answer that ACP does not know: {}",
                    wire::head(result.as_bytes(), 200)
                ))),
            },
            Err(error) if error.code == wire::AUTH_REQUIRED => {
                actions.push(self.login_needed(&error));
            }
            Err(error) => actions.push(Action::TurnFailed(words_of(&error))),
        }
        actions
    }

    pub(super) fn login_needed(&mut self, error: &RpcError) -> Action {
        let reason =
            format!("{} says that it is not logged in: {}", self.state.settings.agent, words_of(error));
        let remedy = "the model's key was refused or is missing: check it with `telecoder doctor`, set it with `telecoder config set`";
        self.broken(reason, Some(remedy.to_owned()))
    }

    /// Answers everything that is open by "cancelled".
    pub(super) fn close_asks(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.state.asks)
            .into_iter()
            .flat_map(|ask| {
                let result = permission::outcome(&ask, PermissionReply::Cancelled);
                [Action::Send(wire::reply(&ask.request, &result)), Action::Unask(ask.request)]
            })
            .collect()
    }
}

/// An error in words.
pub(super) fn words_of(error: &RpcError) -> String {
    if error.message.is_empty() {
        format!("error {}", error.code)
    } else {
        format!("{} (error {})", error.message, error.code)
    }
}

fn stop_reason(result: &str) -> Option<StopReason> {
    use agent_client_protocol_schema::v1;
    let response: v1::PromptResponse = serde_json::from_str(result).ok()?;
    match response.stop_reason {
        v1::StopReason::EndTurn => Some(StopReason::EndTurn),
        v1::StopReason::MaxTokens => Some(StopReason::MaxTokens),
        v1::StopReason::MaxTurnRequests => Some(StopReason::MaxTurnRequests),
        v1::StopReason::Refusal => Some(StopReason::Refusal),
        v1::StopReason::Cancelled => Some(StopReason::Cancelled),
        _ => None,
    }
}
