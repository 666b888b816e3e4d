//! A server with a hostile session and a well-behaved one beside it, and what is measured of both (dev layer).

use crate::figures::{Figures, bytes_below, bytes_of_events, tell, until_nothing_is_left};
use crate::world::World;
use std::process::Child;
use std::time::Duration;

/// By how much the server's memory may grow, in KiB.
const GROWTH: u64 = 32 << 10;
/// What a session may take on the disk beside the output that is kept of it: its layer, its objects, pages half full.
const CONSTANT: u64 = 8 << 20;
/// How much longer than its deadline a session may take.
const SLACK: Duration = Duration::from_secs(2);
/// What the well-behaved agent says, piece by piece while the other one is at work.
const WORDS: &str = "All of this is said letter by letter, one after another, and each of them arrives.";
/// How long it may seem silent, whatever the other one does.
const SILENCE: Duration = Duration::from_secs(5);

/// How a session is to end.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    /// With this kind of failure and these words in its error.
    Fails(&'static str, &'static str),
    /// Complete; the outcome calls this uncertain, or nothing where it is empty.
    Completes(&'static str),
}

/// A hostile session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    /// Its name, of small letters and hyphens.
    pub(crate) name: &'static str,
    /// What its agent does after it has changed a file.
    pub(crate) acts: &'static str,
    pub(crate) end: End,
}

/// A server at work.
pub(crate) struct Scene {
    pub(crate) world: World,
    limit: Duration,
    neighbour: (String, Child),
    before: Figures,
    bytes_before: u64,
    kept: u64,
}

impl Scene {
    /// A server whose turns may take so many seconds, with a session that goes on beside what follows.
    pub(crate) fn new(seconds: u64) -> Self {
        Self::with(seconds, &[])
    }

    /// The same with more settings.
    pub(crate) fn with(seconds: u64, settings: &[(&str, &str)]) -> Self {
        let limit = seconds.to_string();
        let mut all =
            vec![("TELECODER_PROMPT_TIMEOUT_SECONDS", limit.as_str()), ("TELECODER_MAX_SESSIONS", "16")];
        all.extend(settings);
        let world = World::with(&all);
        // What is set up once is there before anything is measured.
        for _ in 0..2 {
            let script = r#"GYM{"do":[{"write":["warm.txt","x\n"]},{"say":"Warm.","chunks":5}]}"#;
            let id = world.detached(&["--publish", "manual", script]);
            assert_eq!(world.cli(["attach", &id]).run().code, 0);
        }
        until_nothing_is_left(&world);
        let before = Figures::anew(world.server_pid());
        let bytes_before = bytes_below(&world.data());
        let pace = seconds * 500 / WORDS.len() as u64;
        let script = format!(
            r#"GYM{{"do":[{{"write":["own.txt","mine\n"]}},{{"say":"{WORDS}","chunks":1000,"paceMs":{pace}}}]}}"#
        );
        let id = world.detached(&["--publish", "manual", &script]);
        let follower = world.cli(["attach", &id]).spawn();
        Self {
            world,
            limit: Duration::from_secs(seconds),
            neighbour: (id, follower),
            before,
            bytes_before,
            kept: 0,
        }
    }

    /// Runs hostile sessions side by side, each to its end, and looks at how it ended. Gives their ids.
    pub(crate) fn run(&mut self, cases: &[Case]) -> Vec<String> {
        let begun: Vec<(Case, String, Child)> = cases
            .iter()
            .map(|case| {
                let script =
                    format!(r#"GYM{{"do":[{{"write":["{}.txt","so far\n"]}},{}]}}"#, case.name, case.acts);
                let id = self.world.detached(&["--publish", "manual", &script]);
                let follower = self.world.cli(["attach", &id]).spawn();
                (*case, id, follower)
            })
            .collect();
        let mut ids = Vec::new();
        for (case, id, mut follower) in begun {
            // The follower's pipe must be read, or a flood would wait for it.
            let output = std::io::copy(&mut follower.stdout.take().unwrap(), &mut std::io::sink());
            output.unwrap();
            follower.wait().unwrap();
            self.look_at(&case, &id);
            ids.push(id);
        }
        ids
    }

    fn look_at(&mut self, case: &Case, id: &str) {
        let session = self.world.session(id);
        let text = |key: &str| session[key].as_str().unwrap_or_default().to_owned();
        let uncertain = session["outcome"]["uncertain"].to_string();
        match case.end {
            End::Fails(kind, words) => {
                assert_eq!(
                    (text("status").as_str(), text("failureKind").as_str()),
                    ("error", kind),
                    "{case:?} {session}"
                );
                assert!(text("error").contains(words), "{case:?} {session}");
            }
            End::Completes(words) => {
                assert_eq!(text("status"), "complete", "{case:?} {session}");
                let understood = !uncertain.contains("could not be understood");
                assert!(
                    if words.is_empty() { understood } else { uncertain.contains(words) },
                    "{case:?} {session}"
                );
            }
        }
        let took = between(&text("startedAt"), &text("finishedAt"));
        assert!(took <= self.limit + SLACK, "{} took {took:?}", case.name);
        // What was done until then is kept and can be looked at.
        let diff = self.world.cli(["diff", id]).run();
        let file = format!("b/{}.txt", case.name);
        assert!(diff.stdout.contains(&file) && diff.stdout.contains("+so far"), "{case:?} {diff:?}");
        let kept = bytes_of_events(&self.world, id);
        self.kept += kept;
        tell(&format!("{}: {} after {took:.1?}, {kept} bytes kept", case.name, text("status")));
    }

    /// Waits for the well-behaved session, and holds what was measured against its bounds.
    pub(crate) fn end(self) {
        let (id, follower) = self.neighbour;
        let output = follower.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains(WORDS), "{output:?}");
        let session = self.world.session(&id);
        assert_eq!(session["status"], "complete", "{session}");
        let events = self.world.events(&id);
        let said: Vec<&str> = events
            .iter()
            .filter(|event| event["type"] == "message" && event["data"]["author"] == "agent")
            .map(|event| event["at"].as_str().unwrap())
            .collect();
        assert_eq!(said.len(), WORDS.len(), "{events:?}");
        let longest = said.windows(2).map(|pair| between(pair[0], pair[1])).max().unwrap();
        assert!(longest <= SILENCE, "nothing was heard of the session beside for {longest:?}");
        tell(&format!("the session beside: never silent for more than {longest:.2?}"));
        until_nothing_is_left(&self.world);
        let pid = self.world.server_pid();
        let after = Figures::of(pid);
        let bytes = bytes_below(&self.world.data()).saturating_sub(self.bytes_before);
        tell(&format!("before {:?}, after {after:?}, {bytes} bytes on the disk", self.before));
        let grown = after.peak_kib.saturating_sub(self.before.resident_kib);
        assert!(grown <= GROWTH, "the server's memory grew by {grown} KiB: {:?} {after:?}", self.before);
        let most = self.kept / 10 * 11 + CONSTANT;
        assert!(bytes <= most, "{bytes} bytes on the disk for {} that are kept", self.kept);
        telecoder_testkit::wait::until_blocking("the descriptors to be closed", || {
            (Figures::of(pid).descriptors <= self.before.descriptors).then_some(())
        });
    }
}

/// The time between two stamps of the API.
fn between(from: &str, to: &str) -> Duration {
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap_or_else(|error| panic!("{error}: `{text}`"));
    Duration::try_from(at(to).duration_since(at(from))).unwrap()
}
