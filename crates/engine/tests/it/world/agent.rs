//! A conversation of one-word lines, so that a test's prompt says all that happens.

use super::World;
use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;
use telecoder_model::PortError;
use telecoder_model::event::{Author, EventBody, PermissionOption, ToolCall};
use telecoder_model::id::AgentName;
use telecoder_model::policy::ToolKind;
use telecoder_model::port::agent::{
    Action, AgentRuntime, AgentStatus, Conversation, InstallProgress, Launch, LaunchRequest, PermissionReply,
    PermissionRequest, StopReason,
};
use telecoder_model::port::gateway::{CallSink, ModelGateway, Provider, ProviderStatus};
use telecoder_model::port::sandbox::Duplex;

#[async_trait]
impl AgentRuntime for World {
    async fn list(&self) -> Result<Vec<AgentStatus>, PortError> {
        Ok(vec![AgentStatus {
            name: "fake".parse().unwrap(),
            description: String::new(),
            in_catalogue: true,
            installed: true,
            version: None,
            size_bytes: None,
            location: None,
            providers: Vec::new(),
            problem: None,
        }])
    }
    async fn install(&self, _: &AgentName, _: &dyn InstallProgress) -> Result<AgentStatus, PortError> {
        Err(PortError::permanent("not here"))
    }
    async fn check(&self, _: &AgentName) -> Result<AgentStatus, PortError> {
        Err(PortError::permanent("not here"))
    }
    async fn launch(&self, _: &LaunchRequest) -> Result<Launch, PortError> {
        Ok(Launch {
            argv: vec!["agent".to_owned()],
            env: [].into(),
            read_only: Vec::new(),
            home: Vec::new(),
            providers: Vec::new(),
            conversation: json!({}),
        })
    }
    fn conversation(&self, state: &Value) -> Result<Box<dyn Conversation>, PortError> {
        Ok(Box::new(Talk { state: state.clone() }))
    }
}

struct Talk {
    state: Value,
}

fn send(text: &str) -> Action {
    Action::Send(Bytes::from(text.to_owned()))
}

impl Conversation for Talk {
    fn open(&mut self) -> Vec<Action> {
        vec![send("open")]
    }
    fn receive(&mut self, line: &[u8]) -> Vec<Action> {
        let line = String::from_utf8_lossy(line);
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match word {
            "ready" => vec![Action::Ready],
            "say" => vec![Action::Event(EventBody::Message {
                author: Author::Agent,
                text: rest.to_owned(),
                chunk: true,
                turn: 0,
            })],
            "write" => vec![Action::Event(EventBody::ToolCall(ToolCall {
                id: "t".to_owned(),
                title: Some(format!("write {rest}")),
                ..ToolCall::default()
            }))],
            "ask" => vec![Action::Ask(PermissionRequest {
                request: "1".to_owned(),
                title: rest.to_owned(),
                kind: ToolKind::Execute,
                options: vec![PermissionOption {
                    id: "y".to_owned(),
                    name: "yes".to_owned(),
                    kind: "allow_once".to_owned(),
                }],
            })],
            "end" => vec![Action::TurnEnded(StopReason::EndTurn)],
            "cancelled" => vec![Action::TurnEnded(StopReason::Cancelled)],
            other => vec![Action::Broken { reason: format!("unknown word {other}"), remedy: None }],
        }
    }
    fn prompt(&mut self, text: &str) -> Vec<Action> {
        vec![send(&format!("prompt {text}"))]
    }
    fn cancel(&mut self) -> Vec<Action> {
        vec![send("cancel")]
    }
    fn answer(&mut self, _: &str, reply: PermissionReply) -> Vec<Action> {
        vec![send(&format!("answer {reply:?}"))]
    }
    fn state(&self) -> Value {
        self.state.clone()
    }
}

#[async_trait]
impl ModelGateway for World {
    fn providers(&self) -> Vec<ProviderStatus> {
        Vec::new()
    }
    async fn serve(&self, _: Provider, _: Box<dyn Duplex>, _: Arc<dyn CallSink>) {}
    async fn check(&self, _: Provider) -> Result<(), PortError> {
        Ok(())
    }
}
