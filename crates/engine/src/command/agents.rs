//! Agents on this host.

use crate::command::read::allow;
use crate::engine::Engine;
use crate::error::EngineError;
use telecoder_model::ErrorClass;
use telecoder_model::id::AgentName;
use telecoder_model::port::agent::{AgentStatus, InstallProgress};
use telecoder_model::principal::{Principal, Scope};

impl Engine {
    /// All agents, and whether they are ready.
    pub async fn agents(&self) -> Result<Vec<AgentStatus>, EngineError> {
        let providers = self.ready_providers();
        let mut all = self.ports().agents.list().await?;
        for agent in &mut all {
            let reachable =
                agent.providers.is_empty() || agent.providers.iter().any(|p| providers.contains(p));
            if agent.installed && agent.problem.is_none() && !reachable {
                let names: Vec<&str> = agent.providers.iter().map(|p| p.as_str()).collect();
                agent.problem = Some(format!("no model key: set one for {}", names.join(", ")));
            }
        }
        Ok(all)
    }

    /// Installs an agent of the catalogue.
    pub async fn install_agent(
        &self,
        who: &Principal,
        name: &AgentName,
        progress: &dyn InstallProgress,
    ) -> Result<AgentStatus, EngineError> {
        allow(who, Scope::Admin)?;
        let installed =
            self.ports().agents.install(name, progress).await.map_err(|error| unknown(name, error))?;
        self.tell_all();
        Ok(installed)
    }

    /// Looks whether an agent starts.
    pub async fn check_agent(&self, who: &Principal, name: &AgentName) -> Result<AgentStatus, EngineError> {
        allow(who, Scope::Run)?;
        let found = self.ports().agents.check(name).await.map_err(|error| unknown(name, error))?;
        self.tell_all();
        Ok(found)
    }
}

fn unknown(name: &AgentName, error: telecoder_model::PortError) -> EngineError {
    if error.class == ErrorClass::NotFound {
        let hint = error.remedy.unwrap_or_else(|| "`telecoder agents list` shows all agents".to_owned());
        return EngineError::not_found("agent_unknown", format!("there is no agent `{name}`")).hint(hint);
    }
    EngineError::asked(error)
}
