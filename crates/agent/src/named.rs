//! How agents are named to people: what installs one, and which there are (layer 1, pure).

use crate::catalogue;
use telecoder_model::PortError;
use telecoder_model::id::AgentName;

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

    #[test]
    fn an_unknown_name_is_told_with_the_known_ones() {
        let (nope, gym): (AgentName, AgentName) = ("nope".parse().unwrap(), "gym".parse().unwrap());
        assert_eq!(
            unknown(&nope, std::iter::once(&gym)).remedy.unwrap(),
            "known agents: claude-code, codex, gemini, goose, gym, opencode; any other that speaks ACP is added by TELECODER_AGENT_NOPE_COMMAND"
        );
    }
}
