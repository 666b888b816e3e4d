//! The processes of a sandbox as the host sees them (dev layer).

use std::path::{Path, PathBuf};
use telecoder_testkit::wait::until_blocking;

/// All processes that share a sandbox.
#[derive(Debug)]
pub(crate) struct Tree {
    space: PathBuf,
}

impl Tree {
    /// The tree that a process is in, by its program and one of its arguments.
    pub(crate) fn of(program: &str, argument: &str) -> Self {
        until_blocking("a process of the sandbox", || {
            let found = processes().find(|process| {
                let given = std::fs::read(process.join("cmdline")).unwrap_or_default();
                name(process).is_some_and(|name| name == program)
                    && given.split(|byte| *byte == 0).any(|given| given == argument.as_bytes())
            })?;
            let space = std::fs::read_link(found.join("ns/pid")).ok()?;
            (space != std::fs::read_link("/proc/self/ns/pid").ok()?).then_some(Self { space })
        })
    }

    /// What runs of it, by the names of the programs.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.members().filter_map(|process| name(&process)).collect();
        names.sort_unstable();
        names
    }

    /// Waits until nothing of it runs any more.
    pub(crate) fn until_gone(&self) {
        // One after the other; with the last one, whether there is a new one.
        until_blocking("the end of the whole tree", || match self.members().next() {
            Some(process) => {
                until_blocking("the end of a process", || (!self.holds(&process)).then_some(()));
                None
            }
            None => Some(()),
        });
    }

    fn members(&self) -> impl Iterator<Item = PathBuf> {
        processes().filter(|process| self.holds(process))
    }

    fn holds(&self, process: &Path) -> bool {
        std::fs::read_link(process.join("ns/pid")).is_ok_and(|space| space == self.space)
    }
}

/// The name of the program that a process runs.
fn name(process: &Path) -> Option<String> {
    Some(std::fs::read_to_string(process.join("comm")).ok()?.trim().to_owned())
}

/// The folders of all processes.
pub(crate) fn processes() -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok).map(|entry| entry.path());
    entries.filter(|path| {
        path.file_name().is_some_and(|name| name.as_encoded_bytes().iter().all(u8::is_ascii_digit))
    })
}
