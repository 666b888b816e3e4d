//! Settings of the engine (layer 1). The facade fills them from flags, environment and files.

use crate::request::Finding;
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use telecoder_model::PortError;
use telecoder_model::id::AgentName;
use telecoder_model::policy::PublishRule;
use telecoder_model::port::sandbox::ReadOnlyBind;
use telecoder_model::port::store::ClaimLimits;
use telecoder_model::session::Pipeline;

/// Settings of the engine.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// The folder that holds a folder per session (`<data>/sessions`); the engine only names paths in it.
    pub sessions_dir: PathBuf,
    /// The agent where a task names none.
    pub default_agent: Option<AgentName>,
    /// The policy where a task names none.
    pub default_policy: String,
    /// The publish rule for all tasks that name none.
    pub default_publish: Option<PublishRule>,
    /// The pipeline where a task names none.
    pub default_pipeline: Pipeline,
    /// Caps every policy's time.
    pub prompt_timeout: Option<Duration>,
    /// How long workspace, sandbox and agent may take to be ready (90 s).
    pub startup_timeout: Duration,
    /// How long a turn may be silent while nothing is under way.
    pub silence_timeout: Duration,
    /// How long a stopped agent may take to end by itself (10 s).
    pub stop_grace: Duration,
    /// How long a chat keeps its sandbox between turns (30 min).
    pub chat_idle: Duration,
    /// Messages a chat may have (50).
    pub chat_max_messages: u32,
    /// Interval of the server's heartbeat (5 s).
    pub heartbeat: Duration,
    /// How long model calls and effects outside may take to finish when the server ends (8 s).
    pub drain: Duration,
    /// Silence after which a server is declared dead (30 s).
    pub lease_expiry: Duration,
    /// How many sessions may be at work.
    pub limits: ClaimLimits,
    /// How often a stage may ask the agent to revise (1).
    pub max_revisions: u32,
    /// Whether each step is run a second time as soon as it has ended: for tests of the rule that this changes nothing.
    pub steps_twice: bool,
    /// Toolchains that every sandbox gets, read-only.
    pub toolchains: Vec<ReadOnlyBind>,
    /// Environment that belongs to the toolchains.
    pub toolchain_env: BTreeMap<String, String>,
    /// `PATH` inside, without the agent's own folders.
    pub path: String,
    /// Local paths as repositories only below these folders; `None` allows all.
    pub local_roots: Option<Vec<PathBuf>>,
    /// The host that `owner/name` without a host is on.
    pub forge_host: String,
    /// How soon a published pull request is looked at again where something happens (5 s); where nothing does, the pauses
    /// double.
    pub follow_interval: Duration,
    /// The longest pause between two looks (15 min).
    pub follow_at_most: Duration,
    /// How long a person may take to say whether a change may be published (7 days).
    pub publish_patience: Duration,
    /// How long sessions that have ended are kept, from their last change (30 days); `None`: until somebody removes them.
    pub retention: Option<Duration>,
    /// How long the workspaces of sessions that have ended are kept (3 days).
    pub workspace_retention: Duration,
    /// The most bytes that the data folder may take; `None`: as many as the disk has.
    pub disk_quota: Option<u64>,
    /// How often what is no longer needed is looked for (10 min).
    pub upkeep_interval: Duration,
    /// For how long files that no session knows must have been seen before they are removed (1 h), and for how long a blob
    /// that none names must not have been put again (10 min, or this if it is less).
    pub orphan_patience: Duration,
    /// Where the server can be reached by people, without a trailing slash, for links.
    pub public_url: String,
    /// What is taken out of events.
    pub secrets: Secrets,
    /// What the store is, for people; empty where that goes without saying.
    pub store: String,
    /// The product's version.
    pub version: String,
    /// Where backups come from; `None`: this server makes none.
    pub backup: Option<Arc<dyn BackupSource>>,
    /// What else is looked at on the host.
    pub host: Option<Arc<dyn HostCheck>>,
}

/// Makes a backup of everything that is kept.
#[async_trait]
pub trait BackupSource: std::fmt::Debug + Send + Sync {
    /// Puts one together that is consistent, and gives it as a stream. What sessions name is not removed until this returns.
    async fn stage(&self) -> Result<BoxStream<'static, Result<Bytes, PortError>>, PortError>;
}

/// A look at what no port tells about the host: disk, clock, programs.
#[async_trait]
pub trait HostCheck: std::fmt::Debug + Send + Sync {
    /// What works, and what to do about what does not. Fast, and it never fails.
    async fn findings(&self) -> Vec<Finding>;
    /// What stands in the way of any work at all: the findings of these that failed. Fast.
    async fn failures(&self) -> Vec<Finding>;
    /// Bytes that the data folder takes, without the database.
    async fn used(&self) -> Result<u64, PortError>;
}

/// Secrets that the server knows: keys and tokens. Never shown. Clones share what they hold, so that one that is learned
/// later is known everywhere.
#[derive(Clone)]
pub struct Secrets(Arc<RwLock<Known>>);

struct Known {
    kept: Vec<String>,
    /// Those that end by themselves, the newest last.
    passing: VecDeque<String>,
    all: Arc<[String]>,
}

/// Secrets that end by themselves are kept up to this number, the newest ones.
const MAX_PASSING: usize = 200;

impl Secrets {
    /// Takes secrets of at least 8 bytes; shorter ones would take ordinary words out.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let kept: Vec<String> = secrets.into_iter().collect();
        let all = sorted(kept.clone());
        Self(Arc::new(RwLock::new(Known { kept, passing: VecDeque::new(), all })))
    }
    /// Learns one more.
    pub fn learn(&self, secret: &str) {
        self.change(|known| known.kept.push(secret.to_owned()));
    }
    /// Learns one that ends by itself after an hour or so.
    pub fn learn_passing(&self, secret: &str) {
        self.change(|known| {
            known.passing.push_back(secret.to_owned());
            if known.passing.len() > MAX_PASSING {
                known.passing.pop_front();
            }
        });
    }
    fn change(&self, change: impl FnOnce(&mut Known)) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut known);
        known.all = sorted(known.kept.iter().chain(&known.passing).cloned().collect());
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.current().is_empty()
    }
    /// All of them now, the longest first, so that one that holds another is taken out whole.
    pub(crate) fn current(&self) -> Arc<[String]> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner).all)
    }
}

fn sorted(mut secrets: Vec<String>) -> Arc<[String]> {
    secrets.retain(|secret| secret.len() >= 8);
    secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    secrets.dedup();
    secrets.into()
}

impl Default for Secrets {
    fn default() -> Self {
        Self::new([])
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.current().len())
    }
}

impl EngineOptions {
    /// The defaults, for a folder of sessions.
    pub fn new(sessions_dir: impl Into<PathBuf>) -> Self {
        Self {
            sessions_dir: sessions_dir.into(),
            default_agent: None,
            default_policy: "standard".to_owned(),
            default_publish: None,
            default_pipeline: Pipeline::None,
            prompt_timeout: None,
            startup_timeout: Duration::from_secs(90),
            silence_timeout: Duration::from_secs(10 * 60),
            stop_grace: Duration::from_secs(10),
            chat_idle: Duration::from_secs(30 * 60),
            chat_max_messages: 50,
            heartbeat: Duration::from_secs(5),
            drain: Duration::from_secs(8),
            lease_expiry: Duration::from_secs(30),
            limits: ClaimLimits { server: 4, user: 4, repository: 4 },
            max_revisions: 1,
            steps_twice: false,
            toolchains: Vec::new(),
            toolchain_env: BTreeMap::new(),
            path: "/usr/local/bin:/usr/bin:/bin".to_owned(),
            local_roots: None,
            forge_host: telecoder_model::repository::DEFAULT_HOST.to_owned(),
            follow_interval: Duration::from_secs(5),
            follow_at_most: Duration::from_secs(15 * 60),
            publish_patience: Duration::from_secs(7 * 24 * 60 * 60),
            retention: Some(Duration::from_secs(30 * 24 * 60 * 60)),
            workspace_retention: Duration::from_secs(3 * 24 * 60 * 60),
            disk_quota: None,
            upkeep_interval: Duration::from_secs(10 * 60),
            orphan_patience: Duration::from_secs(60 * 60),
            public_url: "http://127.0.0.1:7080".to_owned(),
            secrets: Secrets::default(),
            store: String::new(),
            version: "0.0.0".to_owned(),
            backup: None,
            host: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_that_end_by_themselves_are_bounded_and_others_stay() {
        let secrets = Secrets::new(["for-ever-1".to_owned(), "short".to_owned()]);
        let clone = secrets.clone();
        for number in 0..MAX_PASSING * 2 {
            clone.learn_passing(&format!("passing-{number}"));
        }
        secrets.learn("for-ever-2");
        let all = secrets.current();
        assert_eq!(all.len(), MAX_PASSING + 2);
        let has = |name: &str| all.iter().any(|secret| secret == name);
        assert!(has("for-ever-1") && has("for-ever-2") && has("passing-399") && !has("passing-0"));
    }
}
