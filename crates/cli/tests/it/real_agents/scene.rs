//! A real agent of the catalogue in the real sandbox, with a model that follows a script (dev layer).
//!
//! What the agent answers is written in the prompt; everything else is real: its program, its tools, its sessions, git and
//! the pull request. The model's key is a canary that must be found nowhere but in the server.

use super::canary::Canary;
use crate::cli::Output;
use crate::world::World;
use serde_json::{Value, json};
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::PathBuf;
use telecoder_testkit::environment;
use telecoder_testkit::scripted_model::{RecordedRequest, ScriptedModel, prompt};

/// A provider, whose wire format the scripted model speaks.
#[derive(Clone, Copy)]
pub(crate) enum Wire {
    Anthropic,
    OpenAi,
    Gemini,
}

impl Wire {
    /// The setting of the key.
    fn key(self) -> &'static str {
        match self {
            Self::Anthropic => "ANTHROPIC_API_KEY",
            Self::OpenAi => "OPENAI_API_KEY",
            Self::Gemini => "GEMINI_API_KEY",
        }
    }

    fn settings(self, model: &ScriptedModel, key: &str) -> [(&'static str, String); 2] {
        let (url, address) = match self {
            Self::Anthropic => ("ANTHROPIC_BASE_URL", model.base_url()),
            Self::OpenAi => ("OPENAI_BASE_URL", model.openai_base_url()),
            Self::Gemini => ("GEMINI_BASE_URL", model.base_url()),
        };
        [(self.key(), key.to_owned()), (url, address)]
    }
}

/// A world with one agent and its model.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) agent: &'static str,
    pub(crate) model: ScriptedModel,
    pub(crate) canary: Canary,
    /// What only the server is given.
    secret: &'static str,
}

impl Scene {
    /// Starts everything; `name` tells tests apart that run at the same time.
    pub(crate) fn new(name: &str, agent: &'static str, wire: Wire) -> Self {
        Self::with(name, agent, wire, &[])
    }

    /// The same, with more settings of the server.
    pub(crate) fn with(name: &str, agent: &'static str, wire: Wire, more: &[(&str, &str)]) -> Self {
        let canary = Canary::new(name);
        let model = ScriptedModel::start_with_key(canary.key());
        let settings = wire.settings(&model, canary.key());
        let mut settings = vec![
            (settings[0].0, settings[0].1.as_str()),
            (settings[1].0, settings[1].1.as_str()),
            ("TELECODER_DEFAULT_AGENT", agent),
        ];
        settings.extend(more);
        let mut world = World::without_server(&settings);
        std::fs::DirBuilder::new().mode(0o700).create(world.data()).unwrap();
        symlink(installed(agent), world.data().join("agents")).unwrap();
        world.repo.write("greeting.sh", "echo hullo\n");
        world.repo.write("check.sh", "test \"$(sh greeting.sh)\" = hello && echo it says hello\n");
        world.repo.commit("a greeting with a mistake in it");
        world.start();
        Self { world, agent, model, canary, secret: wire.key() }
    }

    /// Calls the command line, which is not given the key; what it says must not hold it either.
    pub(crate) fn call(&self, words: &[&str]) -> Output {
        let output = self.world.cli(words.iter().copied()).without(self.secret).run();
        self.canary.is_not_in("the command line's output", &output.bytes);
        self.canary.is_not_in("the command line's errors", output.stderr.as_bytes());
        output
    }

    /// Calls the command line and expects success.
    pub(crate) fn done(&self, words: &[&str]) -> Output {
        let output = self.call(words);
        assert_eq!(output.code, 0, "{words:?}\n{}\n{}\n{}", output.stdout, output.stderr, self.world.log());
        output
    }

    /// The session whose prompt begins so.
    pub(crate) fn session(&self, words: &str) -> Value {
        let sessions = self.done(&["list", "--output", "json"]).json();
        let mine = |session: &&Value| session["prompt"].as_str().unwrap().starts_with(words);
        sessions.as_array().unwrap().iter().find(mine).unwrap().clone()
    }

    /// The events of a session.
    pub(crate) fn events(&self, id: &str) -> Vec<Value> {
        self.done(&["events", id]).json().as_array().unwrap().clone()
    }

    /// A file that the agent has left in its home.
    pub(crate) fn home_file(&self, id: &str, name: &str) -> Vec<u8> {
        let path = self.world.agent_home(id).join(name);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// A file of a session's branch, in the repository that the task was given.
    pub(crate) fn published(&self, id: &str, path: &str) -> String {
        self.world.repo.git(&["show", &format!("telecoder/{id}:{path}")])
    }

    /// All requests to the model so far, after looking that each carried the key where its provider wants it.
    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        let requests = self.model.requests();
        assert!(!requests.is_empty());
        for request in &requests {
            let key = request.key.as_ref().map(|key| key.value.as_str());
            assert_eq!(key, Some(self.canary.key()), "{} {}", request.method, request.path);
        }
        requests
    }

    /// Whether all of this was told to the model in one request.
    pub(crate) fn was_told(&self, words: &[&str]) -> bool {
        let bodies = self.requests().into_iter().map(|request| request.body.to_string());
        bodies.into_iter().any(|body| words.iter().all(|word| body.contains(word)))
    }

    /// The key is nowhere in what is kept, nor in what any process was given but the server.
    pub(crate) fn no_key_outside(&self, begun: &str) {
        self.canary.is_not_below(&self.world.data(), begun);
        self.canary.is_not_below(&self.world.repo.path(), "refs/heads/main");
        self.canary.is_not_in("the log", self.world.log().as_bytes());
        self.canary.only_given_to(self.world.server_pid());
    }
}

/// A prompt in words with a script for the model.
pub(crate) fn task(words: &str, steps: &Value) -> String {
    format!("{words} {}", prompt(steps))
}

/// The folder with installed agents; fails where this agent is not among them.
fn installed(agent: &str) -> PathBuf {
    let folder = environment::test_data_dir();
    let agents = folder.join("agents");
    assert!(
        agents.join(agent).is_dir(),
        "agent `{agent}` is not installed in {}: run `cargo xtask test{}`, or `telecoder agents install {agent} --data-dir {}`",
        agents.display(),
        if matches!(agent, "goose" | "opencode" | "codex") { "" } else { " --all-agents" },
        folder.display(),
    );
    agents
}

/// The steps that read a file, change it and try the change; then what is written about the surroundings; then words.
pub(crate) fn fix(words: &str) -> Value {
    json!([
        {"read": "greeting.sh"},
        {"edit": ["greeting.sh", "hullo", "hello"], "say": "I see."},
        {"shell": "{ sh check.sh; git status --short; id -u; } > /home/agent/tried.txt 2>&1"},
        {"shell": "{ env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline; cat /etc/passwd; } > /home/agent/seen.txt 2>/dev/null; true"},
        {"cut": "middle", "times": 1},
        {"text": words},
    ])
}
