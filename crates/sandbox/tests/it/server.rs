//! Stand-ins for a server that dies: this very suite, run again as a process of its own that plays one part.

use crate::ground::Ground;
use std::io::{BufRead, BufReader};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// Names the folder of the ground on which a part is played; absent in the suite itself.
const PART: &str = "TELECODER_TEST_PART";

/// A part that is being played by another process.
pub(crate) struct Player {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Player {
    /// Has a test of this suite played by a process of its own, in a process group of its own.
    #[expect(clippy::disallowed_methods, reason = "a server that dies must be a process of its own")]
    pub(crate) fn start(test: &str, ground: &Ground) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture", "--test-threads=1"])
            .env(PART, ground.dir.path())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// Waits until the part says a word, or ends; returns whether it was said.
    pub(crate) fn says(&mut self, word: &str) -> bool {
        let mut line = String::new();
        while self.lines.read_line(&mut line).unwrap() > 0 {
            if line.contains(word) {
                return true;
            }
            line.clear();
        }
        false
    }

    /// Signals the part's process group, as a terminal does.
    pub(crate) fn signal_group(&self, signal: nix::sys::signal::Signal) {
        nix::sys::signal::killpg(nix::unistd::Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    /// Waits for the end; returns the signal that ended it.
    pub(crate) fn ended(mut self) -> Option<i32> {
        self.child.wait().unwrap().signal()
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        // One that has ended cannot be killed any more.
        drop(self.child.kill());
        self.child.wait().unwrap();
    }
}

/// The folder of the ground if this process plays a part.
#[expect(clippy::disallowed_methods, reason = "a part is told on which ground it is played")]
pub(crate) fn part() -> Option<PathBuf> {
    std::env::var_os(PART).map(PathBuf::from)
}

/// Says a word to the test that started this part.
pub(crate) fn say(word: &str) {
    println!("\n{word}");
}

/// Waits for ever, that is, until this part is killed.
pub(crate) fn wait_for_the_end() -> ! {
    loop {
        std::thread::park();
    }
}

/// The pid of a sandbox's supervisor on the host.
pub(crate) fn supervisor_pid(run_folder: &Path) -> i32 {
    let record = std::fs::read_to_string(run_folder.join("lock")).unwrap();
    record.split(' ').next().unwrap().parse().unwrap()
}
