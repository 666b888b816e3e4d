//! Which agent a session uses where it names none (layer 1, pure).

use crate::catalogue;
use telecoder_model::PortError;
use telecoder_model::id::AgentName;
use telecoder_model::port::agent::AgentStatus;
use telecoder_model::port::gateway::Provider;

/// Chooses an agent: the configured one; else by key, in the order of [`Provider::ALL`] (Anthropic → `opencode`, `OpenAI` →
/// `codex`, Gemini → `gemini`), where that one is ready; else the first that is ready and can use one of the keys; else the
/// first that is installed.
///
/// # Errors
/// Class `NotFound` with the command that installs one and its size, where none is installed, or the configured one is
/// unknown.
pub fn choose(
    default: Option<&AgentName>,
    providers: &[Provider],
    statuses: &[AgentStatus],
) -> Result<AgentName, PortError> {
    if let Some(name) = default {
        return match statuses.iter().find(|status| status.name == *name) {
            Some(_) => Ok(name.clone()),
            None => Err(unknown(name, statuses.iter().map(|status| &status.name))),
        };
    }
    let keys = || Provider::ALL.into_iter().filter(|provider| providers.contains(provider));
    let ready = |status: &&AgentStatus| status.installed && status.problem.is_none();
    let by_key = keys().find_map(|provider| {
        statuses.iter().filter(ready).find(|status| status.name.as_str() == agent_of(provider))
    });
    let usable = |status: &&AgentStatus| {
        status.providers.is_empty() || status.providers.iter().any(|its| providers.contains(its))
    };
    let chosen = by_key
        .or_else(|| statuses.iter().filter(ready).find(usable))
        .or_else(|| statuses.iter().find(|status| status.installed));
    if let Some(status) = chosen {
        return Ok(status.name.clone());
    }
    let wanted = keys().next().map_or("opencode", agent_of);
    let size =
        statuses.iter().find(|status| status.name.as_str() == wanted).and_then(|status| status.size_bytes);
    Err(PortError::not_found("no coding agent is installed").remedy(install_words(wanted, size)))
}

/// The agent that a key stands for.
fn agent_of(provider: Provider) -> &'static str {
    match provider {
        Provider::Anthropic => "opencode",
        Provider::Openai => "codex",
        Provider::Gemini => "gemini",
    }
}

/// How to install an agent.
pub(crate) fn install_words(name: &str, size: Option<u64>) -> String {
    match size {
        Some(size) => format!("run `telecoder agents install {name}` ({})", megabytes(size)),
        None => format!("run `telecoder agents install {name}`"),
    }
}

/// A size for people.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}

/// The error for a name that is no agent.
pub(crate) fn unknown<'a>(name: &AgentName, known: impl Iterator<Item = &'a AgentName>) -> PortError {
    let mut names: Vec<String> = known.map(ToString::to_string).collect();
    names.extend(catalogue::all().iter().map(|agent| agent.name.to_owned()));
    names.sort_unstable();
    names.dedup();
    PortError::not_found(format!("there is no agent `{name}`")).remedy(format!(
        "known agents: {}; any other that speaks ACP is added by {}",
        names.join(", "),
        crate::command::variable(name)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(name: &str, installed: bool, providers: &[Provider]) -> AgentStatus {
        AgentStatus {
            name: name.parse().unwrap(),
            description: String::new(),
            in_catalogue: true,
            installed,
            version: None,
            size_bytes: Some(185_000_000),
            location: None,
            providers: providers.to_vec(),
            problem: (!installed).then(|| "not installed".to_owned()),
        }
    }

    #[test]
    fn the_rule_row_by_row() {
        use Provider::{Anthropic, Gemini, Openai};
        let with = |installed: &[&str]| {
            [
                ("goose", vec![Anthropic, Openai, Gemini]),
                ("opencode", vec![Anthropic, Openai, Gemini]),
                ("codex", vec![Openai]),
                ("gemini", vec![Gemini]),
                ("gym", vec![]),
            ]
            .map(|(name, providers)| status(name, installed.contains(&name), &providers))
        };
        let every = ["goose", "opencode", "codex", "gemini", "gym"];
        for (default, providers, installed, expected) in [
            (Some("gemini"), vec![], &every[..], Ok("gemini")),
            (Some("codex"), vec![], &["goose"], Ok("codex")),
            (None, vec![Anthropic, Openai], &every, Ok("opencode")),
            (None, vec![Gemini, Openai], &every, Ok("codex")),
            (None, vec![Gemini], &every, Ok("gemini")),
            (None, vec![Openai], &["goose", "gym"], Ok("goose")),
            (None, vec![Openai], &["gemini", "gym"], Ok("gym")),
            (None, vec![], &["goose", "gym"], Ok("gym")),
            (None, vec![], &["codex"], Ok("codex")),
            (None, vec![Openai], &[], Err("run `telecoder agents install codex` (185 MB)")),
            (None, vec![], &[], Err("run `telecoder agents install opencode` (185 MB)")),
        ] {
            let default: Option<AgentName> = default.map(|name| name.parse().unwrap());
            let chosen = choose(default.as_ref(), &providers, &with(installed));
            match expected {
                Ok(name) => assert_eq!(chosen.unwrap().as_str(), name, "{providers:?} {installed:?}"),
                Err(remedy) => assert_eq!(chosen.unwrap_err().remedy.unwrap(), remedy),
            }
        }
    }

    #[test]
    fn an_unknown_name_is_told_with_the_known_ones() {
        let error = choose(Some(&"nope".parse().unwrap()), &[], &[status("gym", true, &[])]).unwrap_err();
        assert_eq!(
            error.remedy.unwrap(),
            "known agents: claude-code, codex, gemini, goose, gym, opencode; any other that speaks ACP is added by TELECODER_AGENT_NOPE_COMMAND"
        );
    }
}
