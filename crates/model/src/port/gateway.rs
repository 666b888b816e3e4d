//! Port: model gateway (layer 0).
//!
//! Contract: serves connections that come out of a sandbox as HTTP, adds the provider's key outside, and streams the answer
//! through unbuffered. A key never goes in, not even in an error. Each model call is announced to the sink before a byte
//! goes to the provider, and its end is told exactly once, also when either side goes away. Every request is hostile input:
//! only the provider's model paths are passed on; hop-by-hop and credential headers from inside are dropped.

use crate::error::PortError;
use crate::port::sandbox::Duplex;
use crate::usage::ModelCall;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// A kind of model API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Anthropic messages.
    Anthropic,
    /// OpenAI chat completions and responses, and compatible endpoints.
    Openai,
    /// Gemini generate content.
    Gemini,
}

impl Provider {
    /// All of them, in the order in which an agent is chosen by key.
    pub const ALL: [Self; 3] = [Self::Anthropic, Self::Openai, Self::Gemini];

    /// Its name in events and settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::Openai => "openai",
            Self::Gemini => "gemini",
        }
    }
    /// The name of the sandbox listener whose connections go to this provider.
    pub fn listener(self) -> &'static str {
        match self {
            Self::Anthropic => "model-anthropic",
            Self::Openai => "model-openai",
            Self::Gemini => "model-gemini",
        }
    }
    /// The provider that a sandbox listener stands for.
    pub fn of_listener(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.listener() == name)
    }
    /// The loopback port of its listener inside every sandbox.
    pub fn port(self) -> u16 {
        match self {
            Self::Anthropic => 4101,
            Self::Openai => 4102,
            Self::Gemini => 4103,
        }
    }
}

/// What the gateway knows of a provider; no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderStatus {
    /// Which.
    pub provider: Provider,
    /// Its endpoint.
    pub base_url: String,
    /// Whether there is a key for it (or it needs none).
    pub ready: bool,
}

/// A model call that is about to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallStart {
    /// The provider.
    pub provider: Provider,
    /// The model, where the request names it.
    pub model: Option<String>,
}

/// Hears of a session's model calls.
#[async_trait]
pub trait CallSink: Send + Sync {
    /// A call is about to begin. Gives its number; an error refuses the call.
    async fn started(&self, call: CallStart) -> Result<u64, PortError>;
    /// A call ended.
    async fn ended(&self, call: ModelCall);
}

/// Carries model calls out of sandboxes.
#[async_trait]
pub trait ModelGateway: Send + Sync + fmt::Debug {
    /// The providers and whether they can be used.
    fn providers(&self) -> Vec<ProviderStatus>;
    /// Serves one connection from inside to its end.
    async fn serve(&self, provider: Provider, stream: Box<dyn Duplex>, calls: Arc<dyn CallSink>);
    /// Makes the cheapest live call that proves a provider's key, for `doctor` and `config`.
    async fn check(&self, provider: Provider) -> Result<(), PortError>;
}
