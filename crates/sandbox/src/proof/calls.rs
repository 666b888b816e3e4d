//! Attempts at system calls that lead out (layer 1). None is given arguments with which it could do anything.

use super::{Attempt, Outcome, attempt};
use crate::launcher::attempt_call;

/// Words, number and arguments.
type Call = (&'static str, libc::c_long, [u32; 5]);

const NOTHING: u32 = u32::MAX;

/// Calls that must be refused, not merely fail: a refusal is EPERM or ENOSYS, before any argument is looked at.
const CALLS: &[Call] = &[
    ("trace a process (ptrace)", libc::SYS_ptrace, [16, 1, 0, 0, 0]),
    ("read another's memory (process_vm_readv)", libc::SYS_process_vm_readv, [1, 0, 0, 0, 0]),
    ("write another's memory (process_vm_writev)", libc::SYS_process_vm_writev, [1, 0, 0, 0, 0]),
    ("take another's descriptor (pidfd_getfd)", libc::SYS_pidfd_getfd, [NOTHING, 0, 0, 0, 0]),
    ("compare processes (kcmp)", libc::SYS_kcmp, [1, 2, 0, 0, 0]),
    ("make a user namespace (unshare)", libc::SYS_unshare, [0x1000_0000, 0, 0, 0, 0]),
    ("make a mount namespace (unshare)", libc::SYS_unshare, [0x0002_0000, 0, 0, 0, 0]),
    ("make a user namespace (clone)", libc::SYS_clone, [0x1000_0000 | 0x0001_0000, 0, 0, 0, 0]),
    ("make a process unseen by the filter (clone3)", libc::SYS_clone3, [0, 0, 0, 0, 0]),
    ("enter a namespace (setns)", libc::SYS_setns, [NOTHING, 0, 0, 0, 0]),
    ("mount", libc::SYS_mount, [0, 0, 0, 0, 0]),
    ("unmount", libc::SYS_umount2, [0, 0, 0, 0, 0]),
    ("change the root (pivot_root)", libc::SYS_pivot_root, [0, 0, 0, 0, 0]),
    ("change the root (chroot)", libc::SYS_chroot, [0, 0, 0, 0, 0]),
    ("clone a mount (open_tree)", libc::SYS_open_tree, [NOTHING, 0, 0, 0, 0]),
    ("move a mount (move_mount)", libc::SYS_move_mount, [NOTHING, 0, NOTHING, 0, 0]),
    ("open a file system (fsopen)", libc::SYS_fsopen, [0, 0, 0, 0, 0]),
    ("make a mount writable (mount_setattr)", libc::SYS_mount_setattr, [NOTHING, 0, 0, 0, 0]),
    ("open a file by its number (open_by_handle_at)", libc::SYS_open_by_handle_at, [NOTHING, 0, 0, 0, 0]),
    ("load a program into the kernel (bpf)", libc::SYS_bpf, [NOTHING, 0, 0, 0, 0]),
    ("watch the kernel (perf_event_open)", libc::SYS_perf_event_open, [0, 0, 0, 0, 0]),
    ("handle page faults (userfaultfd)", libc::SYS_userfaultfd, [NOTHING, 0, 0, 0, 0]),
    ("use io_uring", libc::SYS_io_uring_setup, [0, 0, 0, 0, 0]),
    ("use the kernel's keys (keyctl)", libc::SYS_keyctl, [NOTHING, 0, 0, 0, 0]),
    ("add a key to the kernel's (add_key)", libc::SYS_add_key, [0, 0, 0, 0, 0]),
    ("ask for a key of the kernel's (request_key)", libc::SYS_request_key, [0, 0, 0, 0, 0]),
    ("load a kernel module", libc::SYS_finit_module, [NOTHING, 0, 0, 0, 0]),
    ("remove a kernel module", libc::SYS_delete_module, [0, 0, 0, 0, 0]),
    ("replace the kernel (kexec_load)", libc::SYS_kexec_load, [0, NOTHING, 0, 0, 0]),
    ("restart the host", libc::SYS_reboot, [0, 0, 0, 0, 0]),
    ("set the clock", libc::SYS_clock_settime, [NOTHING, 0, 0, 0, 0]),
    ("read the kernel's log (syslog)", libc::SYS_syslog, [NOTHING, 0, 0, 0, 0]),
    ("use swap", libc::SYS_swapon, [0, 0, 0, 0, 0]),
    ("change quotas", libc::SYS_quotactl, [0, 0, 0, 0, 0]),
    ("account for processes (acct)", libc::SYS_acct, [1, 0, 0, 0, 0]),
    ("change the host's name", libc::SYS_sethostname, [0, 1, 0, 0, 0]),
    ("change its personality", libc::SYS_personality, [NOTHING, 0, 0, 0, 0]),
    ("watch all files (fanotify)", libc::SYS_fanotify_init, [NOTHING, 0, 0, 0, 0]),
    ("move another's memory (move_pages)", libc::SYS_move_pages, [1, 0, 0, 0, 0]),
];

pub(super) fn all() -> Vec<Attempt> {
    CALLS
        .iter()
        .map(|&(words, number, arguments)| attempt(words, move |_| refused(number, arguments)))
        .collect()
}

fn refused(number: libc::c_long, arguments: [u32; 5]) -> Outcome {
    match attempt_call(number, arguments) {
        Some(error) if matches!(error.raw_os_error(), Some(libc::EPERM | libc::ENOSYS)) => {
            Ok(error.to_string())
        }
        Some(error) => Err(format!("it was let through and failed only by its arguments: {error}")),
        None => Err("it succeeded".to_owned()),
    }
}
