//! Configuration (layer 3): one struct that adapters and engine are made from.

mod database;
mod error;
pub(crate) mod github;
pub mod setting;
mod shown;
pub(crate) mod source;
#[cfg(test)]
mod tests;

pub use database::DatabaseConfig;
pub use error::ConfigError;
pub use shown::{Row, mask, rows, write_setting};
pub use source::{Given, Source, Value, Values};

use setting::by_key;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use telecoder_broker::Secret;
use telecoder_integrations::forge::github::GitHubOptions;
use telecoder_model::id::AgentName;
use telecoder_model::policy::{BUILT_IN, Policy, PublishRule};
use telecoder_model::port::gateway::Provider;
use telecoder_model::session::Pipeline;

/// The configuration of a server.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// The database that several servers share.
    pub database: Option<DatabaseConfig>,
    /// Silence after which a data folder's sessions count as lost, with such a database.
    pub host_gone: Duration,
    /// A token that is accepted from the start.
    pub api_token: Option<Secret>,
    /// Local repositories only below these, where tokens are required.
    pub local_roots: Vec<PathBuf>,
    /// Address in links.
    pub public_url: Option<String>,
    /// Further host names that requests may name.
    pub allowed_hosts: Vec<String>,
    /// Agent of tasks that name none.
    pub default_agent: Option<AgentName>,
    /// Policy of tasks that name none.
    pub policy: String,
    /// When tasks that do not say are published.
    pub publish: Option<PublishRule>,
    /// Stages of tasks that do not say.
    pub pipeline: Pipeline,
    /// Kind of sandbox.
    pub sandbox: String,
    /// Sessions at work at once.
    pub max_sessions: u32,
    /// How long sessions that have ended are kept; `None`: for ever.
    pub retention: Option<Duration>,
    /// The most bytes that the data folder may take.
    pub disk_quota: Option<u64>,
    /// Caps every policy's time.
    pub prompt_timeout: Option<Duration>,
    /// Interval of the heartbeat.
    pub heartbeat: Duration,
    /// Silence after which a server counts as dead.
    pub lease_expiry: Duration,
    /// How often a stage may send the agent back.
    pub max_revisions: u32,
    /// How long a chat keeps its sandbox.
    pub chat_idle: Duration,
    /// Messages that a chat may have.
    pub chat_max_messages: u32,
    /// Commands of agents.
    pub agent_commands: BTreeMap<AgentName, String>,
    /// Endpoint and key of each provider.
    pub providers: BTreeMap<Provider, ProviderConfig>,
    /// Where GitHub is, and as whom it is spoken to.
    pub github: GitHubOptions,
    /// The environment of the process, for what it starts outside of sandboxes (installers).
    pub env: BTreeMap<String, String>,
    /// What all this was read from, to read it again.
    pub(crate) given: Given,
    /// The home folder.
    pub home: Option<PathBuf>,
    /// What a person should know.
    pub warnings: Vec<String>,
}

/// Endpoint and key of a provider.
#[derive(Debug, Clone)]
pub struct ProviderConfig {
    /// The endpoint.
    pub base_url: String,
    /// Whether the endpoint was given (then it may need no key).
    pub custom: bool,
    /// The key.
    pub key: Option<Secret>,
}

impl Config {
    /// Reads the configuration of this process.
    ///
    /// # Errors
    /// The first value that cannot be used, by name.
    pub fn from_process() -> Result<Self, ConfigError> {
        Self::read(&Given::from_process())
    }

    /// Reads the configuration from what was given.
    ///
    /// # Errors
    /// The first value that cannot be used, by name.
    pub fn read(given: &Given) -> Result<Self, ConfigError> {
        let values = Values::read(given)?;
        let reader = Reader { values: &values };
        let timeout = reader.duration("session_timeout")?;
        let prompt = reader.optional("prompt_timeout_seconds", |text| seconds(text, 1, 86_400))?;
        Ok(Self {
            listen: reader.required("listen", parse_listen)?,
            data_dir: values.data_dir(given).unwrap_or_else(|| PathBuf::from(".telecoder")),
            database: reader.optional("database_url", database::parse)?,
            host_gone: reader.duration("host_gone_after")?,
            api_token: reader.optional("api_token", parse_token)?,
            local_roots: reader.optional("local_roots", parse_roots)?.unwrap_or_default(),
            public_url: reader.optional("public_url", parse_url)?,
            allowed_hosts: reader.optional("allowed_hosts", |text| Ok(list(text, ',')))?.unwrap_or_default(),
            default_agent: reader.optional("default_agent", parse_agent)?.flatten(),
            policy: reader.required("policy_mode", parse_policy)?,
            publish: reader.optional("publish", str::parse)?,
            pipeline: reader.required("pipeline", parse_pipeline)?,
            sandbox: reader.required("sandbox", |text| Ok::<_, String>(text.to_owned()))?,
            max_sessions: reader.number("max_sessions", 1, 1000)?,
            retention: reader.required("retention_days", parse_days)?,
            disk_quota: reader.optional("disk_quota", parse_size)?,
            prompt_timeout: Some(prompt.map_or(timeout, |cap| cap.min(timeout))),
            heartbeat: reader.required("session_heartbeat_seconds", |text| seconds(text, 1, 3600))?,
            lease_expiry: reader.required("session_stale_seconds", |text| seconds(text, 2, 86_400))?,
            max_revisions: reader.number("max_revisions", 0, 10)?,
            chat_idle: reader.duration("chat_idle_timeout")?,
            chat_max_messages: reader.number("chat_max_messages", 1, 10_000)?,
            agent_commands: reader.agent_commands()?,
            providers: reader.providers()?,
            github: github::read(&reader, given)?,
            env: given.env.clone(),
            given: given.clone(),
            home: given.home(),
            warnings: values.warnings.clone(),
        })
    }
}

struct Reader<'a> {
    values: &'a Values,
}

impl Reader<'_> {
    fn optional<T>(
        &self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(setting) = by_key(key) else {
            return Err(ConfigError::Unknown(key.to_owned()));
        };
        let Some(value) = self.values.get(setting) else {
            return Ok(None);
        };
        parse(&value.text).map(Some).map_err(|expected| ConfigError::Value {
            key: key.to_owned(),
            from: value.source,
            expected,
        })
    }
    fn required<T>(
        &self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<T, ConfigError> {
        self.optional(key, parse)?.ok_or_else(|| ConfigError::Value {
            key: key.to_owned(),
            from: Source::Default,
            expected: "a value is needed".to_owned(),
        })
    }
    fn number(&self, key: &str, least: u32, most: u32) -> Result<u32, ConfigError> {
        self.required(key, |text| {
            text.trim()
                .parse()
                .ok()
                .filter(|number| (least..=most).contains(number))
                .ok_or_else(|| format!("expected a whole number from {least} to {most}"))
        })
    }
    fn duration(&self, key: &str) -> Result<Duration, ConfigError> {
        self.required(key, parse_duration)
    }
    fn agent_commands(&self) -> Result<BTreeMap<AgentName, String>, ConfigError> {
        let mut commands = BTreeMap::new();
        for (name, value) in &self.values.agent_commands {
            let agent = name.parse().map_err(|error: telecoder_model::id::IdError| ConfigError::Value {
                key: format!("agents.{name}"),
                from: value.source.clone(),
                expected: error.to_string(),
            })?;
            commands.insert(agent, value.text.clone());
        }
        Ok(commands)
    }
    fn providers(&self) -> Result<BTreeMap<Provider, ProviderConfig>, ConfigError> {
        let mut all = BTreeMap::new();
        for provider in Provider::ALL {
            let url_key = format!("{}_base_url", provider.as_str());
            let custom = by_key(&url_key)
                .and_then(|s| self.values.get(s))
                .is_some_and(|v| v.source != Source::Default);
            let config = ProviderConfig {
                base_url: self.required(&url_key, parse_url)?,
                custom,
                key: self.optional(&format!("{}_api_key", provider.as_str()), |text| {
                    Ok(Secret::new(text.trim()))
                })?,
            };
            all.insert(provider, config);
        }
        Ok(all)
    }
}

fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    let text = text.trim();
    let full = match text.strip_prefix(':') {
        Some(port) => format!("0.0.0.0:{port}"),
        None => text.replacen("localhost:", "127.0.0.1:", 1),
    };
    full.parse().map_err(|_| format!("expected ADDRESS:PORT or :PORT, got `{text}`"))
}

fn parse_token(text: &str) -> Result<Secret, String> {
    let text = text.trim();
    if text.len() < 32 || text.len() > 300 || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("expected 32 to 300 printable characters".to_owned());
    }
    Ok(Secret::new(text))
}

fn parse_roots(text: &str) -> Result<Vec<PathBuf>, String> {
    let roots: Vec<PathBuf> = list(text, ':').into_iter().map(PathBuf::from).collect();
    match roots.iter().find(|root| !root.is_absolute()) {
        Some(root) => Err(format!("expected absolute folders separated by `:`, got `{}`", root.display())),
        None => Ok(roots),
    }
}

fn parse_url(text: &str) -> Result<String, String> {
    let text = text.trim().trim_end_matches('/');
    if text.starts_with("http://") || text.starts_with("https://") {
        return Ok(text.to_owned());
    }
    Err("expected a URL that begins with http:// or https://".to_owned())
}

fn parse_agent(text: &str) -> Result<Option<AgentName>, String> {
    match text.trim() {
        "" | "auto" => Ok(None),
        "claude" => "claude-code".parse().map(Some).map_err(|e: telecoder_model::id::IdError| e.to_string()),
        name => name.parse().map(Some).map_err(|error: telecoder_model::id::IdError| error.to_string()),
    }
}

fn parse_policy(text: &str) -> Result<String, String> {
    match Policy::built_in(text.trim()) {
        Some(policy) => Ok(policy.name),
        None => Err(format!("expected one of {}, got `{text}`", BUILT_IN.join(", "))),
    }
}

fn parse_pipeline(text: &str) -> Result<Pipeline, String> {
    match text.trim() {
        "full" => Ok(Pipeline::Full),
        "verify" => Ok(Pipeline::Verify),
        "none" => Ok(Pipeline::None),
        other => Err(format!("expected full, verify or none, got `{other}`")),
    }
}

/// A duration as people write it: `90s`, `30m`, `2h`, or a number of seconds.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let (number, unit) = match text.find(|c: char| !c.is_ascii_digit()) {
        Some(at) => text.split_at(at),
        None => (text, "s"),
    };
    let factor = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => {
            return Err(format!("expected a duration such as 90s, 30m or 2h, got `{text}`"));
        }
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(factor))
        .filter(|seconds| (1..=30 * 86_400).contains(seconds))
        .map(Duration::from_secs)
        .ok_or_else(|| format!("expected a duration from 1s to 30d, got `{text}`"))
}

fn parse_days(text: &str) -> Result<Option<Duration>, String> {
    match text.trim() {
        "forever" => Ok(None),
        number => number
            .parse::<u64>()
            .ok()
            .filter(|days| (1..=3650).contains(days))
            .map(|days| Some(Duration::from_secs(days * 86_400)))
            .ok_or_else(|| "expected a whole number of days from 1 to 3650, or `forever`".to_owned()),
    }
}

/// A size as people write it: `500M`, `50G`, `1T`, or a number of bytes.
fn parse_size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let (number, unit) = match text.find(|c: char| !c.is_ascii_digit()) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let factor = match unit {
        "" => Some(1),
        "M" | "MB" => Some(1_000_000),
        "G" | "GB" => Some(1_000_000_000),
        "T" | "TB" => Some(1_000_000_000_000),
        _ => None,
    };
    factor
        .and_then(|factor: u64| number.parse::<u64>().ok()?.checked_mul(factor))
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| format!("expected a size such as 500M or 50G, got `{text}`"))
}

fn seconds(text: &str, least: u64, most: u64) -> Result<Duration, String> {
    text.trim()
        .parse::<u64>()
        .ok()
        .filter(|number| (least..=most).contains(number))
        .map(Duration::from_secs)
        .ok_or_else(|| format!("expected a whole number of seconds from {least} to {most}"))
}

fn list(text: &str, separator: char) -> Vec<String> {
    text.split(separator).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
