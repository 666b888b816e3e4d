//! The engine's handle (layer 1): a cheap clone that commands hang on. `run` is its only background work.

use crate::options::EngineOptions;
use crate::ports::Ports;
use crate::request::KeyCheck;
use crate::upkeep::UpkeepState;
use crate::worker;
use crate::worker::drain::Drain;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use telecoder_model::PortError;
use telecoder_model::id::InstanceId;
use telecoder_model::port::gateway::Provider;
use telecoder_model::port::settings::Defaults;
use telecoder_model::time::Timestamp;
use tokio::sync::{OnceCell, watch};

/// What happens to tasks. Cloning gives another handle to the same engine.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    ports: Ports,
    options: EngineOptions,
    instance: InstanceId,
    public_url: OnceLock<String>,
    proof: OnceCell<()>,
    defaults: Mutex<Defaults>,
    key_checks: Mutex<BTreeMap<Provider, KeyCheck>>,
    upkeep: UpkeepState,
    drain: Drain,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("instance", &self.inner.instance).finish_non_exhaustive()
    }
}

impl Engine {
    /// Makes an engine. Nothing happens until a command or `run`.
    ///
    /// # Errors
    /// If no instance id can be formed (a broken `Ids` adapter).
    pub fn new(ports: Ports, options: EngineOptions) -> Result<Self, PortError> {
        let instance = format!("server-{}", ports.ids.word(12))
            .parse()
            .map_err(|error| PortError::permanent("the ids port gave no usable name").because(error))?;
        let defaults = Defaults {
            agent: options.default_agent.clone(),
            policy: options.default_policy.clone(),
            publish: options.default_publish,
        };
        Ok(Self {
            inner: Arc::new(Inner {
                ports,
                options,
                instance,
                public_url: OnceLock::new(),
                proof: OnceCell::new(),
                defaults: Mutex::new(defaults),
                key_checks: Mutex::default(),
                upkeep: UpkeepState::default(),
                drain: Drain::default(),
            }),
        })
    }

    /// Works on sessions until `shutdown` turns true; then hands over what is under way within the stop grace.
    ///
    /// # Errors
    /// If the store refuses this server at the start.
    pub async fn run(&self, shutdown: watch::Receiver<bool>) -> Result<(), PortError> {
        worker::run(self, shutdown).await
    }

    /// Says where people reach the server, once that is known (a port chosen by the system); the first call counts.
    pub fn announce(&self, public_url: &str) {
        self.inner.public_url.get_or_init(|| public_url.to_owned());
    }

    /// The time by the clock port.
    pub fn time(&self) -> Timestamp {
        self.now()
    }

    /// Random characters of a-z and 2-7, five bits each.
    pub fn random_word(&self, length: usize) -> String {
        self.inner.ports.ids.word(length)
    }

    /// Makes sure that isolation was proved on this host: once a start, before the first sandbox. A proof that fails is
    /// tried again for the next session, since its remedy may have been applied.
    pub(crate) async fn prove(&self) -> Result<(), PortError> {
        let prove = async {
            let driver = &self.inner.ports.driver;
            let broken: Vec<_> = driver.prove().await?.into_iter().filter(|proof| !proof.held).collect();
            let Some(first) = broken.first() else { return Ok(()) };
            let all: Vec<String> =
                broken.iter().map(|proof| format!("{} ({})", proof.attempt, proof.detail)).collect();
            let error = PortError::denied(format!(
                "the {} sandbox does not hold on this host: {}",
                driver.kind(),
                all.join("; ")
            ));
            Err(match &first.remedy {
                Some(remedy) => error.remedy(remedy.clone()),
                None => error.remedy("see all proofs: telecoder doctor --prove"),
            })
        };
        self.inner.proof.get_or_try_init(|| prove).await.copied()
    }
    /// The host that `owner/name` without a host is on.
    pub fn forge_host(&self) -> &str {
        &self.inner.options.forge_host
    }
    /// Where people reach the server, without a slash at the end.
    pub fn public_url(&self) -> &str {
        self.inner.public_url.get().unwrap_or(&self.inner.options.public_url)
    }
    /// What tasks that do not say get.
    pub(crate) fn defaults(&self) -> Defaults {
        held(&self.inner.defaults).clone()
    }
    pub(crate) fn set_defaults(&self, defaults: Defaults) {
        *held(&self.inner.defaults) = defaults;
    }
    /// What the last check of each key found, since this server started.
    pub(crate) fn key_checks(&self) -> BTreeMap<Provider, KeyCheck> {
        held(&self.inner.key_checks).clone()
    }
    pub(crate) fn keep_key_check(&self, provider: Provider, check: KeyCheck) {
        held(&self.inner.key_checks).insert(provider, check);
    }
    pub(crate) fn forget_key_checks(&self) {
        held(&self.inner.key_checks).clear();
    }
    /// What the reconcilers of the disk remember.
    pub(crate) fn upkeep(&self) -> &UpkeepState {
        &self.inner.upkeep
    }
    /// What is known about this server's orderly end.
    pub(crate) fn drain(&self) -> &Drain {
        &self.inner.drain
    }
    pub(crate) fn ports(&self) -> &Ports {
        &self.inner.ports
    }
    pub(crate) fn options(&self) -> &EngineOptions {
        &self.inner.options
    }
    pub(crate) fn instance(&self) -> &InstanceId {
        &self.inner.instance
    }
    pub(crate) fn now(&self) -> Timestamp {
        self.inner.ports.clock.now()
    }
}

/// What a lock guards; nothing that holds one can panic.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
