//! Starting a supervisor (layer 1).

use super::run_folder::{RunFolder, Taken};
use super::{LAUNCH_WAIT, LocalDriver};
use crate::failure::failed;
use crate::launcher::{self, LaunchReply, LaunchSpec};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use telecoder_model::PortError;
use telecoder_model::fail_point;
use telecoder_model::port::sandbox::{SandboxRef, SandboxSpec};

/// Launches the supervisor of a sandbox and waits until it listens.
pub(super) async fn launch(
    driver: &LocalDriver,
    taken: Taken,
    reference: &SandboxRef,
    sandbox: &SandboxSpec,
) -> Result<(), PortError> {
    let folder = driver.folder(reference);
    let launched = match check_room(folder.path()) {
        Ok(()) => begin(driver, &folder, &taken, reference, sandbox).await,
        Err(error) => Err(error),
    };
    if launched.is_err() {
        // Nothing was started that could still be wanted; why is in the error.
        super::destroy::clean(&driver.cgroups, reference).await?;
        folder.remove(&taken)?;
    }
    launched
}

/// Bytes that a supervisor needs for its log and its journal.
const LEAST_ROOM: u64 = 1 << 20;

/// Refuses where nothing that an agent says could be kept: it would only run into its deadline.
fn check_room(folder: &Path) -> Result<(), PortError> {
    let disk = rustix::fs::statvfs(folder);
    if disk.is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < LEAST_ROOM) {
        return Err(PortError::full(format!("there is no room in {}", folder.display())));
    }
    Ok(())
}

async fn begin(
    driver: &LocalDriver,
    folder: &RunFolder,
    taken: &Taken,
    reference: &SandboxRef,
    sandbox: &SandboxSpec,
) -> Result<(), PortError> {
    folder.sweep()?;
    fail_point::reach("sandbox.cgroup.before");
    let (join, counters) = driver.cgroups.make(&reference.to_string(), &sandbox.limits)?;
    let spec = LaunchSpec {
        run_dir: folder.path().to_owned(),
        sandbox: sandbox.clone(),
        hidden: driver.hidden.clone(),
        owner: driver.owner,
        join,
        counters,
        limited_by_cgroup: driver.cgroups.limit(),
    };
    let log = folder.open_log()?;
    // The launcher shares the lock with its descriptor, and so do all who come after it.
    let lock = taken.lock.as_fd().try_clone_to_owned().map_err(failed("cannot share the lock"))?;
    let (image, program) = (driver.image.clone(), driver.options.program.clone());
    // A launch that was begun is seen to its end, also if nobody waits for it any more.
    fail_point::reach("sandbox.launch.before");
    let launching = tokio::task::spawn_blocking(move || run(&image, &program, [lock, log.into()], &spec));
    launching.await.map_err(|error| PortError::permanent("the launch broke off").because(error))??;
    fail_point::reach("sandbox.launch.after");
    Ok(())
}

fn run(image: &Path, program: &Path, [lock, log]: [OwnedFd; 2], spec: &LaunchSpec) -> Result<(), PortError> {
    let what = || failed("cannot talk to the launcher");
    let (mut ours, theirs) = UnixStream::pair().map_err(what())?;
    ours.set_read_timeout(Some(LAUNCH_WAIT)).map_err(what())?;
    ours.set_write_timeout(Some(LAUNCH_WAIT)).map_err(what())?;
    let mut child = execute(image, [theirs.into(), lock, log])
        .map_err(failed(format!("cannot run {} as the supervisor", program.display())))?;
    fail_point::reach("sandbox.launcher.started");
    let told = launcher::send(&mut ours, spec);
    fail_point::reach("sandbox.launcher.told");
    let reply = told.and_then(|()| launcher::receive(&mut ours));
    // It has forked away by the time it answers; what remains is to collect it.
    child.wait().map_err(what())?;
    match reply {
        Ok(LaunchReply::Ready) => Ok(()),
        Ok(LaunchReply::Failed(failure)) => Err(failure.into()),
        Err(error) => Err(PortError::io("the launcher gave no answer", error)
            .remedy(format!("its messages are in {}", spec.run_dir.join("log").display()))),
    }
}

#[expect(clippy::disallowed_methods, reason = "a driver starts its own supervisor")]
fn execute(image: &Path, [control, lock, log]: [OwnedFd; 3]) -> std::io::Result<Child> {
    Command::new(image)
        .args(["supervise", "launch"])
        .env_clear()
        .current_dir("/")
        // Out of the terminal's foreground group at once; the launcher leaves the session itself.
        .process_group(0)
        .stdin(Stdio::from(control))
        .stdout(Stdio::from(lock))
        .stderr(Stdio::from(log))
        .spawn()
}
