//! `agents list|install|check`: by the server where one answers, else by this program on the data folder.

use super::Context;
use crate::arguments::{AgentArguments, AgentsCommand};
use crate::exit::{Failure, Outcome};
use crate::table::{self, Cell};
use crate::terminal::{DIM, GREEN, Output, Terminal, YELLOW, styled};
use crate::words::{bytes, clean};
use std::path::Path;
use std::process::ExitCode;
use telecoder::{AgentStatus, Config, Given, InstallProgress, LocalAgents};
use telecoder_api::Client;
use telecoder_api::agent::Agent;
use telecoder_api::client::InstallStep;

/// Runs a command on agents.
pub(crate) async fn run(context: &Context, command: AgentsCommand) -> Outcome {
    match command {
        AgentsCommand::List(options) => list(context, options.data_dir.as_deref()).await,
        AgentsCommand::Install(options) => install(context, &options).await,
        AgentsCommand::Check(options) => check(context, &options).await,
    }
}

/// The server, unless a data folder was named or no server answers.
async fn server(context: &Context, data_dir: Option<&Path>) -> Result<Option<Client>, Failure> {
    if data_dir.is_some() {
        return Ok(None);
    }
    context.place()?.reachable().await
}

fn local(data_dir: Option<&Path>) -> Result<LocalAgents, Failure> {
    let given = Given::from_process().flag("data_dir", data_dir.map(|dir| dir.display().to_string()));
    Ok(LocalAgents::new(&Config::read(&given)?)?)
}

async fn list(context: &Context, data_dir: Option<&Path>) -> Outcome {
    let rows = match server(context, data_dir).await? {
        Some(client) => client.agents().await?,
        None => local(data_dir)?.list().await?.into_iter().map(wire).collect(),
    };
    if context.terminal.listing() == Output::Json {
        context.terminal.json(&rows)?;
        return Ok(ExitCode::SUCCESS);
    }
    let missing = rows.iter().any(|agent| !agent.installed);
    let cells = rows.into_iter().map(row).collect();
    table::show(context.terminal, &["name", "state", "version", "size", "about"], cells)?;
    if missing && context.terminal.is_terminal() {
        context.terminal.note("Install one: telecoder agents install NAME");
    }
    Ok(ExitCode::SUCCESS)
}

fn row(agent: Agent) -> Vec<Cell> {
    let (state, about) = match (agent.installed, agent.problem) {
        (true, None) => (Cell::new(GREEN, "installed"), agent.description),
        (true, Some(problem)) => (Cell::new(YELLOW, "installed"), problem),
        (false, _) => (Cell::new(DIM, "not installed"), agent.description),
    };
    let size = agent.size_bytes.map(bytes).unwrap_or_default();
    vec![agent.name.into(), state, agent.version.unwrap_or_default().into(), size.into(), about.into()]
}

async fn install(context: &Context, options: &AgentArguments) -> Outcome {
    let data_dir = options.data.data_dir.as_deref();
    let name = catalogue_name(&options.name);
    let agent = match server(context, data_dir).await? {
        Some(client) => {
            let mut follower = client.install_agent(name).await?;
            loop {
                match follower.next().await? {
                    InstallStep::Line(line) => context.terminal.note(&clean(&line)),
                    InstallStep::Done(agent) => break *agent,
                }
            }
        }
        None => wire(local(data_dir)?.install(name, &Lines(context.terminal)).await?),
    };
    told(context, &agent)?;
    Ok(code(agent.installed))
}

async fn check(context: &Context, options: &AgentArguments) -> Outcome {
    let data_dir = options.data.data_dir.as_deref();
    let name = catalogue_name(&options.name);
    let agent = match server(context, data_dir).await? {
        Some(client) => client.check_agent(name).await?,
        None => wire(local(data_dir)?.check(name).await?),
    };
    told(context, &agent)?;
    Ok(code(agent.installed && agent.problem.is_none()))
}

fn catalogue_name(name: &str) -> &str {
    if name == "claude" { "claude-code" } else { name }
}

fn code(fine: bool) -> ExitCode {
    if fine { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn told(context: &Context, agent: &Agent) -> Result<(), Failure> {
    if context.terminal.telling() == Output::Json {
        return context.terminal.json(agent);
    }
    let version = agent.version.as_deref().map(|version| format!(" {}", clean(version))).unwrap_or_default();
    let size = agent.size_bytes.map(|size| format!(", {}", bytes(size))).unwrap_or_default();
    let state = match (agent.installed, &agent.problem) {
        (true, None) => styled(GREEN, "works"),
        (true, Some(_)) => styled(YELLOW, "installed"),
        (false, _) => styled(YELLOW, "not installed"),
    };
    context.terminal.line(&format!("{}{version}: {state}{size}", clean(&agent.name)))?;
    match &agent.problem {
        Some(problem) => context.terminal.line(&format!("  {}", clean(problem))),
        None => Ok(()),
    }
}

struct Lines(Terminal);

impl InstallProgress for Lines {
    fn line(&self, text: &str) {
        self.0.note(&clean(text));
    }
}

fn wire(status: AgentStatus) -> Agent {
    Agent {
        name: status.name.to_string(),
        description: status.description,
        in_catalogue: status.in_catalogue,
        installed: status.installed,
        version: status.version,
        size_bytes: status.size_bytes,
        location: status.location,
        providers: status.providers.into_iter().map(|provider| provider.as_str().to_owned()).collect(),
        problem: status.problem,
    }
}
