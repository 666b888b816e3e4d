//! Tasks on a forge, through the command line only: the real binary against a server that behaves like GitHub. A file for
//! each story.

mod app;
mod ask;
mod canary;
mod checks;
mod clone;
mod faults;
mod follow;
mod gh;
mod issue;
mod kept;
mod processes;
mod pull;
mod rebase;
mod refused;
mod restored;
mod run;

use crate::world::World;
use telecoder_testkit::fake_forge::{FakeForge, Hosted, NewRepository};

/// Makes a file and says so.
const MAKES_A_FILE: &str = r#"GYM{"do":[{"write":["a.txt","x\n"]},{"say":"Made a file."}]}"#;
/// Makes another one.
const MAKES_ANOTHER: &str = r#"GYM{"do":[{"write":["b.txt","y\n"]},{"say":"Made another one."}]}"#;

/// A forge with the repository `octo/demo`, and a world whose server has a token for it.
struct Scene {
    world: World,
    demo: Hosted,
    /// The token of `octo`.
    secret: String,
    forge: FakeForge,
}

impl Scene {
    fn new() -> Self {
        let mut scene = Self::without_server();
        scene.world.set("GITHUB_TOKEN", Some(&scene.secret));
        scene.world.start();
        scene
    }

    /// A scene whose server is not started and has no credentials.
    fn without_server() -> Self {
        let forge = FakeForge::start();
        let demo = forge
            .add(NewRepository::new("octo/demo").file("README.md", "# Demo\n").file("calc.py", "x = 1\n"));
        let secret = forge.token("octo");
        let (server, api) = (forge.base_url(), forge.api_url());
        let world = World::without_server(&[("GITHUB_SERVER_URL", &server), ("GITHUB_API_URL", &api)]);
        Self { world, demo, secret, forge }
    }

    /// A world whose server has another token for the forge.
    fn world_of(&self, secret: &str) -> World {
        let (server, api) = (self.forge.base_url(), self.forge.api_url());
        World::with(&[("GITHUB_TOKEN", secret), ("GITHUB_SERVER_URL", &server), ("GITHUB_API_URL", &api)])
    }

    /// Runs a task on `octo/demo` to its end and gives its session.
    fn ran(&self, words: &[&str]) -> serde_json::Value {
        let head = ["run", "-r", "octo/demo", "--output", "json"];
        let output = self.world.cli(head.into_iter().chain(words.iter().copied())).run();
        assert!(output.stdout.starts_with('{'), "{output:?}\n{}", self.world.log());
        output.json()
    }

    /// The text with the forge's address replaced.
    fn shown(&self, text: &str) -> String {
        let address = self.forge.base_url();
        let host = address.trim_start_matches("http://");
        let text = text.replace(&format!("https://{host}"), "[FORGE]").replace(&address, "[FORGE]");
        self.world.filtered(&text.replace(host, "[FORGE]"))
    }

    /// What a call said, with everything that differs from run to run replaced.
    fn told(&self, words: &[&str]) -> String {
        let output = self.world.cli(words.iter().copied()).run();
        let mut text = format!("exit {}\n", output.code);
        for line in output.stdout.lines() {
            text.push_str(&format!("{line}\n"));
        }
        for line in output.stderr.lines() {
            text.push_str(&format!("! {line}\n"));
        }
        self.shown(&text)
    }

    /// The branches of sessions.
    fn our_branches(&self) -> Vec<String> {
        self.demo.branches().into_keys().filter(|name| name.starts_with("telecoder/")).collect()
    }

    /// Everything that was asked and answered is as GitHub describes it.
    fn is_as_described(&self) {
        assert_eq!(self.forge.violations(), [""; 0]);
    }

    /// The pull request events of a session: action, subject, state.
    fn pull_events(&self, id: &str) -> Vec<String> {
        let events = self.world.events(id);
        let pulls = events.iter().filter(|event| event["type"] == "pull_request");
        let word = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let words = |event: &serde_json::Value| {
            let all = [
                word(&event["data"]["action"]),
                word(&event["data"]["subject"]),
                word(&event["data"]["state"]),
            ];
            all.into_iter().flatten().collect::<Vec<_>>().join(" ")
        };
        pulls.map(words).collect()
    }
}

/// The id of a session.
fn id(session: &serde_json::Value) -> String {
    session["id"].as_str().unwrap().to_owned()
}
