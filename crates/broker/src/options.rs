//! Settings of the model gateway (layer 1). Every bound is here, with its default.

use crate::secret::Secret;
use reqwest::Url;
use std::fmt;
use std::time::Duration;
use telecoder_model::port::gateway::Provider;

const MEBIBYTE: usize = 1024 * 1024;

/// One provider: where it is and how it is paid.
#[derive(Clone)]
pub struct ProviderOptions {
    /// Which.
    pub provider: Provider,
    /// Its endpoint, as its own SDKs take it. An OpenAI base with a path (`…/v1`, `…/api/paas/v4`) is complete; to one
    /// without a path `/v1` is added. An Anthropic base may end in `/v1` and a Gemini base in its version, or not.
    pub base_url: Url,
    /// The key. Without one, calls are refused, unless the endpoint needs none.
    pub key: Option<Secret>,
    /// Whether calls without a key are refused. False for a local endpoint that asks for none.
    pub needs_key: bool,
    /// The setting that holds the key; named when the key is missing or wrong.
    pub key_setting: String,
}

impl ProviderOptions {
    /// A provider at an address, which needs a key.
    pub fn new(provider: Provider, base_url: Url, key: Option<Secret>) -> Self {
        Self {
            provider,
            base_url,
            key,
            needs_key: true,
            key_setting: default_key_setting(provider).to_owned(),
        }
    }
}

/// Shows no more of the address than its host: a password or key that was put in it by mistake is not shown either.
impl fmt::Debug for ProviderOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderOptions")
            .field("provider", &self.provider)
            .field("host", &self.base_url.host_str())
            .field("key", &self.key)
            .field("needs_key", &self.needs_key)
            .field("key_setting", &self.key_setting)
            .finish()
    }
}

/// The provider's own public endpoint.
pub fn default_base_url(provider: Provider) -> &'static str {
    match provider {
        Provider::Anthropic => "https://api.anthropic.com",
        Provider::Openai => "https://api.openai.com/v1",
        Provider::Gemini => "https://generativelanguage.googleapis.com",
    }
}

/// The setting by which a provider's key is usually given.
pub fn default_key_setting(provider: Provider) -> &'static str {
    match provider {
        Provider::Anthropic => "ANTHROPIC_API_KEY",
        Provider::Openai => "OPENAI_API_KEY",
        Provider::Gemini => "GEMINI_API_KEY",
    }
}

/// Settings of the gateway. The bounds "of a session" hold for all connections that share one call sink.
#[derive(Debug, Clone)]
pub struct GatewayOptions {
    /// The providers; one that is not named has its public endpoint and no key. None may be named twice.
    pub providers: Vec<ProviderOptions>,
    /// An HTTP proxy for outgoing calls, secret because its address may hold a password. The environment is never asked.
    pub proxy: Option<Secret>,
    /// The longest a connection to a provider may take.
    pub connect_timeout: Duration,
    /// The longest a provider may say nothing within a call, and the longest an agent may take nothing of an answer. Five
    /// minutes, because a model that thinks sends nothing, and the agents themselves wait as long.
    pub silence_timeout: Duration,
    /// The longest a whole call may take.
    pub call_timeout: Duration,
    /// The longest an agent may take to send a request's head, and again to send its body; also how long a connection may
    /// rest between requests.
    pub request_timeout: Duration,
    /// The largest request body, in bytes; a larger one is refused with 413.
    pub max_request_bytes: usize,
    /// The largest answer, in bytes; a larger one is cut.
    pub max_answer_bytes: usize,
    /// The most request bytes of a session held in memory at once; beyond that requests are refused with 429.
    pub max_buffered_bytes: usize,
    /// The most calls of a session at once; beyond that calls are refused with 429. A connection carries one at a time.
    pub max_calls: usize,
    /// The most connections of a session at once; a further one is closed.
    pub max_connections: usize,
}

impl GatewayOptions {
    /// The defaults, with these providers.
    pub fn new(providers: Vec<ProviderOptions>) -> Self {
        Self {
            providers,
            proxy: None,
            connect_timeout: Duration::from_secs(10),
            silence_timeout: Duration::from_secs(5 * 60),
            call_timeout: Duration::from_secs(60 * 60),
            request_timeout: Duration::from_secs(2 * 60),
            max_request_bytes: 64 * MEBIBYTE,
            max_answer_bytes: 256 * MEBIBYTE,
            max_buffered_bytes: 256 * MEBIBYTE,
            max_calls: 32,
            max_connections: 128,
        }
    }
}
