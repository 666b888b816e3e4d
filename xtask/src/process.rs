//! Development tool: the only place of `xtask` that starts programs.
//!
//! A program is an argument vector, never a line for a shell. A failure names the program as a person would type it.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// A program to start, with its arguments, folder and variables.
pub(crate) struct Program {
    command: Command,
    shown: String,
}

impl Program {
    /// A program by name or path, started in the repository's root unless told otherwise.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place of the development tool that starts programs"
    )]
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program.as_ref());
        command.current_dir(crate::house::root());
        Self { command, shown: display(program.as_ref()) }
    }

    /// The cargo that runs this tool.
    pub(crate) fn cargo() -> Self {
        Self::new(crate::environment::read("CARGO").unwrap_or_else(|| "cargo".to_owned()))
    }

    /// Adds one argument.
    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.shown.push(' ');
        self.shown.push_str(&display(argument.as_ref()));
        self.command.arg(argument);
        self
    }

    /// Adds several arguments.
    pub(crate) fn args<A: AsRef<OsStr>>(self, arguments: impl IntoIterator<Item = A>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    /// Sets the folder to start in.
    pub(crate) fn dir(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Takes away every variable of this process whose name begins so.
    pub(crate) fn without_env(mut self, prefix: &str) -> Self {
        for name in crate::environment::names_with_prefix(prefix) {
            self.command.env_remove(name);
        }
        self
    }

    /// The command as a person would type it.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// Runs to the end on this terminal; an exit code other than 0 is an error.
    pub(crate) fn run(self) -> Result<()> {
        let shown = self.shown.clone();
        let status = self.status()?;
        if !status.success() {
            bail!("`{shown}` failed ({status})");
        }
        Ok(())
    }

    /// Runs to the end and gives back what it wrote to standard output.
    pub(crate) fn output(mut self) -> Result<String> {
        let output = self.command.output().with_context(|| format!("could not start `{}`", self.shown))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("`{}` failed ({}): {}", self.shown, output.status, said.trim());
        }
        String::from_utf8(output.stdout).with_context(|| format!("`{}` did not write UTF-8", self.shown))
    }

    /// Runs to the end in silence and gives back its standard output whatever its exit code; `None` where it cannot start.
    pub(crate) fn output_of_any_end(mut self) -> Option<String> {
        let output = self.command.stdin(Stdio::null()).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs to the end in silence and gives back whether it succeeded, and all that it wrote.
    pub(crate) fn keep_both(mut self) -> Result<(bool, String)> {
        self.command.stdin(Stdio::null());
        let output = self.command.output().with_context(|| format!("could not start `{}`", self.shown))?;
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        Ok((output.status.success(), text))
    }

    /// Runs to the end in silence and tells whether it succeeded; a program that is not there has not.
    pub(crate) fn succeeds(mut self) -> bool {
        self.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.command.status().is_ok_and(|status| status.success())
    }

    /// Runs to the end, passing both of its outputs through line by line to standard error, and keeps a copy of them.
    /// Gives back whether it succeeded, and the copy.
    pub(crate) fn run_and_keep(mut self) -> Result<(bool, String)> {
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().with_context(|| format!("could not start `{}`", self.shown))?;
        let stdout = child.stdout.take().context("standard output was not piped")?;
        let stderr = child.stderr.take().context("standard error was not piped")?;
        let copy = std::thread::scope(|scope| {
            let first = scope.spawn(|| pass_through(stdout));
            let second = scope.spawn(|| pass_through(stderr));
            let mut copy = first.join().unwrap_or_default();
            copy.push_str(&second.join().unwrap_or_default());
            copy
        });
        let status = child.wait().with_context(|| format!("could not wait for `{}`", self.shown))?;
        Ok((status.success(), copy))
    }

    /// Runs to the end on this terminal and gives back how it ended.
    pub(crate) fn status(mut self) -> Result<ExitStatus> {
        self.command.status().with_context(|| format!("could not start `{}`", self.shown))
    }

    /// Starts it without waiting; both of its outputs go to one file.
    pub(crate) fn spawn_into(mut self, log: &Path) -> Result<Child> {
        let file =
            std::fs::File::create(log).with_context(|| format!("could not write {}", log.display()))?;
        let twin = file.try_clone().context("could not duplicate a file descriptor")?;
        self.command.stdin(Stdio::null()).stdout(file).stderr(twin);
        self.command.spawn().with_context(|| format!("could not start `{}`", self.shown))
    }

    /// Puts it into a process group of its own, so that Ctrl-C on this terminal does not reach it.
    pub(crate) fn own_group(mut self) -> Self {
        std::os::unix::process::CommandExt::process_group(&mut self.command, 0);
        self
    }
}

/// Waits a moment between two looks at something that another process does.
#[expect(
    clippy::disallowed_methods,
    reason = "the one wait of the development tool; there is nothing to be woken by"
)]
pub(crate) fn pause(length: Duration) {
    std::thread::sleep(length);
}

fn pass_through(stream: impl std::io::Read) -> String {
    let mut copy = String::new();
    for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
        let mut out = std::io::stderr().lock();
        drop(out.write_all(&line).and_then(|()| out.write_all(b"\n")));
        copy.push_str(&String::from_utf8_lossy(&line));
        copy.push('\n');
    }
    copy
}

fn display(argument: &OsStr) -> String {
    let text = OsString::from(argument).to_string_lossy().into_owned();
    let plain =
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./=:,@+".contains(c));
    if plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command_as_typed() {
        let error = Program::new("sh").args(["-c", "exit 3"]).run().expect_err("exit 3 is a failure");
        assert_eq!(error.to_string(), "`sh -c 'exit 3'` failed (exit status: 3)");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = Program::new("telecoder-no-such-program").output().expect_err("there is none");
        assert_eq!(error.to_string(), "could not start `telecoder-no-such-program`");
    }

    #[test]
    fn both_outputs_are_kept() {
        let (succeeded, copy) = Program::new("sh")
            .args(["-c", "echo one; echo two >&2; exit 1"])
            .run_and_keep()
            .expect("sh runs");
        assert!(!succeeded);
        assert!(copy.contains("one\n") && copy.contains("two\n"), "{copy}");
    }

    #[test]
    fn quotes_survive_display() {
        assert_eq!(display(OsStr::new("it's")), r"'it'\''s'");
        assert_eq!(display(OsStr::new("")), "''");
        assert_eq!(display(OsStr::new("--locked")), "--locked");
    }
}
