//! A key that is looked for everywhere (dev layer).
//!
//! Each search also looks for something that must be there, so that a search that finds nothing has searched.

use super::processes::processes;
use std::path::Path;
use std::process::Command;
use telecoder_testkit::wait::until_blocking;

/// A model key that no other test uses.
pub(crate) struct Canary {
    key: String,
}

impl Canary {
    /// Makes one.
    pub(crate) fn new(name: &str) -> Self {
        Self { key: format!("sk-canary-{name}-{}", std::process::id()) }
    }

    /// The key.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Fails where the key is in these bytes.
    #[track_caller]
    pub(crate) fn is_not_in(&self, what: &str, bytes: &[u8]) {
        assert!(!holds(bytes, self.key.as_bytes()), "the model's key is in {what}");
    }

    /// Fails where the key is in any file of a folder; `present` must be in one.
    #[track_caller]
    pub(crate) fn is_not_below(&self, folder: &Path, present: &str) {
        assert_eq!(files_with(&self.key, folder), "", "the model's key is in these files");
        assert_ne!(files_with(present, folder), "", "nothing in {} holds {present:?}", folder.display());
    }

    /// Fails where the arguments of any process hold the key, or the environment of any but this one.
    #[track_caller]
    pub(crate) fn only_given_to(&self, server: u32) {
        // A process that the server starts has the server's environment until it executes its program.
        until_blocking("the model's key to be with the server alone", || {
            let given: Vec<u32> = processes()
                .filter(|process| self.is_given_to(process))
                .filter_map(|process| number(&process))
                .collect();
            (given == [server]).then_some(())
        });
    }

    fn is_given_to(&self, process: &Path) -> bool {
        // A process that has ended, or another user's, cannot be read.
        let read = |file: &str| std::fs::read(process.join(file)).unwrap_or_default();
        self.is_not_in("a command line", &read("cmdline"));
        holds(&read("environ"), self.key.as_bytes())
    }
}

fn number(process: &Path) -> Option<u32> {
    process.file_name()?.to_str()?.parse().ok()
}

/// The files of a folder that hold a text, by grep: it follows no links, and opens no pipes.
fn files_with(text: &str, folder: &Path) -> String {
    let mut grep = Command::new("grep");
    grep.args(["-r", "-l", "-a", "-s", "-F", "-D", "skip", "-e", text, "--"]).arg(folder);
    String::from_utf8_lossy(&grep.output().unwrap().stdout).into_owned()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
