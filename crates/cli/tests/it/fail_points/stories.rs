//! What people do while the server ends (dev layer): each story from its world to the state in which nothing more happens.

use super::drive::Driven;
use super::left::{self, Left};
use crate::world::World;
use telecoder_testkit::fake_forge::{FakeForge, Hosted, NewPull, NewRepository};
use telecoder_testkit::postgres::Database;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Story {
    /// A task on a repository of this host, and a message when it has ended.
    Local,
    /// The same on a repository of a forge.
    Forge,
    /// A task on a pull request of somebody else.
    Pull,
    /// A task that is stopped in the middle.
    Stopped,
    /// A task and a message, with the state in `PostgreSQL`.
    Postgres,
}

/// Appends, so that work that is done twice is seen; says more than an event holds; and tells what it was sent.
const TASK: &str = r#"Do it. GYM{"do":[{"append":["log.txt","begun\n"]},{"repeat":7,"do":[{"say":"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"}]},{"tool":"Look","text":"LARGE"},{"append":["log.txt","ended\n"]},{"say":"Fixed."},{"report":"/home/agent/received"}]}"#;
const MORE: &str = r#"Once more. GYM{"do":[{"append":["log.txt","more\n"]},{"say":"More."},{"report":"/home/agent/received"}]}"#;
const WAITS: &str = r#"Wait. GYM{"do":[{"append":["log.txt","begun\n"]},{"append":["log.txt","going on\n"]},{"waitFor":"/home/agent/never"},{"append":["log.txt","ended\n"]}]}"#;

/// The rest of the world that a story needs.
pub(super) struct Scene {
    forge: Option<(FakeForge, Hosted)>,
    database: Option<Database>,
}

impl Story {
    /// All of them.
    pub(super) const ALL: [Self; 5] = [Self::Local, Self::Forge, Self::Pull, Self::Stopped, Self::Postgres];

    /// A world before its server runs.
    pub(super) fn world(self) -> (World, Scene) {
        match self {
            Self::Local | Self::Stopped => {
                (World::without_server(&[]), Scene { forge: None, database: None })
            }
            Self::Postgres => {
                let database = Database::new();
                let world = World::without_server(&[("TELECODER_DATABASE_URL", &database.url())]);
                (world, Scene { forge: None, database: Some(database) })
            }
            Self::Forge | Self::Pull => {
                let forge = FakeForge::start();
                let demo = forge.add(NewRepository::new("octo/demo").file("README.md", "# Demo\n"));
                if self == Self::Pull {
                    demo.commit("feature", &[("f.txt", "f\n")], "Feature");
                    demo.add_pull(NewPull::new("Feature", "feature", "main"));
                }
                let (secret, server, api) = (forge.token("octo"), forge.base_url(), forge.api_url());
                let settings = [
                    ("GITHUB_TOKEN", secret.as_str()),
                    ("GITHUB_SERVER_URL", &server),
                    ("GITHUB_API_URL", &api),
                ];
                (World::without_server(&settings), Scene { forge: Some((forge, demo)), database: None })
            }
        }
    }

    /// Does it, and tells what is left.
    pub(super) fn run(self, driven: &mut Driven, scene: &Scene) -> Left {
        let large = "x".repeat(80_000);
        let task = TASK.replace("LARGE", &large);
        let id = match self {
            Self::Local | Self::Postgres => submit(driven, &[&task]),
            Self::Forge => submit(driven, &["-r", "octo/demo", &task]),
            Self::Pull => submit(driven, &["-r", "octo/demo", "--pr", "1", &task]),
            Self::Stopped => submit(driven, &[WAITS]),
        };
        match self {
            Self::Local | Self::Forge | Self::Postgres => {
                ended(driven, &id, "complete", 1);
                let messages = format!("/api/sessions/{id}/messages");
                let said = |driven: &Driven| {
                    driven.get(&messages).is_some_and(|all| all.as_array().is_some_and(|all| all.len() == 2))
                };
                driven.say(&["message", &id, "--detach", MORE], said);
                ended(driven, &id, "complete", 2);
            }
            Self::Pull => ended(driven, &id, "complete", 1),
            Self::Stopped => {
                driven.until("the agent's work", |driven| count(driven, &id, "tool_update") == 2);
                let is_stopped = |driven: &Driven| driven.status(&id).as_deref() == Some("stopped");
                driven.say(&["stop", &id], is_stopped);
                ended(driven, &id, "stopped", 1);
            }
        }
        let forge = scene.forge.as_ref().map(|(_, demo)| demo);
        left::look(driven, &id, forge, scene.database.as_ref())
    }

    /// Of the points that are neither the first nor the last of their name, one in so many is tried; none where the stories
    /// before have passed the same places.
    pub(super) fn every(self) -> Option<usize> {
        match self {
            Self::Forge | Self::Postgres => Some(3),
            Self::Local => Some(5),
            Self::Pull | Self::Stopped => None,
        }
    }

    /// What the names of the points begin with that only this story is about; all others reach the same elsewhere.
    pub(super) fn own(self) -> &'static str {
        match self {
            Self::Local | Self::Forge | Self::Pull | Self::Stopped => "",
            Self::Postgres => "postgres.",
        }
    }
}

/// Gives a task, and the id of its session.
fn submit(driven: &mut Driven, words: &[&str]) -> String {
    let run: Vec<&str> = ["run", "--detach"].into_iter().chain(words.iter().copied()).collect();
    loop {
        if let Some(output) = driven.try_run(&run) {
            assert_eq!(output.code, 0, "{output:?}\n{}", driven.world.log());
            return output.stdout.trim().to_owned();
        }
        // Not acknowledged: it may be there all the same, once.
        let all = driven.get("/api/sessions").unwrap();
        let all = all.as_array().unwrap();
        assert!(all.len() < 2, "{all:?}");
        if let Some(session) = all.first() {
            return session["id"].as_str().unwrap().to_owned();
        }
    }
}

/// Waits until so many turns have ended and nothing is at work any more.
fn ended(driven: &mut Driven, id: &str, status: &str, turns: usize) {
    driven.until(&format!("{status} after turn {turns}"), |driven| {
        count(driven, id, "done") >= turns
            && driven.status(id).as_deref() == Some(status)
            && left::is_quiet(driven)
    });
}

/// How many events of a type there are.
fn count(driven: &Driven, id: &str, kind: &str) -> usize {
    let events = driven.get(&format!("/api/sessions/{id}/events?limit=1000")).unwrap_or_default();
    events.as_array().map_or(0, |events| events.iter().filter(|event| event["type"] == kind).count())
}
