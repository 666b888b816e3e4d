//! The system calls that no program inside may make (layer 1).
//!
//! A list of what is refused, not of what is allowed: programs of every kind run here, and the namespaces carry the
//! isolation. What is refused reaches other processes, new namespaces and mounts, kernel interfaces with a history of
//! holes, and address families that no namespace holds (vsock talks to the hypervisor).

use seccompiler::sock_filter;
use telecoder_model::PortError;

/// Refused with EPERM, whatever the arguments.
const REFUSED: &[libc::c_long] = &[
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_syslog,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_vhangup,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_move_pages,
    libc::SYS_migrate_pages,
    libc::SYS_personality,
    libc::SYS_lookup_dcookie,
    libc::SYS_nfsservctl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_modify_ldt,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_uselib,
];
/// Newer than the libc crate's tables: `open_tree_attr`, `lsm_set_self_attr`; numbers are the same everywhere.
const REFUSED_NEW: &[u32] = &[467, 460];
/// The only address families: unix, IPv4, IPv6, netlink.
const FAMILIES: &[u32] = &[1, 2, 10, 16];
/// All namespace flags that `clone` takes.
const NEW_NAMESPACES: u32 = 0x7E02_0000;
/// A request that types into another program's terminal, and one with a similar history.
const REFUSED_REQUESTS: &[u32] = &[0x5412, 0x541C];

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xC000_003E;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xC000_00B7;

const LOAD: u16 = 0x20;
const EQUAL: u16 = 0x15;
const AT_LEAST: u16 = 0x35;
const ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;

const NUMBER: u32 = 0;
const ARCHITECTURE_AT: u32 = 4;
const ALLOW: u32 = 0x7FFF_0000;
const KILL: u32 = 0x8000_0000;

/// The offset of the low half of an argument of a system call.
const fn argument(index: u32) -> u32 {
    16 + 8 * index
}

const fn refuse(errno: i32) -> u32 {
    0x0005_0000 | errno.cast_unsigned()
}

/// Installs the filter on this process and all that it starts, for ever.
pub(super) fn apply() -> Result<(), PortError> {
    seccompiler::apply_filter(&program()?)
        .map_err(|error| PortError::denied("cannot install the system call filter").because(error))
}

struct Program(Vec<sock_filter>);

impl Program {
    fn step(&mut self, code: u16, k: u32, jt: u8, jf: u8) {
        self.0.push(sock_filter { code, jt, jf, k });
    }

    /// Returns `answer` if what was loaded equals `value`.
    fn answer_if(&mut self, value: u32, answer: u32) {
        self.step(EQUAL, value, 0, 1);
        self.step(RETURN, answer, 0, 0);
    }

    /// Runs `rules` with argument `index` loaded if the number is `call`; they end with an answer.
    fn on(&mut self, call: u32, index: u32, rules: impl FnOnce(&mut Self)) -> Result<(), PortError> {
        let mut inner = Self(Vec::new());
        inner.step(LOAD, argument(index), 0, 0);
        rules(&mut inner);
        let skip = u8::try_from(inner.0.len())
            .map_err(|_| PortError::permanent("the rules of a system call are too many"))?;
        self.step(EQUAL, call, 0, skip);
        self.0.extend(inner.0);
        Ok(())
    }
}

fn number(call: libc::c_long) -> Result<u32, PortError> {
    u32::try_from(call).map_err(|_| PortError::permanent("a system call has no number here"))
}

fn program() -> Result<Vec<sock_filter>, PortError> {
    let eperm = refuse(libc::EPERM);
    let mut program = Program(Vec::new());
    program.step(LOAD, ARCHITECTURE_AT, 0, 0);
    program.step(EQUAL, ARCHITECTURE, 1, 0);
    program.step(RETURN, KILL, 0, 0);
    program.step(LOAD, NUMBER, 0, 0);
    // The x32 calls of x86-64 have numbers of their own, which would pass every comparison below.
    program.step(AT_LEAST, 0x4000_0000, 0, 1);
    program.step(RETURN, refuse(libc::ENOSYS), 0, 0);
    // Its flags stand in memory, where no filter can see them; libraries fall back to clone.
    program.answer_if(number(libc::SYS_clone3)?, refuse(libc::ENOSYS));
    for call in REFUSED {
        program.answer_if(number(*call)?, eperm);
    }
    for call in REFUSED_NEW {
        program.answer_if(*call, eperm);
    }
    program.on(number(libc::SYS_clone)?, 0, |flags| {
        flags.step(ANY_BIT, NEW_NAMESPACES, 0, 1);
        flags.step(RETURN, eperm, 0, 0);
        flags.step(RETURN, ALLOW, 0, 0);
    })?;
    program.on(number(libc::SYS_prlimit64)?, 0, |pid| {
        pid.answer_if(0, ALLOW);
        pid.step(RETURN, eperm, 0, 0);
    })?;
    for call in [libc::SYS_socket, libc::SYS_socketpair] {
        program.on(number(call)?, 0, |family| {
            for allowed in FAMILIES {
                family.answer_if(*allowed, ALLOW);
            }
            family.step(RETURN, refuse(libc::EAFNOSUPPORT), 0, 0);
        })?;
    }
    program.on(number(libc::SYS_ioctl)?, 1, |request| {
        for refused in REFUSED_REQUESTS {
            request.answer_if(*refused, eperm);
        }
        request.step(RETURN, ALLOW, 0, 0);
    })?;
    program.step(RETURN, ALLOW, 0, 0);
    Ok(program.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the filter as the kernel would.
    fn run(architecture: u32, call: u32, arguments: [u32; 2]) -> u32 {
        let program = program().unwrap();
        let (mut at, mut loaded) = (0, 0);
        loop {
            let step = &program[at];
            at += 1;
            let jump = |yes: bool| usize::from(if yes { step.jt } else { step.jf });
            match step.code {
                LOAD => {
                    loaded = match step.k {
                        NUMBER => call,
                        ARCHITECTURE_AT => architecture,
                        16 => arguments[0],
                        24 => arguments[1],
                        other => panic!("loads {other}"),
                    }
                }
                EQUAL => at += jump(loaded == step.k),
                AT_LEAST => at += jump(loaded >= step.k),
                ANY_BIT => at += jump(loaded & step.k != 0),
                RETURN => return step.k,
                other => panic!("unknown step {other}"),
            }
        }
    }

    #[test]
    fn the_filter_answers_as_listed() {
        let call = |number: libc::c_long| u32::try_from(number).unwrap();
        let eperm = refuse(libc::EPERM);
        let here = |number, arguments| run(ARCHITECTURE, call(number), arguments);
        for refused in REFUSED {
            assert_eq!(here(*refused, [0, 0]), eperm, "{refused}");
        }
        assert_eq!(here(libc::SYS_read, [0, 0]), ALLOW);
        assert_eq!(here(libc::SYS_execve, [0, 0]), ALLOW);
        assert_eq!(here(libc::SYS_clone3, [0, 0]), refuse(libc::ENOSYS));
        assert_eq!(here(libc::SYS_clone, [0x0120_0011, 0]), ALLOW);
        assert_eq!(here(libc::SYS_clone, [0x003D_0F00, 0]), ALLOW, "threads");
        for flag in [0x2_0000, 0x200_0000, 0x400_0000, 0x800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000] {
            assert_eq!(here(libc::SYS_clone, [flag | 17, 0]), eperm, "{flag:x}");
        }
        assert_eq!(here(libc::SYS_prlimit64, [0, 7]), ALLOW);
        assert_eq!(here(libc::SYS_prlimit64, [1, 7]), eperm);
        for (family, answer) in
            [(1, true), (2, true), (10, true), (16, true), (17, false), (38, false), (40, false)]
        {
            let expected = if answer { ALLOW } else { refuse(libc::EAFNOSUPPORT) };
            assert_eq!(here(libc::SYS_socket, [family, 1]), expected, "{family}");
            assert_eq!(here(libc::SYS_socketpair, [family, 1]), expected, "{family}");
        }
        assert_eq!(here(libc::SYS_ioctl, [0, 0x5412]), eperm, "TIOCSTI");
        assert_eq!(here(libc::SYS_ioctl, [0, 0x5413]), ALLOW, "TIOCGWINSZ");
        assert_eq!(run(0x4000_0003, 11, [0, 0]), KILL, "32-bit programs");
        assert_eq!(run(ARCHITECTURE, 0x4000_0000 + 101, [0, 0]), refuse(libc::ENOSYS), "x32");
    }
}
