//! A resumable ACP conversation without IO (layer 1).
//!
//! Invariants: at most one request of ours is open; a reply counts only if it carries that request's id; the state between
//! two lines is everything (`state()` and a restored conversation give the same actions for the same lines); no line makes
//! it fail otherwise than by an action; it never acts on an agent's wish to touch the host.

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod opening;
mod permission;
mod state;
#[cfg(test)]
mod tests;
mod turn;
mod update;
mod wire;

pub(crate) use state::{ModeWish, Settings};

use serde_json::{Value, json};
use state::{Asked, OpenAsk, Phase, State, Waiting};
use telecoder_model::PortError;
use telecoder_model::event::EventBody;
use telecoder_model::policy::ToolKind;
use telecoder_model::port::agent::{Action, Conversation, PermissionReply, PermissionRequest};
use wire::{Incoming, RpcError};

/// So many lines in a row that mean nothing end the conversation: what speaks there speaks no ACP.
const MAX_INVALID: u32 = 100;
/// So many refused requests in one turn end the conversation.
const MAX_REFUSED: u32 = 1000;
/// So many tool calls are remembered for permission requests that do not repeat the kind.
const MAX_TOOLS: usize = 16;

/// A conversation over ACP version 1.
pub(crate) struct Acp {
    state: State,
}

impl Acp {
    /// The stored form of a conversation that has not begun.
    pub(crate) fn beginning(settings: Settings) -> Value {
        Self { state: State::new(settings) }.state()
    }

    /// Goes on from a stored state.
    pub(crate) fn restore(value: &Value) -> Result<Self, PortError> {
        Ok(Self { state: State::from_json(value)? })
    }

    fn request(&mut self, asked: Asked, method: &str, params: Value) -> Action {
        let id = self.state.next_id;
        self.state.next_id = id.saturating_add(1);
        self.state.waiting = Some(Waiting { id, asked });
        Action::Send(wire::request(id, method, params))
    }

    fn broken(&mut self, reason: impl Into<String>, remedy: Option<String>) -> Action {
        self.state.phase = Phase::Broken;
        self.state.waiting = None;
        self.state.asks.clear();
        Action::Broken { reason: reason.into(), remedy }
    }

    fn invalid(&mut self, line: &[u8]) -> Vec<Action> {
        self.state.invalid_in_row = self.state.invalid_in_row.saturating_add(1);
        let mut actions = vec![Action::Event(EventBody::Output {
            stream: "invalid".to_owned(),
            text: wire::head(line, wire::MAX_HEAD),
            blob: None,
        })];
        if self.state.invalid_in_row >= MAX_INVALID {
            actions.push(self.broken(
                format!("{} wrote {MAX_INVALID} lines in a row that are no ACP", self.state.settings.agent),
                Some("check that the command speaks ACP on its standard output".to_owned()),
            ));
        }
        actions
    }

    fn on_request(&mut self, line: &[u8], id: &str, method: &str, params: &str) -> Vec<Action> {
        if method == "session/request_permission" {
            return self.on_question(line, id, params);
        }
        // Some agents ask for files or terminals although neither was offered; nothing is ever done on the host.
        self.state.refused = self.state.refused.saturating_add(1);
        let message = format!("{} is not offered", wire::head(method.as_bytes(), 100));
        let mut actions = vec![
            Action::Send(wire::refusal(id, wire::METHOD_NOT_FOUND, &message)),
            note(format!("a request of the agent was refused: {}", wire::head(method.as_bytes(), 100))),
        ];
        if self.state.refused >= MAX_REFUSED {
            actions.push(self.broken(
                format!(
                    "{} made {MAX_REFUSED} requests in one turn that it was refused",
                    self.state.settings.agent
                ),
                None,
            ));
        }
        actions
    }

    fn on_question(&mut self, line: &[u8], id: &str, params: &str) -> Vec<Action> {
        if self.state.asks.iter().any(|ask| ask.request == id) {
            // The same id twice: an answer could belong to either.
            return self.invalid(line);
        }
        let Some(question) = permission::read(params) else {
            let mut actions = self.invalid(line);
            let words = "this permission request cannot be read";
            actions.insert(0, Action::Send(wire::refusal(id, wire::INVALID_PARAMS, words)));
            return actions;
        };
        let ask = OpenAsk {
            request: id.to_owned(),
            options: question.options.iter().map(|option| (option.id.clone(), option.kind.clone())).collect(),
        };
        let ours = self.state.session.as_deref() == Some(question.session.as_str());
        let in_turn = self.state.phase == Phase::Turn && !self.state.cancelling;
        if !ours || !in_turn || self.state.asks.len() >= permission::MAX_OPEN {
            let result = permission::outcome(&ask, PermissionReply::Cancelled);
            return vec![Action::Send(wire::reply(id, &result))];
        }
        let title = permission::title(&question.tool);
        let kind = permission::kind(
            &question.tool,
            self.kind_by_title(question.tool.title.as_deref()),
            self.known_kind(&question.tool.id),
        );
        self.state.asks.push(ask);
        let mut tool = question.tool;
        tool.kind = Some(kind);
        tool.title = Some(title.clone());
        let told = self.told(EventBody::ToolUpdate(tool));
        vec![
            Action::Event(told),
            Action::Ask(PermissionRequest { request: id.to_owned(), title, kind, options: question.options }),
        ]
    }

    fn known_kind(&self, tool: &str) -> Option<ToolKind> {
        self.state.tools.iter().rev().find(|(id, _)| id == tool).map(|(_, kind)| *kind)
    }

    fn kind_by_title(&self, title: Option<&str>) -> Option<ToolKind> {
        let first = title?.split_whitespace().next()?;
        self.state.settings.kinds.get(first).copied()
    }

    fn on_notification(&mut self, method: &str, params: &str) -> Vec<Action> {
        match method {
            "session/update" => self.on_update(params),
            "$/cancel_request" => self.on_withdrawn(params),
            // Agents send notifications of their own; the protocol lets a client pass over them.
            _ => Vec::new(),
        }
    }

    fn on_update(&mut self, params: &str) -> Vec<Action> {
        // While a session is loaded, its history comes again; and before there is one, nothing belongs to a turn.
        match self.state.phase {
            Phase::New | Phase::Opening | Phase::Broken => {
                self.state.stirred = true;
                return Vec::new();
            }
            Phase::Ready | Phase::Turn => {}
        }
        let events = match serde_json::from_str::<update::Parameters<'_>>(params) {
            Ok(parameters) if self.state.session.as_deref() == Some(&*parameters.session_id) => {
                update::read(parameters.update, self.state.settings.notes_without_id)
            }
            _ => vec![update::raw(params)],
        };
        events.into_iter().map(|body| Action::Event(self.told(body))).collect()
    }

    /// An event as it is told. What is first heard of a call is the call: not every agent announces one before it asks for a
    /// permission or tells how it went.
    fn told(&mut self, mut body: EventBody) -> EventBody {
        let (EventBody::ToolCall(call) | EventBody::ToolUpdate(call)) = &mut body else {
            return body;
        };
        if self.remember(call) { body } else { EventBody::ToolCall(std::mem::take(call)) }
    }

    /// Gives a call the kind that its title stands for, and remembers it. Returns whether it was known.
    fn remember(&mut self, call: &mut telecoder_model::event::ToolCall) -> bool {
        if matches!(call.kind, None | Some(ToolKind::Other))
            && let Some(kind) = self.kind_by_title(call.title.as_deref())
        {
            call.kind = Some(kind);
        }
        let tools = &mut self.state.tools;
        let before = tools.iter().position(|(id, _)| *id == call.id).map(|at| tools.remove(at).1);
        if tools.len() >= MAX_TOOLS {
            tools.remove(0);
        }
        tools.push((call.id.clone(), call.kind.or(before).unwrap_or_default()));
        before.is_some()
    }

    /// The agent no longer waits for an answer of ours.
    fn on_withdrawn(&mut self, params: &str) -> Vec<Action> {
        let Ok(params) = serde_json::from_str::<Value>(params) else {
            return Vec::new();
        };
        let Some(id) = params.get("requestId").map(Value::to_string) else {
            return Vec::new();
        };
        let before = self.state.asks.len();
        self.state.asks.retain(|ask| ask.request != id);
        if self.state.asks.len() == before {
            return Vec::new();
        }
        vec![
            Action::Send(wire::refusal(&id, wire::REQUEST_CANCELLED, "cancelled by the agent")),
            Action::Unask(id),
        ]
    }

    fn on_reply(&mut self, line: &[u8], id: Option<u64>, outcome: Result<&str, RpcError>) -> Vec<Action> {
        let asked = match &self.state.waiting {
            Some(waiting) if id == Some(waiting.id) => waiting.asked.clone(),
            // A reply to nothing, to something answered already, or of another process's time.
            Some(_) | None => return self.invalid(line),
        };
        self.state.waiting = None;
        match asked {
            Asked::Prompt => self.on_prompt_result(outcome),
            Asked::Initialize => self.on_initialized(outcome),
            Asked::Authenticate => self.on_authenticated(outcome),
            Asked::NewSession => self.on_new_session(outcome),
            Asked::LoadSession => self.on_loaded(outcome),
            Asked::Settle { round, quiet } => self.on_settled(round, quiet),
            Asked::Configure(setting) => self.on_configured(&setting, outcome),
        }
    }
}

impl Conversation for Acp {
    fn open(&mut self) -> Vec<Action> {
        self.begin()
    }

    fn receive(&mut self, line: &[u8]) -> Vec<Action> {
        let line = line.trim_ascii();
        if self.state.phase == Phase::Broken || line.is_empty() {
            return Vec::new();
        }
        let clean = wire::without_nul(line);
        let before = self.state.invalid_in_row;
        let actions = match wire::parse(&clean) {
            Ok(Incoming::Request { id, method, params }) => self.on_request(line, id, &method, params),
            Ok(Incoming::Notification { method, params }) => self.on_notification(&method, params),
            Ok(Incoming::Reply { id, outcome }) => self.on_reply(line, id, outcome),
            Err(wire::Broken) => self.invalid(line),
        };
        if self.state.invalid_in_row == before {
            self.state.invalid_in_row = 0;
        }
        actions
    }

    fn prompt(&mut self, text: &str) -> Vec<Action> {
        let Some(session) = self.state.session.clone().filter(|_| self.state.phase == Phase::Ready) else {
            return vec![Action::TurnFailed("the agent is not ready for a prompt".to_owned())];
        };
        self.state.phase = Phase::Turn;
        self.state.cancelling = false;
        self.state.denied = false;
        self.state.refused = 0;
        let params = json!({"sessionId": session, "prompt": [{"type": "text", "text": text}]});
        vec![self.request(Asked::Prompt, "session/prompt", params)]
    }

    fn cancel(&mut self) -> Vec<Action> {
        if self.state.phase != Phase::Turn || self.state.cancelling {
            return Vec::new();
        }
        self.state.cancelling = true;
        let params = json!({"sessionId": self.state.session});
        let mut actions = vec![Action::Send(wire::notification("session/cancel", params))];
        actions.extend(self.close_asks());
        actions
    }

    fn answer(&mut self, request: &str, reply: PermissionReply) -> Vec<Action> {
        let Some(at) = self.state.asks.iter().position(|ask| ask.request == request) else {
            return Vec::new();
        };
        let ask = self.state.asks.remove(at);
        if reply == PermissionReply::Deny {
            self.state.denied = true;
        }
        let result = permission::outcome(&ask, reply);
        vec![Action::Send(wire::reply(&ask.request, &result))]
    }

    fn state(&self) -> Value {
        serde_json::to_value(&self.state).unwrap_or_default()
    }
}

fn note(text: String) -> Action {
    Action::Event(EventBody::Output { stream: "update".to_owned(), text, blob: None })
}
