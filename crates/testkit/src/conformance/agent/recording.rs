//! Recordings of agents (dev layer): every line that once went between a client and an agent, to be played again.

use serde_json::{Value, json};
use std::collections::VecDeque;
use telecoder_model::policy::{PermissionAnswer, Policy};
use telecoder_model::port::agent::{Action, Conversation, PermissionReply};

/// Lines that were written to an agent begin with `> `, those that came from it with `< `.
#[derive(Debug, Clone)]
pub struct Recording(String);

impl Recording {
    /// Takes a transcript over.
    pub fn new(transcript: impl Into<String>) -> Self {
        Self(transcript.into())
    }

    /// What the agent wrote.
    pub fn theirs(&self) -> impl Iterator<Item = &str> {
        self.0.lines().filter_map(|line| line.strip_prefix("< "))
    }

    /// What was written to it.
    pub fn ours(&self) -> Vec<Value> {
        let lines = self.0.lines().filter_map(|line| line.strip_prefix("> "));
        lines.map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn asked(&self, method: &str) -> Vec<Value> {
        self.ours().into_iter().filter(|line| line["method"] == method).collect()
    }

    /// The prompts.
    pub fn prompts(&self) -> Vec<String> {
        let text = |line: Value| line["params"]["prompt"][0]["text"].as_str().unwrap().to_owned();
        self.asked("session/prompt").into_iter().map(text).collect()
    }

    /// A line by which the agent asks for permission in this session.
    pub fn question(&self, id: &Value) -> String {
        let session = self.asked("session/prompt")[0]["params"]["sessionId"].clone();
        let option = |id: &str| json!({"optionId": id, "name": id, "kind": id});
        let call =
            json!({"toolCallId": "asked", "title": "Touch a file", "kind": "edit", "status": "pending"});
        let options = ["allow_once", "reject_once"].map(option);
        let params = json!({"sessionId": session, "toolCall": call, "options": options});
        json!({"jsonrpc": "2.0", "id": id, "method": "session/request_permission", "params": params})
            .to_string()
    }
}

/// Plays a recording: the agent's lines as they came, and what the engine would do with each action.
pub struct Player<'a> {
    /// The conversation; it may be replaced between two steps.
    pub conversation: Box<dyn Conversation>,
    recording: &'a Recording,
    policy: Policy,
    lines: VecDeque<&'a str>,
    prompts: VecDeque<String>,
    cancels: bool,
    sent: Vec<Value>,
}

impl<'a> Player<'a> {
    /// Begins with a conversation that is not open yet. Questions are answered by the policy.
    pub fn new(recording: &'a Recording, policy: &Policy, conversation: Box<dyn Conversation>) -> Self {
        Self {
            conversation,
            recording,
            policy: policy.clone(),
            lines: recording.theirs().collect(),
            prompts: recording.prompts().into(),
            cancels: !recording.asked("session/cancel").is_empty(),
            sent: Vec::new(),
        }
    }

    /// Opens the conversation.
    pub fn open(&mut self) -> Vec<Action> {
        let actions = self.conversation.open();
        self.follow(actions)
    }

    /// The agent's next line.
    pub fn next(&self) -> Option<&'a str> {
        self.lines.front().copied()
    }

    /// Takes the agent's next line; gives what followed of it, at once or by an answer. `None` behind the last line.
    pub fn step(&mut self) -> Option<Vec<Action>> {
        let line = self.lines.pop_front()?;
        let actions = self.conversation.receive(line.as_bytes());
        Some(self.follow(actions))
    }

    /// Steps until a prompt was sent.
    pub fn to_a_turn(&mut self) {
        let all = self.prompts.len();
        self.open();
        while self.prompts.len() == all {
            self.step().unwrap();
        }
    }

    /// Steps to the end; gives all that followed.
    pub fn to_the_end(&mut self) -> Vec<Action> {
        let mut actions = self.open();
        while let Some(more) = self.step() {
            actions.extend(more);
        }
        actions
    }

    /// What was sent equals what was sent then, but for the first line, in which our own version stands.
    pub fn assert_as_recorded(&self) {
        let then = self.recording.ours();
        assert_eq!(self.sent.len(), then.len());
        for (now, then) in self.sent.iter().zip(&then).skip(1) {
            assert_eq!(now, then);
        }
    }

    /// Does what the engine does with each action, and with what follows of that.
    fn follow(&mut self, actions: Vec<Action>) -> Vec<Action> {
        let mut open = VecDeque::from(actions);
        let mut done = Vec::new();
        while let Some(action) = open.pop_front() {
            open.extend(self.answer(&action));
            done.push(action);
        }
        done
    }

    fn answer(&mut self, action: &Action) -> Vec<Action> {
        match action {
            Action::Send(line) => {
                assert!(!line.contains(&b'\n'), "two lines at once");
                self.sent.push(serde_json::from_slice(line).unwrap());
                Vec::new()
            }
            Action::Ready | Action::TurnEnded(_) => match self.prompts.pop_front() {
                Some(prompt) => self.conversation.prompt(&prompt),
                None => Vec::new(),
            },
            Action::Ask(question) => {
                let reply = match self.policy.answer(question.kind) {
                    PermissionAnswer::Allow => PermissionReply::Allow,
                    PermissionAnswer::Deny | PermissionAnswer::Ask => PermissionReply::Deny,
                };
                self.conversation.answer(&question.request, reply)
            }
            Action::Event(body) if self.cancels && body.name() == "tool_call" => {
                self.cancels = false;
                self.conversation.cancel()
            }
            Action::Event(_) | Action::Unask(_) => Vec::new(),
            Action::TurnFailed(_) | Action::Broken { .. } => panic!("this was not recorded: {action:?}"),
        }
    }
}

impl std::fmt::Debug for Player<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Player").field("next", &self.next()).finish_non_exhaustive()
    }
}
