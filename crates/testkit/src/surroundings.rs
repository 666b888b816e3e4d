//! The one place of this crate that reads the environment, waits, and starts programs (dev layer).

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// A variable that is set, not empty and UTF-8.
#[expect(clippy::disallowed_methods, reason = "the one place of this crate that reads the environment")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The whole environment, sorted.
pub(crate) fn variables() -> Vec<(String, String)> {
    let mut all: Vec<_> = std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .collect();
    all.sort();
    all
}

/// The folder that the scripted agent keeps between starts.
pub(crate) fn gym_home() -> PathBuf {
    variable("HOME").map_or_else(std::env::temp_dir, PathBuf::from).join(".gym")
}

/// Waits.
#[expect(clippy::disallowed_methods, reason = "the one place of this crate that waits")]
pub(crate) fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

/// The host's clock, in seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the one place of this crate that reads the host's clock")]
pub(crate) fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// A program to start.
#[expect(clippy::disallowed_methods, reason = "the one place of this crate that starts others")]
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    Command::new(program)
}

/// This program, to start it again for another purpose.
pub(crate) fn own_command() -> std::io::Result<Command> {
    Ok(command(std::env::current_exe()?))
}
