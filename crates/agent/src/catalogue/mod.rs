//! The catalogue (layer 1): the agents that are known, one file each, with what was tried about them.
//!
//! Adding an agent: a file here with its `AGENT`, a lock file in `packages/`, a line in [`all`].

mod claude_code;
mod codex;
mod gemini;
mod goose;
mod opencode;

use crate::conversation::ModeWish;
use std::collections::BTreeMap;
use telecoder_model::PortError;
use telecoder_model::policy::{PermissionRule, ToolKind};
use telecoder_model::port::gateway::Provider;
use telecoder_model::port::sandbox::HomeFile;

/// The key that stands in an agent's configuration. The real one is added by the gateway, outside.
pub(crate) const PLACEHOLDER_KEY: &str = "telecoder";

/// How a configured command takes the place of a catalogue agent's own program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replacement {
    /// The program speaks ACP itself, with the catalogue's arguments.
    Program,
    /// An adapter speaks ACP and starts the program that a variable names.
    Adapter {
        /// The variable.
        variable: &'static str,
        /// The adapter's own program name; a command of that name is the adapter itself.
        name: &'static str,
    },
}

/// What is known of an agent.
#[derive(Debug)]
pub(crate) struct Agent {
    /// Its name.
    pub(crate) name: &'static str,
    /// One line about it.
    pub(crate) description: &'static str,
    /// The pinned version, which names its folder.
    pub(crate) version: &'static str,
    /// Its npm lock file: every package with its version and digest, no registry's address.
    pub(crate) lock: &'static str,
    /// Bytes on disk once installed, measured.
    pub(crate) installed_bytes: u64,
    /// The command, as paths below its folder.
    pub(crate) program: &'static [&'static str],
    /// The arguments that make it speak ACP.
    pub(crate) acp_args: &'static [&'static str],
    /// How a configured command takes its place.
    pub(crate) replacement: Replacement,
    /// The providers that it can use, the best first.
    pub(crate) providers: &'static [Provider],
    /// Words before an install (a licence that is not an open one).
    pub(crate) notice: Option<&'static str>,
    /// What it needs for a session.
    pub(crate) configure: fn(&Start) -> Result<Plan, PortError>,
}

/// What a session asks of an agent, worked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Start {
    /// The provider to use.
    pub(crate) provider: Provider,
    /// The model to use, where it is not the agent's own choice.
    pub(crate) model: Option<String>,
    /// How permission requests will be answered.
    pub(crate) permissions: PermissionRule,
}

/// What an agent needs for a session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Plan {
    /// Put before its command (a program of the sandbox that starts it).
    pub(crate) wrapper: Vec<String>,
    /// Its environment.
    pub(crate) env: BTreeMap<String, String>,
    /// Files in its home.
    pub(crate) home: Vec<HomeFile>,
    /// Its own mode, set over ACP.
    pub(crate) mode: Option<ModeWish>,
    /// How it logs in, if it says that it must.
    pub(crate) auth_method: Option<String>,
    /// Kinds of its tools by the first word of the title, where it sends none.
    pub(crate) kinds: BTreeMap<String, ToolKind>,
    /// Whether words without a message id are the adapter's own notes, not the model's.
    pub(crate) notes_without_id: bool,
    /// Whether history may still come after a session was loaded.
    pub(crate) late_history: bool,
}

/// All agents of the catalogue, in the order in which they are shown.
pub(crate) fn all() -> [&'static Agent; 5] {
    [&goose::AGENT, &opencode::AGENT, &codex::AGENT, &claude_code::AGENT, &gemini::AGENT]
}

/// Finds an agent of the catalogue.
pub(crate) fn find(name: &str) -> Option<&'static Agent> {
    all().into_iter().find(|agent| agent.name == name)
}

/// The base address of a provider's listener inside every sandbox, without a path.
pub(crate) fn base_url(provider: Provider) -> String {
    format!("http://127.0.0.1:{}", provider.port())
}

/// Makes an environment of pairs.
fn env<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A file of the home.
fn home_file(path: &str, text: impl Into<String>) -> HomeFile {
    HomeFile { path: path.into(), bytes: text.into().into_bytes() }
}

/// The provider that a model's name belongs to, and the name without a `provider/` in front.
pub(crate) fn provider_of(model: &str) -> (Option<Provider>, &str) {
    if let Some((before, after)) = model.split_once('/') {
        let provider = match before {
            "anthropic" => Some(Provider::Anthropic),
            "openai" => Some(Provider::Openai),
            "gemini" | "google" => Some(Provider::Gemini),
            _ => None,
        };
        if provider.is_some() && !after.is_empty() {
            return (provider, after);
        }
    }
    let provider = if ["claude-", "sonnet", "opus", "haiku"].iter().any(|prefix| model.starts_with(prefix)) {
        Some(Provider::Anthropic)
    } else if model.starts_with("gemini-") {
        Some(Provider::Gemini)
    } else if is_openai_model(model) {
        Some(Provider::Openai)
    } else {
        None
    };
    (provider, model)
}

/// Whether a name looks like one of `OpenAI`'s own models (`gpt-…`, `o3`, `codex-…`).
fn is_openai_model(model: &str) -> bool {
    let mut chars = model.chars();
    model.starts_with("gpt-")
        || model.starts_with("codex-")
        || (chars.next() == Some('o') && chars.next().is_some_and(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn names_are_unique_and_every_lock_file_pins_every_package() {
        let mut names: Vec<_> = all().iter().map(|agent| agent.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all().len());
        for agent in all() {
            let lock: Value = serde_json::from_str(agent.lock).unwrap();
            assert_eq!(lock["lockfileVersion"], 3, "{}", agent.name);
            for (path, package) in lock["packages"].as_object().unwrap() {
                if path.is_empty() {
                    for (name, version) in package["dependencies"].as_object().unwrap() {
                        let version = version.as_str().unwrap();
                        assert!(version.chars().all(|c| c.is_ascii_digit() || c == '.'), "{name} {version}");
                    }
                    continue;
                }
                assert!(package["integrity"].as_str().unwrap().starts_with("sha512-"), "{path}");
                assert!(package["version"].is_string(), "{path}");
                assert!(package["resolved"].is_null(), "{path} names a registry");
            }
            for part in agent.program {
                let package = part.rsplit_once("/bin/").or_else(|| part.rsplit_once("/dist/"));
                let package = package.or_else(|| part.rsplit_once("/bundle/")).unwrap().0;
                assert!(lock["packages"][package].is_object(), "{part} is not installed by the lock file");
            }
        }
    }

    #[test]
    fn a_model_names_its_provider() {
        for (model, provider, name) in [
            ("claude-sonnet-5", Some(Provider::Anthropic), "claude-sonnet-5"),
            ("sonnet", Some(Provider::Anthropic), "sonnet"),
            ("openai/gpt-5.5", Some(Provider::Openai), "gpt-5.5"),
            ("o3", Some(Provider::Openai), "o3"),
            ("google/gemini-3.8-flash", Some(Provider::Gemini), "gemini-3.8-flash"),
            ("qwen/qwen3-coder", None, "qwen/qwen3-coder"),
            ("openai/", None, "openai/"),
            ("opus", Some(Provider::Anthropic), "opus"),
            ("ornith", None, "ornith"),
        ] {
            assert_eq!(provider_of(model), (provider, name), "{model}");
        }
    }

    #[test]
    fn no_plan_holds_anything_but_placeholder_keys() {
        for agent in all() {
            for provider in agent.providers {
                for permissions in [
                    PermissionRule::DenyAll,
                    PermissionRule::ApproveReads,
                    PermissionRule::Ask,
                    PermissionRule::ApproveAll,
                ] {
                    let plan = (agent.configure)(&Start {
                        provider: *provider,
                        model: Some("some-model".to_owned()),
                        permissions,
                    })
                    .unwrap();
                    for (name, value) in &plan.env {
                        if name.ends_with("_KEY") {
                            assert_eq!(value, PLACEHOLDER_KEY, "{} {name}", agent.name);
                        }
                    }
                    let text = format!("{:?}", plan.env)
                        + &plan
                            .home
                            .iter()
                            .map(|file| String::from_utf8_lossy(&file.bytes).into_owned())
                            .collect::<String>();
                    assert!(
                        text.contains(&base_url(*provider)),
                        "{} does not know where its model is",
                        agent.name
                    );
                }
            }
        }
    }
}
