//! Ending a sandbox (layer 1): first everything that runs, then what is left on the host.

use super::run_folder::RunFolder;
use crate::cgroup::Cgroups;
use crate::failure::failed;
use crate::launcher::start_time;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;
use telecoder_model::PortError;
use telecoder_model::fail_point;
use telecoder_model::port::sandbox::SandboxRef;
use tokio::time::Instant;

/// How long the kernel may take to end what was killed.
const END_WAIT: Duration = Duration::from_secs(20);
/// The time between two looks at what is ending.
const LOOK: Duration = Duration::from_millis(2);

/// Ends a sandbox and removes what it left.
pub(super) async fn destroy(
    cgroups: &Cgroups,
    folder: &RunFolder,
    reference: &SandboxRef,
) -> Result<(), PortError> {
    if !folder.exists() {
        return clean(cgroups, reference).await;
    }
    let begun = Instant::now();
    let taken = loop {
        if let Some(taken) = folder.take()? {
            break taken;
        }
        match folder.record() {
            Some((pid, started)) => {
                end(pid, started).await.map_err(failed(format!("cannot end {reference}")))?
            }
            // A launch is under way whose supervisor is not there yet.
            None => kill_all(cgroups, reference),
        }
        if begun.elapsed() > END_WAIT {
            return Err(PortError::transient(format!("the processes of {reference} do not end")));
        }
        tokio::time::sleep(LOOK).await;
    };
    fail_point::reach("sandbox.removal.before");
    clean(cgroups, reference).await?;
    fail_point::reach("sandbox.cgroup.after");
    folder.remove(&taken)?;
    fail_point::reach("sandbox.removal.after");
    Ok(())
}

/// Ends whatever is in the cgroups of a sandbox and removes them.
pub(super) async fn clean(cgroups: &Cgroups, reference: &SandboxRef) -> Result<(), PortError> {
    let begun = Instant::now();
    loop {
        kill_all(cgroups, reference);
        if cgroups.remove(&reference.to_string())? {
            return Ok(());
        }
        if begun.elapsed() > END_WAIT {
            return Err(PortError::transient(format!("the cgroup of {reference} does not empty")));
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn kill_all(cgroups: &Cgroups, reference: &SandboxRef) {
    for pid in cgroups.processes(&reference.to_string()) {
        if let Some(pidfd) = pid_of(pid).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok()) {
            // Looked up again, so that a pid that was given to another meanwhile is left alone.
            if cgroups.processes(&reference.to_string()).contains(&pid) {
                pidfd_send_signal(&pidfd, Signal::KILL).ok();
            }
        }
    }
}

fn pid_of(pid: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(pid).ok()?)
}

/// Ends a supervisor and waits until everything in its process namespace has ended.
async fn end(pid: u32, started: u64) -> io::Result<()> {
    let Some(pid_to_open) = pid_of(pid) else {
        return Ok(());
    };
    let pidfd = match pidfd_open(pid_to_open, PidfdFlags::NONBLOCK) {
        Ok(pidfd) => pidfd,
        Err(rustix::io::Errno::SRCH) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    // Only now, so that the process that was opened is the one that is looked at.
    if start_time(pid) != Some(started) {
        return Ok(());
    }
    match pidfd_send_signal(&pidfd, Signal::KILL) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => {}
        Err(error) => return Err(error.into()),
    }
    tokio::task::spawn_blocking(move || await_end(&pidfd)).await.map_err(io::Error::other)?
}

fn await_end(pidfd: &OwnedFd) -> io::Result<()> {
    let wait = PollTimeout::try_from(END_WAIT).map_err(io::Error::other)?;
    match poll(&mut [PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)], wait) {
        Ok(0) => Err(io::ErrorKind::TimedOut.into()),
        // After an interruption the caller looks again.
        Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
