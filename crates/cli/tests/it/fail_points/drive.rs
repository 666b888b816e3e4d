//! A person at the command line whose server may end at any moment (dev layer): it is started again where it was, while the
//! command goes on; what was not acknowledged all the same is looked for before it is said again.

use crate::cli::Output;
use crate::world::World;
use std::time::{Duration, Instant};
use telecoder_testkit::plain_http;

/// How long one story with all its ends may take, on a machine that is busy.
const LONGEST: Duration = Duration::from_secs(90);
/// The variable that says at which point the server ends.
pub(super) const FAIL_POINT: &str = "TELECODER_FAIL_POINT";
/// The variable that says where the points that are reached are written down.
pub(super) const FAIL_TRACE: &str = "TELECODER_FAIL_TRACE";

/// A world whose server may end.
pub(super) struct Driven {
    pub(super) world: World,
    /// How often the server has ended by itself.
    pub(super) ends: u32,
}

impl Driven {
    /// Starts the server.
    pub(super) fn start(world: World) -> Self {
        let mut driven = Self { world, ends: 0 };
        if !driven.world.try_start() {
            driven.again();
        }
        driven
    }

    /// Starts the server again if it has ended.
    fn look(&mut self) {
        if self.world.died() {
            self.again();
        }
    }

    fn again(&mut self) {
        self.ends += 1;
        self.world.set(FAIL_POINT, None);
        let before = self.world.log().len();
        let again = self.world.try_start_again();
        // Somebody else may have its port by now.
        let taken = || self.world.log()[before..].contains("in use");
        assert!(
            again || taken() && self.world.try_start(),
            "the next server ended too\n{}",
            self.world.log()
        );
    }

    /// Runs a command while the server may end; nothing if it lost it.
    pub(super) fn try_run(&mut self, words: &[&str]) -> Option<Output> {
        let (url, ends) = (self.world.url(), self.ends);
        let command = self.world.cli(["--server", &url].into_iter().chain(words.iter().copied()));
        let running = std::thread::spawn(|| command.run());
        self.until(&format!("the end of {words:?} at {url}"), |_| running.is_finished());
        let output = running.join().unwrap();
        if output.code == 3 || output.stderr.contains("server") && output.code == 1 {
            // Only a server that has ended may be lost.
            self.until(&format!("the end that is behind {output:?}"), |driven| driven.ends > ends);
            return None;
        }
        self.look();
        Some(output)
    }

    /// Says something to the server until it is acknowledged. What it did without saying so is found by `done`.
    pub(super) fn say(&mut self, words: &[&str], done: impl Fn(&Self) -> bool) {
        for _ in 0..3 {
            match self.try_run(words) {
                Some(output) => {
                    assert_eq!(output.code, 0, "{words:?}: {output:?}\n{}", self.world.log());
                    return;
                }
                None if done(self) => return,
                None => {}
            }
        }
        panic!("{words:?} is lost again and again");
    }

    /// Asks for something as JSON, also of a server that ends only now.
    pub(super) fn read(&mut self, words: &[&str]) -> serde_json::Value {
        let read = (0..3).find_map(|_| self.try_run(words));
        read.unwrap_or_else(|| panic!("{words:?} is lost again and again")).json()
    }

    /// Waits until something holds, over the ends of the server.
    pub(super) fn until(&mut self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let begun = Instant::now();
        loop {
            self.look();
            if holds(self) {
                return;
            }
            let sessions = || self.get("/api/sessions").unwrap_or_default();
            let events = |id: &str| self.get(&format!("/api/sessions/{id}/events")).unwrap_or_default();
            if begun.elapsed() > LONGEST {
                let events = sessions()[0]["id"].as_str().map(events);
                let run = std::fs::read_dir(self.world.data().join("run")).unwrap().flatten();
                let run: Vec<_> = run.map(|entry| entry.file_name()).collect();
                let queue = self.get("/health").map(|health| health["queue"].clone());
                panic!("in vain for {what}: {run:?} {queue:?} {events:#?}\n{}", self.world.log());
            }
            std::thread::sleep(Duration::from_millis(25));
        }
    }

    /// Reads from the API; nothing while there is no server.
    pub(super) fn get(&self, path: &str) -> Option<serde_json::Value> {
        let token = std::fs::read_to_string(self.world.data().join("token")).unwrap_or_default();
        let bearer = format!("Bearer {}", token.trim());
        let url = format!("{}{path}", self.world.url());
        let headers = [("authorization", bearer.as_str())];
        let answer = plain_http::request("GET", &url, &headers, b"", Duration::from_secs(10)).ok()?;
        serde_json::from_slice(&answer.body).ok()
    }

    /// A session's status.
    pub(super) fn status(&self, id: &str) -> Option<String> {
        Some(self.get(&format!("/api/sessions/{id}"))?["status"].as_str()?.to_owned())
    }
}
