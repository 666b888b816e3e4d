//! Composes an application (layer 3). Everything has a default; each part can be replaced by another behind the same port.

use crate::app::App;
use crate::config::Config;
use crate::registry::{Registry, SandboxFactory};
use crate::wiring;
use std::sync::Arc;
use telecoder_model::PortError;
use telecoder_model::id::AgentName;
use telecoder_model::port::agent::AgentRuntime;
use telecoder_model::port::forge::Forge;
use telecoder_model::port::gateway::ModelGateway;
use telecoder_model::port::sandbox::SandboxDriver;
use telecoder_model::port::stage::Stage;
use telecoder_model::port::store::Store;

/// What an application is made of.
#[derive(Debug)]
pub struct Builder {
    pub(crate) config: Config,
    pub(crate) registry: Registry,
    pub(crate) store: Option<Arc<dyn Store>>,
    pub(crate) driver: Option<Arc<dyn SandboxDriver>>,
    pub(crate) agents: Option<Arc<dyn AgentRuntime>>,
    pub(crate) gateway: Option<Arc<dyn ModelGateway>>,
    pub(crate) forges: Vec<Arc<dyn Forge>>,
    pub(crate) stages: Vec<Arc<dyn Stage>>,
}

impl Builder {
    /// Begins with a configuration and the built-in parts.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            registry: Registry::built_in(),
            store: None,
            driver: None,
            agents: None,
            gateway: None,
            forges: Vec::new(),
            stages: Vec::new(),
        }
    }
    /// Uses another store.
    #[must_use]
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }
    /// Uses this sandbox driver, whatever the configuration says.
    #[must_use]
    pub fn driver(mut self, driver: Arc<dyn SandboxDriver>) -> Self {
        self.driver = Some(driver);
        self
    }
    /// Adds a kind of sandbox that the configuration may name.
    #[must_use]
    pub fn sandbox_kind(mut self, kind: &str, factory: SandboxFactory) -> Self {
        self.registry.sandbox(kind, factory);
        self
    }
    /// Uses another agent runtime.
    #[must_use]
    pub fn agents(mut self, agents: Arc<dyn AgentRuntime>) -> Self {
        self.agents = Some(agents);
        self
    }
    /// Adds an agent that is started by a command, as `TELECODER_AGENT_<NAME>_COMMAND` does.
    #[must_use]
    pub fn agent_command(mut self, name: AgentName, command: &str) -> Self {
        self.config.agent_commands.insert(name, command.to_owned());
        self
    }
    /// Uses another way to the models.
    #[must_use]
    pub fn gateway(mut self, gateway: Arc<dyn ModelGateway>) -> Self {
        self.gateway = Some(gateway);
        self
    }
    /// Adds a forge; it is asked before the built-in ones whether it serves a repository.
    #[must_use]
    pub fn forge(mut self, forge: Arc<dyn Forge>) -> Self {
        self.forges.push(forge);
        self
    }
    /// Adds a stage.
    #[must_use]
    pub fn stage(mut self, stage: Arc<dyn Stage>) -> Self {
        self.stages.push(stage);
        self
    }
    /// Opens the data folder, makes the parts, and binds the address. Work begins with [`App::run`].
    ///
    /// # Errors
    /// If another server uses the data folder, the address is taken, or a part cannot be made; with the remedy.
    pub async fn build(self) -> Result<App, PortError> {
        wiring::build(self).await
    }
}
