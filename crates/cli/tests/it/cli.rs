//! A call of the command line and what came of it (dev layer).

use crate::shown;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A call that is not made yet.
pub(crate) struct Cli {
    command: Command,
    input: Vec<u8>,
    folders: [PathBuf; 2],
}

impl Cli {
    pub(crate) fn new(command: Command, folder: &Path, repo: &Path) -> Self {
        Self { command, input: Vec::new(), folders: [folder.to_owned(), repo.to_owned()] }
    }

    /// Calls it in another folder.
    pub(crate) fn dir(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Removes a variable.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Adds an argument, which need not be UTF-8.
    pub(crate) fn word(mut self, word: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.arg(word);
        self
    }

    /// Gives it this on standard input.
    pub(crate) fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(mut self) -> Output {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = std::mem::take(&mut self.input);
        // One that does not read its input may close it.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Output {
            code: output.status.code().unwrap_or(-1),
            bytes: output.stdout.clone(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            folders: self.folders,
        }
    }

    /// Starts it with its output in pipes and no input, in a process group of its own.
    pub(crate) fn spawn(mut self) -> Child {
        use std::os::unix::process::CommandExt;
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        self.command.process_group(0).spawn().unwrap()
    }

    /// The command itself.
    pub(crate) fn into_command(self) -> Command {
        self.command
    }
}

/// What came of a call.
#[derive(Debug)]
pub(crate) struct Output {
    /// The exit code; -1 where a signal ended it.
    pub(crate) code: i32,
    /// Standard output as it is.
    pub(crate) bytes: Vec<u8>,
    /// Standard output as text.
    pub(crate) stdout: String,
    /// Standard error as text.
    pub(crate) stderr: String,
    folders: [PathBuf; 2],
}

impl Output {
    /// Standard output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Exit code, standard output, and standard error with a mark, with all that differs from run to run replaced.
    pub(crate) fn shown(&self) -> String {
        let mut text = format!("exit {}\n", self.code);
        for line in self.stdout.lines() {
            writeln!(text, "{line}").unwrap();
        }
        for line in self.stderr.lines() {
            writeln!(text, "! {line}").unwrap();
        }
        shown::filtered(&text, &self.folders[0], &self.folders[1])
    }
}
