//! What the command line does with processes of this host (layer 3).

use crate::config::{Config, Given};
use crate::wiring;
use bytes::Bytes;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use telecoder_model::port::process::{HostCommand, HostOutput, Input};
use telecoder_model::{ErrorClass, PortError};

/// Runs the in-sandbox side where a command line begins with `supervise`. It must be called first in `main`, before any thread
/// is started.
pub fn supervise_if_asked(arguments: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    let mut arguments = arguments.skip(1);
    if arguments.next()? != "supervise" {
        return None;
    }
    Some(telecoder_sandbox::supervise::main(arguments))
}

/// Leaves the terminal's session, so that closing the terminal ends nothing.
///
/// # Errors
/// If this process leads a process group.
pub fn leave_terminal() -> Result<(), PortError> {
    rustix::process::setsid()
        .map(drop)
        .map_err(|error| PortError::io("cannot leave the terminal's session", error.into()))
}

/// Whether a server holds the lock of a data folder. A folder that cannot be read counts as unused.
pub fn server_runs(data_dir: &Path) -> bool {
    use rustix::fs::{FlockOperation, flock};
    let Ok(file) = std::fs::File::open(data_dir.join("lock")) else {
        return false;
    };
    matches!(flock(&file, FlockOperation::NonBlockingLockShared), Err(rustix::io::Errno::WOULDBLOCK))
}

/// Asks the server of a data folder to end (SIGTERM); false where it is not there any more.
///
/// # Errors
/// If it may not be signalled.
pub fn end_server(data_dir: &Path, pid: u32) -> Result<bool, PortError> {
    // The lock tells whether the server lives; a pid alone may be another program's by now.
    if !server_runs(data_dir) {
        return Ok(false);
    }
    let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) else {
        return Ok(false);
    };
    match rustix::process::kill_process(pid, rustix::process::Signal::TERM) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::SRCH) => Ok(false),
        Err(error) => Err(PortError::io(
            format!("cannot signal the server (pid {})", pid.as_raw_nonzero()),
            error.into(),
        )),
    }
}

/// Applies a patch to the working tree around a folder, all or nothing.
///
/// # Errors
/// If it does not apply, in git's words.
pub async fn apply_patch(folder: &Path, patch: &[u8]) -> Result<(), PortError> {
    let mut command = git(folder, &["apply", "--whitespace=nowarn", "-"])?;
    command.stdin = Input::Bytes(Bytes::copy_from_slice(patch));
    let output = run(command).await?;
    if output.code == Some(0) {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.trim();
    let said = said.strip_prefix("error: ").unwrap_or(said);
    Err(PortError::new(ErrorClass::Conflict, format!("the change does not apply here: {said}"))
        .remedy("commit or stash your own changes, and be on the branch that the session began from"))
}

/// The name and e-mail address that git has for its user in a folder.
pub async fn git_identity(folder: &Path) -> Option<(String, String)> {
    let name = config_value(folder, "user.name").await?;
    let email = config_value(folder, "user.email").await?;
    Some((name, email))
}

async fn config_value(folder: &Path, key: &str) -> Option<String> {
    let output = run(git(folder, &["config", "--get", key]).ok()?).await.ok()?;
    let text = String::from_utf8(output.stdout.to_vec()).ok()?.trim().to_owned();
    (output.code == Some(0) && !text.is_empty()).then_some(text)
}

/// Git as the user's own command: with the user's configuration, since it acts on the user's own tree.
fn git(folder: &Path, arguments: &[&str]) -> Result<HostCommand, PortError> {
    let mut command = HostCommand::new("git", folder);
    command.args = arguments.iter().map(OsString::from).collect();
    for (name, value) in Given::from_process().env {
        command.env.insert(name.into(), value.into());
    }
    Ok(command)
}

async fn run(command: HostCommand) -> Result<HostOutput, PortError> {
    let config = Config::read(&Given::from_process())
        .map_err(|error| PortError::permanent("the configuration cannot be used").because(error))?;
    Arc::clone(&wiring::processes(&config)).run(command).await
}
