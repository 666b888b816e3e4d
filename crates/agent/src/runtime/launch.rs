//! How an agent is started in a sandbox (layer 1): program, environment, what it sees, provider, model.

use super::{Agents, needs_catalogue};
use crate::catalogue::{self, Agent, PLACEHOLDER_KEY, Plan, Replacement, Start, base_url};
use crate::command::{self, Found};
use crate::conversation::{Acp, Settings};
use crate::install;
use crate::named::{install_words, unknown};
use std::collections::BTreeMap;
use telecoder_model::PortError;
use telecoder_model::id::AgentName;
use telecoder_model::port::agent::{Launch, LaunchRequest};
use telecoder_model::port::gateway::Provider;
use telecoder_model::port::sandbox::{AGENTS_DIR, ReadOnlyBind, WORKSPACE_DIR};

impl Agents {
    pub(super) fn launch_known(&self, agent: &Agent, request: &LaunchRequest) -> Result<Launch, PortError> {
        let (found, model) = match self.command(&request.agent, true)? {
            Some((found, model)) => (Some(found), model),
            None => (None, None),
        };
        let model = request.model.clone().or(model);
        model.as_deref().map_or(Ok(()), check_model)?;
        let (provider, model) = pick_provider(agent, model.as_deref(), &request.providers)?;
        let plan = (agent.configure)(&Start { provider, model, permissions: request.policy.permissions })?;
        let settings = settings_of(agent, &plan);
        let mut env = plan.env;
        let mut argv = plan.wrapper;
        let mut read_only = Vec::new();
        let own = match &found {
            Some(found) => needs_catalogue(agent, found),
            None => true,
        };
        if own {
            read_only.push(self.bind(agent)?);
            argv.extend(agent.program.iter().map(|part| format!("{}/{part}", inside(agent))));
            argv.extend(agent.acp_args.iter().map(|&argument| argument.to_owned()));
        }
        if let Some(found) = found {
            match agent.replacement {
                Replacement::Adapter { variable, .. } if own => {
                    env.insert(variable.to_owned(), adapted(agent, &request.agent, &found)?);
                }
                Replacement::Adapter { .. } | Replacement::Program => {
                    argv.extend(replaced(agent, &found));
                }
            }
            read_only.extend(found.read_only);
        }
        Ok(Launch {
            argv,
            env,
            read_only,
            home: plan.home,
            providers: vec![provider],
            conversation: Acp::beginning(settings),
        })
    }

    fn bind(&self, agent: &Agent) -> Result<ReadOnlyBind, PortError> {
        if install::installed(&self.options.agents_dir, agent).is_none() {
            install::supported()?;
            return Err(PortError::not_found(format!("agent `{}` is not installed", agent.name))
                .remedy(install_words(agent.name, Some(agent.installed_bytes))));
        }
        Ok(ReadOnlyBind {
            host: install::folder(&self.options.agents_dir, agent),
            inside: inside(agent).into(),
            hidden: Vec::new(),
        })
    }

    pub(super) fn launch_command(&self, request: &LaunchRequest) -> Result<Launch, PortError> {
        let Some((found, _)) = self.command(&request.agent, false)? else {
            return Err(unknown(&request.agent, self.options.commands.keys()));
        };
        request.model.as_deref().map_or(Ok(()), check_model)?;
        let mut env = BTreeMap::new();
        for provider in &request.providers {
            let (key, url) = match provider {
                Provider::Anthropic => ("ANTHROPIC_API_KEY", ("ANTHROPIC_BASE_URL", "")),
                Provider::Openai => ("OPENAI_API_KEY", ("OPENAI_BASE_URL", "/v1")),
                Provider::Gemini => ("GEMINI_API_KEY", ("GOOGLE_GEMINI_BASE_URL", "")),
            };
            env.insert(key.to_owned(), PLACEHOLDER_KEY.to_owned());
            env.insert(url.0.to_owned(), format!("{}{}", base_url(*provider), url.1));
        }
        Ok(Launch {
            argv: found.argv(),
            env,
            read_only: found.read_only,
            home: Vec::new(),
            providers: request.providers.clone(),
            conversation: Acp::beginning(Settings {
                agent: request.agent.to_string(),
                cwd: WORKSPACE_DIR.to_owned(),
                model: request.model.clone(),
                ..Settings::default()
            }),
        })
    }
}

/// The program that an adapter starts, inside.
fn adapted(agent: &Agent, name: &AgentName, found: &Found) -> Result<String, PortError> {
    if found.arguments.is_empty() {
        return Ok(found.inside.clone());
    }
    Err(PortError::permanent(format!(
        "the arguments of {}'s command cannot be passed on: its adapter starts the program by itself",
        agent.name
    ))
    .remedy(format!("leave only the program and `--model` in {}", command::variable(name))))
}

/// A configured command in place of the agent's own, with the arguments that make it speak ACP.
fn replaced(agent: &Agent, found: &Found) -> Vec<String> {
    let mut argv = found.argv();
    let already =
        agent.acp_args.first().is_some_and(|first| found.arguments.iter().any(|argument| argument == first));
    if !already {
        argv.extend(agent.acp_args.iter().map(|&argument| argument.to_owned()));
    }
    argv
}

/// What an agent's conversation begins with.
pub(crate) fn settings_of(agent: &Agent, plan: &Plan) -> Settings {
    Settings {
        agent: agent.name.to_owned(),
        cwd: WORKSPACE_DIR.to_owned(),
        auth_method: plan.auth_method.clone(),
        mode: plan.mode.clone(),
        model: None,
        kinds: plan.kinds.clone(),
        notes_without_id: plan.notes_without_id,
        late_history: plan.late_history,
    }
}

/// Where an agent's folder stands inside.
fn inside(agent: &Agent) -> String {
    format!("{AGENTS_DIR}/{}/{}", agent.name, agent.version)
}

fn check_model(model: &str) -> Result<(), PortError> {
    let fits = !model.is_empty()
        && model.len() <= 200
        && !model.starts_with('-')
        && model.chars().all(|c| c.is_ascii_graphic());
    if fits {
        Ok(())
    } else {
        Err(PortError::permanent(
            "the model's name is not usable: 1 to 200 printable ASCII characters without blanks, not beginning with a dash",
        ))
    }
}

/// The provider that an agent uses, and the model's name as that provider knows it.
fn pick_provider(
    agent: &Agent,
    model: Option<&str>,
    ready: &[Provider],
) -> Result<(Provider, Option<String>), PortError> {
    let (named, model) = match model {
        Some(model) => {
            let (provider, model) = catalogue::provider_of(model);
            (provider, Some(model.to_owned()))
        }
        None => (None, None),
    };
    if let (Some(provider), Some(model)) = (named, &model)
        && !agent.providers.contains(&provider)
    {
        return Err(PortError::permanent(format!(
            "agent `{}` cannot use `{model}`, a model of {}",
            agent.name,
            provider.as_str()
        ))
        .remedy("choose another agent or model"));
    }
    let usable = |provider: &Provider| agent.providers.contains(provider) && ready.contains(provider);
    let chosen = match named {
        Some(provider) => Some(provider).filter(usable),
        // A name that nobody knows belongs to a compatible endpoint, which speaks OpenAI's language.
        None if model.is_some() && usable(&Provider::Openai) => Some(Provider::Openai),
        None => agent.providers.iter().copied().find(usable),
    };
    let missing = || {
        let wanted: Vec<&str> = named
            .map_or_else(|| agent.providers.to_vec(), |provider| vec![provider])
            .into_iter()
            .map(key_of)
            .collect();
        PortError::permanent(format!("agent `{}` has no model to call: no key is set", agent.name))
            .remedy(format!("set {} (`telecoder config set`)", wanted.join(" or ")))
    };
    Ok((chosen.ok_or_else(missing)?, model))
}

fn key_of(provider: Provider) -> &'static str {
    match provider {
        Provider::Anthropic => "ANTHROPIC_API_KEY",
        Provider::Openai => "OPENAI_API_KEY",
        Provider::Gemini => "GEMINI_API_KEY",
    }
}
