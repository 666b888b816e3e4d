//! What the supervisor keeps of its rights, and how a program loses all of them (layer 1).
#![expect(unsafe_code, reason = "signal dispositions have no safe wrapper")]

use crate::failure::failed;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal};
use rustix::thread::{CapabilitySet, CapabilitySets};
use telecoder_model::PortError;

/// What a process's namespaces are made with. It is passed to the trampoline, and no further.
const KEPT: [CapabilitySet; 2] = [CapabilitySet::SYS_ADMIN, CapabilitySet::SETPCAP];
/// The most open files of a program; lowered only, since not every host lets a limit be raised.
const MAX_FILES: u64 = 65_536;
/// How much rather the kernel ends a program than the supervisor when memory runs out.
const OOM_SCORE: &[u8] = b"300";

/// Turns process 1 into the supervisor: out of the reach of everything that it will start.
pub(super) fn become_supervisor() -> Result<(), PortError> {
    // Each connection and each process takes descriptors; the bounds are elsewhere.
    let (_, files) = getrlimit(Resource::RLIMIT_NOFILE).map_err(failed("cannot read a limit"))?;
    setrlimit(Resource::RLIMIT_NOFILE, files, files).map_err(failed("cannot use the limit of open files"))?;
    let kept = KEPT[0] | KEPT[1];
    let sets = CapabilitySets { effective: kept, permitted: kept, inheritable: kept };
    rustix::thread::set_capabilities(None, sets).map_err(failed("cannot give up capabilities"))?;
    for capability in KEPT {
        rustix::thread::configure_capability_in_ambient_set(capability, true)
            .map_err(failed("cannot pass capabilities on"))?;
    }
    rustix::thread::set_no_new_privs(true).map_err(failed("cannot set no_new_privs"))?;
    hide_memory()
}

/// Makes this process's memory and descriptors unreachable for others of the same user.
pub(super) fn hide_memory() -> Result<(), PortError> {
    nix::sys::prctl::set_dumpable(false).map_err(failed("cannot become undumpable"))
}

/// Gives up every capability.
pub(super) fn drop_capabilities() -> Result<(), PortError> {
    let what = "cannot give up capabilities";
    rustix::thread::clear_ambient_capability_set().map_err(failed(what))?;
    for number in 0..u64::BITS {
        let Some(capability) = CapabilitySet::from_bits(1 << number) else {
            continue;
        };
        match rustix::thread::remove_capability_from_bounding_set(capability) {
            Ok(()) => {}
            // Beyond the last capability that this kernel knows.
            Err(rustix::io::Errno::INVAL) => break,
            Err(error) => return Err(PortError::io(what, error.into())),
        }
    }
    let none = CapabilitySet::empty();
    let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
    rustix::thread::set_capabilities(None, sets).map_err(failed(what))?;
    rustix::thread::set_no_new_privs(true).map_err(failed("cannot set no_new_privs"))
}

/// Bounds a program where the kernel can without a cgroup. Never the address space: that breaks WebAssembly.
pub(super) fn lower_limits(processes: Option<u64>) -> Result<(), PortError> {
    lower(Resource::RLIMIT_CORE, 0)?;
    lower(Resource::RLIMIT_NOFILE, MAX_FILES)?;
    if let Some(processes) = processes {
        lower(Resource::RLIMIT_NPROC, processes)?;
    }
    // A preference, not a bound: where it cannot be expressed the kernel picks the largest process, as ever.
    drop(std::fs::write("/proc/self/oom_score_adj", OOM_SCORE));
    Ok(())
}

fn lower(resource: Resource, limit: u64) -> Result<(), PortError> {
    let what = || format!("cannot lower {resource:?}");
    let (_, hard) = getrlimit(resource).map_err(failed(what()))?;
    let limit = limit.min(hard);
    setrlimit(resource, limit, limit).map_err(failed(what()))
}

/// Gives a program the signal dispositions and mask of a fresh login.
pub(super) fn reset_signals() -> Result<(), PortError> {
    let action = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    for signal in Signal::iterator() {
        if matches!(signal, Signal::SIGKILL | Signal::SIGSTOP) {
            continue;
        }
        // SAFETY: the default action runs no code of ours.
        unsafe { nix::sys::signal::sigaction(signal, &action) }.map_err(failed("cannot reset signals"))?;
    }
    SigSet::empty().thread_set_mask().map_err(failed("cannot reset the signal mask"))
}
