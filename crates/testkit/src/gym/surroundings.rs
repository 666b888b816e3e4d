//! The one place of the scripted agent that reads the environment, waits, and starts programs (dev layer).

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// A variable that is set, not empty and UTF-8.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of this program that reads the environment"
)]
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The whole environment, sorted.
pub(super) fn variables() -> Vec<(String, String)> {
    let mut all: Vec<_> = std::env::vars_os()
        .map(|(name, value)| {
            (
                name.to_string_lossy().into_owned(),
                value.to_string_lossy().into_owned(),
            )
        })
        .collect();
    all.sort();
    all
}

/// The folder that is kept between starts.
pub(super) fn home() -> PathBuf {
    variable("HOME")
        .map_or_else(std::env::temp_dir, PathBuf::from)
        .join(".gym")
}

/// Waits.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of this program that waits"
)]
pub(super) fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

/// A program to start.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of this program that starts others"
)]
pub(super) fn command(program: impl AsRef<OsStr>) -> Command {
    Command::new(program)
}

/// This program, to start it again for another purpose.
pub(super) fn own_command() -> std::io::Result<Command> {
    Ok(command(std::env::current_exe()?))
}
