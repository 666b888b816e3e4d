//! Agents without a server (layer 3), for the command line.

use crate::config::Config;
use crate::wiring;
use telecoder_agent::Agents;
use telecoder_model::PortError;
use telecoder_model::id::AgentName;
use telecoder_model::port::agent::{AgentRuntime, AgentStatus, InstallProgress};

/// The agents of a data folder.
#[derive(Debug)]
pub struct LocalAgents {
    agents: Agents,
}

impl LocalAgents {
    /// Finds them by the configuration.
    ///
    /// # Errors
    /// If a configured command cannot be read.
    pub fn new(config: &Config) -> Result<Self, PortError> {
        Ok(Self { agents: wiring::agents(config, wiring::processes(config))? })
    }
    /// All of them.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub async fn list(&self) -> Result<Vec<AgentStatus>, PortError> {
        self.agents.list().await
    }
    /// Installs one.
    ///
    /// # Errors
    /// If there is no such agent, or its install fails.
    pub async fn install(
        &self,
        name: &str,
        progress: &dyn InstallProgress,
    ) -> Result<AgentStatus, PortError> {
        self.agents.install(&named(name)?, progress).await
    }
    /// Looks whether one starts.
    ///
    /// # Errors
    /// If there is no such agent.
    pub async fn check(&self, name: &str) -> Result<AgentStatus, PortError> {
        self.agents.check(&named(name)?).await
    }
}

fn named(name: &str) -> Result<AgentName, PortError> {
    name.parse().map_err(|error| PortError::not_found("that is no agent's name").because(error))
}
