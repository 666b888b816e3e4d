//! Processes and namespaces of the launcher (layer 1).
#![expect(unsafe_code, reason = "fork, and a prctl and a keyctl that no safe wrapper offers")]

use crate::failure::failed;
use nix::sched::CloneFlags;
use nix::unistd::ForkResult;
use telecoder_model::PortError;

/// On which side of a fork this process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Forked {
    /// The one that called, with the child's pid in this process's own namespace.
    Parent(i32),
    /// The new one.
    Child,
}

/// Forks. Only single-threaded processes call this.
pub(super) fn fork() -> Result<Forked, PortError> {
    // SAFETY: the launcher and the trampoline are fresh executions with one thread, so the child may go on as usual.
    let forked = unsafe { nix::unistd::fork() }.map_err(failed("cannot fork"))?;
    Ok(match forked {
        ForkResult::Parent { child } => Forked::Parent(child.as_raw()),
        ForkResult::Child => Forked::Child,
    })
}

/// Leaves the driver's session, working directory and file mode mask.
pub(super) fn leave_session() -> Result<(), PortError> {
    nix::unistd::setsid().map_err(failed("cannot leave the session"))?;
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o022));
    std::env::set_current_dir("/").map_err(failed("cannot enter /"))
}

/// Enters new namespaces of every kind.
pub(super) fn unshare_all() -> Result<(), PortError> {
    leave_keyring();
    let every = CloneFlags::CLONE_NEWUSER
        | CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWCGROUP;
    nix::sched::unshare(every).map_err(failed("cannot make namespaces")).map_err(|error| {
        error.remedy(
            "allow unprivileged user namespaces: sysctl kernel.unprivileged_userns_clone=1, \
             kernel.apparmor_restrict_unprivileged_userns=0, user.max_user_namespaces above 0; inside a container \
             use the docker driver",
        )
    })?;
    nix::unistd::sethostname("sandbox").map_err(failed("cannot set the host name"))
}

/// Starts an empty session keyring. A kernel without keyrings has nothing to hide.
fn leave_keyring() {
    const JOIN_SESSION_KEYRING: libc::c_int = 1;
    // SAFETY: the null name asks for an anonymous keyring; no memory of ours is read or written.
    unsafe { libc::syscall(libc::SYS_keyctl, JOIN_SESSION_KEYRING, std::ptr::null::<libc::c_char>()) };
}

/// Enters a process and a mount namespace inside the sandbox's own.
pub(super) fn unshare_tree() -> Result<(), PortError> {
    nix::sched::unshare(CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWNS)
        .map_err(failed("cannot make the namespaces of a process"))
}
