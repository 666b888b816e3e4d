//! Development tool, `demo`: which model the agent talks to: a real one where a key is set, else the scripted one.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::sample;
use crate::background::Background;
use crate::environment;
use crate::process::Program;

/// How long the scripted model may take to listen.
const START: Duration = Duration::from_secs(10);
/// The key that it wants. Only the server has it, so what reaches the model went through the gateway.
const KEY: &str = "demo-key";
/// What it prints before its address.
const LISTENING: &str = "listening on ";

/// The model of the demo.
pub(super) enum Model {
    /// A provider's, with the key in this variable of ours.
    Real { key: &'static str },
    /// Ours, which plays a script.
    Scripted { process: Background, url: String, family: Family },
}

/// Which provider's protocol an agent speaks by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Anthropic,
    OpenAi,
    Gemini,
}

impl Model {
    /// Takes a real model if there is a key for one, else starts the scripted one.
    pub(super) fn choose(agent: &str, program: &Path, folder: &Path, own_group: bool) -> Result<Self> {
        let keys = environment::MODEL_KEYS.iter().copied();
        if let Some(key) = keys.into_iter().find(|key| environment::read(key).is_some()) {
            return Ok(Self::Real { key });
        }
        let script = serde_json::json!({ "steps": sample::script() }).to_string();
        let program = Program::new(program).args(["--key", KEY, "--script", &script]);
        let program = if own_group { program.own_group() } else { program };
        let mut process = Background::start("the scripted model", program, &folder.join("model.log"))?;
        let log = process.log().to_owned();
        let url = process.wait_for("address", START, || address(&std::fs::read_to_string(&log).ok()?))?;
        Ok(Self::Scripted { process, url, family: Family::of(agent) })
    }

    /// What the reader must know about it.
    pub(super) fn said(&self) -> Vec<String> {
        match self {
            Self::Real { key } => vec![format!("a real model, by the key in {key}; this task costs some cents at most")],
            Self::Scripted { url, .. } => vec![
                format!("no key is set ({}), so a SCRIPTED model plays the model at {url}:", environment::MODEL_KEYS.join(", ")),
                "the agent, the sandbox, git and the pull request are real; what the model answers was written".to_owned(),
                "in advance (xtask/src/demo/sample.rs). Set a key to see a real model at work.".to_owned(),
            ],
        }
    }

    /// The variables with which the server finds it.
    pub(super) fn server_env(&self) -> Vec<(String, String)> {
        match self {
            Self::Real { .. } => Vec::new(),
            Self::Scripted { url, family, .. } => family.env(url),
        }
    }

    /// Lets it run on after us and gives back its process id, if there is a process.
    pub(super) fn let_go(self) -> Option<u32> {
        match self {
            Self::Real { .. } => None,
            Self::Scripted { process, .. } => Some(process.let_go()),
        }
    }
}

impl Family {
    fn of(agent: &str) -> Self {
        match agent {
            "claude-code" => Self::Anthropic,
            "gemini" => Self::Gemini,
            _ => Self::OpenAi,
        }
    }

    fn env(self, url: &str) -> Vec<(String, String)> {
        let (key, base, path) = match self {
            Self::Anthropic => ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", ""),
            Self::OpenAi => ("OPENAI_API_KEY", "OPENAI_BASE_URL", "/v1"),
            Self::Gemini => ("GEMINI_API_KEY", "GEMINI_BASE_URL", ""),
        };
        vec![(key.to_owned(), KEY.to_owned()), (base.to_owned(), format!("{url}{path}"))]
    }
}

fn address(log: &str) -> Option<String> {
    let (_, rest) = log.split_once(LISTENING)?;
    let (url, _) = rest.split_once('\n')?;
    Some(url.trim().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_taken_once_its_line_is_whole() {
        assert_eq!(address("listening on http://127.0.0.1:41"), None);
        assert_eq!(
            address("listening on http://127.0.0.1:4100/\n").as_deref(),
            Some("http://127.0.0.1:4100")
        );
    }

    #[test]
    fn every_agent_speaks_one_protocol() {
        let env = |agent| Family::of(agent).env("http://h");
        assert_eq!(env("goose").last().map(|pair| pair.1.as_str()), Some("http://h/v1"));
        assert_eq!(env("claude-code").last().map(|pair| pair.0.as_str()), Some("ANTHROPIC_BASE_URL"));
        assert_eq!(env("gemini").last().map(|pair| pair.0.as_str()), Some("GEMINI_BASE_URL"));
    }
}
