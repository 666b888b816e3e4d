//! The agents of this host (layer 1): what is there, and how one is started in a sandbox.

mod launch;

#[cfg(test)]
pub(crate) use launch::settings_of;

use crate::catalogue::{self, Agent, Replacement};
use crate::command::{self, Found, Host};
use crate::conversation::Acp;
use crate::install::{self, Installer};
use crate::named::{install_words, unknown};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use telecoder_model::PortError;
use telecoder_model::id::AgentName;
use telecoder_model::port::agent::{
    AgentRuntime, AgentStatus, Conversation, InstallProgress, Launch, LaunchRequest,
};
use telecoder_model::port::process::Processes;

/// Where agents come from.
#[derive(Clone, Default)]
pub struct AgentOptions {
    /// Where agents are installed: `<data>/agents`.
    pub agents_dir: PathBuf,
    /// Commands of the configuration, by agent (`TELECODER_AGENT_<NAME>_COMMAND`).
    pub commands: BTreeMap<AgentName, String>,
    /// Where the server's own `PATH` looks for programs.
    pub host_path: Vec<PathBuf>,
    /// The home of the server's user, which is never shown to an agent as a whole.
    pub host_home: Option<PathBuf>,
    /// The environment that npm inherits: `HOME`, registry settings, certificates, proxies. It may hold secrets.
    pub install_env: BTreeMap<String, String>,
}

impl fmt::Debug for AgentOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentOptions")
            .field("agents_dir", &self.agents_dir)
            .field("commands", &self.commands.keys())
            .field("install_env", &self.install_env.keys())
            .finish_non_exhaustive()
    }
}

/// The agents of this host.
#[derive(Debug)]
pub struct Agents {
    options: AgentOptions,
    host: Host,
    processes: Arc<dyn Processes>,
}

impl Agents {
    /// Takes over the options.
    ///
    /// # Errors
    /// Where a command cannot be split into words; the message names its variable.
    pub fn new(options: AgentOptions, processes: Arc<dyn Processes>) -> Result<Self, PortError> {
        let host = Host { path: options.host_path.clone(), home: options.host_home.clone() };
        for (name, text) in &options.commands {
            command::parse(name, text, &host)?;
        }
        Ok(Self { options, host, processes })
    }

    fn installer(&self) -> Installer<'_> {
        Installer {
            agents_dir: &self.options.agents_dir,
            host: &self.host,
            env: &self.options.install_env,
            processes: &*self.processes,
        }
    }

    /// The configured command of an agent, and the model that it names.
    fn command(&self, name: &AgentName, known: bool) -> Result<Option<(Found, Option<String>)>, PortError> {
        let Some(text) = self.options.commands.get(name) else {
            return Ok(None);
        };
        let mut words = command::parse(name, text, &self.host)?;
        // Only of a known agent it is known what the option means.
        let model = if known { command::take_model(&mut words) } else { None };
        Ok(Some((command::find(name, &words, &self.host)?, model)))
    }

    fn status_of(&self, agent: &Agent) -> Result<AgentStatus, PortError> {
        let name: AgentName = agent
            .name
            .parse()
            .map_err(|error| PortError::permanent("a name of the catalogue is broken").because(error))?;
        let size = install::installed(&self.options.agents_dir, agent);
        let mut status = AgentStatus {
            description: agent.description.to_owned(),
            in_catalogue: true,
            installed: size.is_some(),
            version: Some(agent.version.to_owned()),
            size_bytes: size.or(Some(agent.installed_bytes)),
            location: size.map(|_| shown(&install::folder(&self.options.agents_dir, agent))),
            providers: agent.providers.to_vec(),
            problem: None,
            name,
        };
        if size.is_none() {
            status.problem = Some(match install::supported() {
                Ok(()) => {
                    format!("not installed; {}", install_words(agent.name, Some(agent.installed_bytes)))
                }
                Err(error) => with_remedy(&error),
            });
        }
        match self.command(&status.name, true) {
            Ok(None) => {}
            Ok(Some((found, _))) => {
                status.location = Some(shown(&found.program));
                if !needs_catalogue(agent, &found) {
                    status.installed = true;
                    status.version = None;
                    status.size_bytes = None;
                    status.problem = None;
                }
            }
            Err(error) => {
                status.installed = false;
                status.problem = Some(with_remedy(&error));
            }
        }
        Ok(status)
    }

    fn status_of_command(&self, name: &AgentName) -> AgentStatus {
        let found = self.command(name, false);
        AgentStatus {
            name: name.clone(),
            description: format!("the command of {}", command::variable(name)),
            in_catalogue: false,
            installed: found.is_ok(),
            version: None,
            size_bytes: None,
            location: found.as_ref().ok().and_then(Option::as_ref).map(|(found, _)| shown(&found.program)),
            providers: Vec::new(),
            problem: found.err().as_ref().map(with_remedy),
        }
    }

    fn status(&self, name: &AgentName) -> Result<AgentStatus, PortError> {
        match catalogue::find(name.as_str()) {
            Some(agent) => self.status_of(agent),
            None if self.options.commands.contains_key(name) => Ok(self.status_of_command(name)),
            None => Err(unknown(name, self.options.commands.keys())),
        }
    }
}

#[async_trait]
impl AgentRuntime for Agents {
    async fn list(&self) -> Result<Vec<AgentStatus>, PortError> {
        let mut statuses = Vec::new();
        for agent in catalogue::all() {
            statuses.push(self.status_of(agent)?);
        }
        for name in self.options.commands.keys() {
            if catalogue::find(name.as_str()).is_none() {
                statuses.push(self.status_of_command(name));
            }
        }
        Ok(statuses)
    }

    async fn install(
        &self,
        name: &AgentName,
        progress: &dyn InstallProgress,
    ) -> Result<AgentStatus, PortError> {
        match catalogue::find(name.as_str()) {
            Some(agent) => self.installer().install(agent, progress).await?,
            None if self.options.commands.contains_key(name) => {
                return Err(PortError::permanent(format!(
                    "agent `{name}` comes from {}; there is nothing to install",
                    command::variable(name)
                )));
            }
            None => return Err(unknown(name, self.options.commands.keys())),
        }
        self.status(name)
    }

    async fn check(&self, name: &AgentName) -> Result<AgentStatus, PortError> {
        let mut status = self.status(name)?;
        let Some(agent) = catalogue::find(name.as_str()) else {
            // What an unknown program does when it is asked for its version is not known; it is not started here.
            return Ok(status);
        };
        if !status.installed || status.problem.is_some() {
            return Ok(status);
        }
        let argv = match self.command(name, true)? {
            Some((found, _)) => vec![found.program],
            None => install::program_argv(agent, &install::folder(&self.options.agents_dir, agent)),
        };
        let parent = self.options.agents_dir.join(agent.name);
        let lock = install::lock(&parent, || ()).await?;
        match self.installer().says(agent, &argv, &parent).await {
            Ok(says) => {
                status.version = Some(match status.version {
                    Some(pinned) if !says.contains(&pinned) => format!("{pinned} ({says})"),
                    Some(pinned) => pinned,
                    None => says,
                });
            }
            Err(error) => status.problem = Some(with_remedy(&error)),
        }
        drop(lock);
        Ok(status)
    }

    async fn launch(&self, request: &LaunchRequest) -> Result<Launch, PortError> {
        match catalogue::find(request.agent.as_str()) {
            Some(agent) => self.launch_known(agent, request),
            None => self.launch_command(request),
        }
    }

    fn conversation(&self, state: &serde_json::Value) -> Result<Box<dyn Conversation>, PortError> {
        Ok(Box::new(Acp::restore(state)?))
    }
}

/// Whether a configured command still needs the installed agent: an adapter that starts it.
fn needs_catalogue(agent: &Agent, found: &Found) -> bool {
    match agent.replacement {
        Replacement::Program => false,
        Replacement::Adapter { name, .. } => {
            found.program.file_name().and_then(|file| file.to_str()) != Some(name)
        }
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn with_remedy(error: &PortError) -> String {
    match &error.remedy {
        Some(remedy) => format!("{}; {remedy}", error.chain()),
        None => error.chain(),
    }
}
