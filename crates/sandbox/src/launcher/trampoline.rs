//! How a process of a sandbox starts (layer 1): `telecoder supervise exec`, started by the supervisor.
//!
//! Three processes again. The first makes a process and a mount namespace. The second is process 1 of that namespace,
//! the *keeper*: it starts the program, adopts whatever loses its parent, signals the whole tree when the supervisor
//! says so, and ends when the supervisor does; the kernel ends the tree with it. The third gives up every right and
//! becomes the program.
//!
//! Invariants: the program inherits its three standard streams and nothing else; it can see neither the supervisor
//! nor the trees of other processes; a tree has no process that its keeper cannot signal.

use super::namespaces::{self, Forked};
use super::{access, descriptors, privileges, receive, root, seccomp};
use crate::failure::failed;
use crate::protocol::Failure;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;
use rustix::process::WaitOptions;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::CString;
use std::io::{PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use telecoder_model::PortError;

/// What the supervisor tells the trampoline.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ExecSpec {
    pub(crate) argv: Vec<String>,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) cwd: PathBuf,
    /// The workspace, where it may be written.
    pub(crate) writable: Option<PathBuf>,
    /// The most processes and threads, where no cgroup counts them.
    pub(crate) processes: Option<u64>,
}

/// The first byte of what the trampoline and the keeper tell the supervisor, each followed by four bytes.
pub(crate) mod tag {
    /// The keeper's pid.
    pub(crate) const KEEPER: u8 = b'K';
    /// The program runs.
    pub(crate) const STARTED: u8 = b'S';
    /// It does not; the length of a JSON failure, which follows.
    pub(crate) const FAILED: u8 = b'F';
    /// The program ended with this wait status.
    pub(crate) const ENDED: u8 = b'E';
    /// The tree was signalled.
    pub(crate) const SIGNALLED: u8 = b'A';
}

/// Runs `telecoder supervise exec`. Descriptor 0 is the supervisor's socket, 1 and 2 are the program's own.
pub(crate) fn run() -> ExitCode {
    let Ok(control) = descriptors::take_exec_descriptor() else {
        return ExitCode::FAILURE;
    };
    let mut control = UnixStream::from(control);
    match become_keeper(&mut control) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let failure = serde_json::to_vec(&Failure::from(error)).unwrap_or_default();
            match tell_failure(&mut control, &failure) {
                Ok(()) | Err(_) => ExitCode::FAILURE,
            }
        }
    }
}

fn tell(control: &mut UnixStream, tag: u8, value: i32) -> std::io::Result<()> {
    let [a, b, c, d] = value.to_be_bytes();
    control.write_all(&[tag, a, b, c, d])
}

fn tell_failure(control: &mut UnixStream, failure: &[u8]) -> std::io::Result<()> {
    // In one write, since two processes tell on this socket.
    let length = u32::try_from(failure.len()).unwrap_or(0);
    let message = [&[tag::FAILED], &length.to_be_bytes()[..], failure].concat();
    control.write_all(&message)
}

/// Returns in the first process when there is a keeper, and in the keeper when the tree has ended.
fn become_keeper(control: &mut UnixStream) -> Result<(), PortError> {
    let lost = || failed::<std::io::Error>("the supervisor is gone");
    let input = descriptors::receive_descriptor(&*control).map_err(lost())?;
    let spec: ExecSpec = receive(control).map_err(lost())?;
    namespaces::unshare_tree()?;
    match namespaces::fork()? {
        Forked::Parent(keeper) => return tell(control, tag::KEEPER, keeper).map_err(lost()),
        Forked::Child => {}
    }
    root::mount_own_proc()?;
    let signals = SigSet::all();
    nix::sys::signal::sigprocmask(SigmaskHow::SIG_SETMASK, Some(&signals), None)
        .map_err(failed("cannot block signals"))?;
    let (mut failure, report) = std::io::pipe().map_err(failed("cannot make a pipe"))?;
    match namespaces::fork()? {
        Forked::Child => {
            drop(failure);
            report_failure(report, start(&spec, input));
            return Ok(());
        }
        Forked::Parent(_) => drop(report),
    }
    privileges::hide_memory()?;
    drop(input);
    close_output().map_err(failed("cannot let go of the program's output"))?;
    privileges::drop_capabilities()?;
    let mut text = Vec::new();
    failure.read_to_end(&mut text).map_err(failed("cannot learn whether the program started"))?;
    if text.is_empty() {
        tell(control, tag::STARTED, 0).map_err(lost())?;
        keep(control).map_err(lost())
    } else {
        tell_failure(control, &text).map_err(lost())
    }
}

/// Puts `/dev/null` in the place of the program's output, so that its end can be seen.
fn close_output() -> std::io::Result<()> {
    let null = std::fs::File::options().read(true).write(true).open("/dev/null")?;
    nix::unistd::dup2_stdin(&null)?;
    nix::unistd::dup2_stdout(&null)?;
    nix::unistd::dup2_stderr(&null)?;
    Ok(())
}

fn report_failure(mut report: PipeWriter, error: PortError) {
    if let Ok(text) = serde_json::to_vec(&Failure::from(error)) {
        // The keeper waits for this; if it is gone, so is everything.
        drop(report.write_all(&text));
    }
}

/// The keeper's life: the program is its second process, and everything else was started by it.
fn keep(control: &mut UnixStream) -> std::io::Result<()> {
    let mut wanted = SigSet::empty();
    wanted.add(Signal::SIGCHLD);
    let children = SignalFd::with_flags(&wanted, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
    let program = Pid::from_raw(2);
    loop {
        reap(control, program, WaitOptions::NOHANG)?;
        let mut ready = [
            PollFd::new(control.as_fd(), PollFlags::POLLIN),
            PollFd::new(children.as_fd(), PollFlags::POLLIN),
        ];
        match poll(&mut ready, PollTimeout::NONE) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let asked = ready.first().and_then(PollFd::any).unwrap_or(false);
        while children.read_signal()?.is_some() {}
        if asked {
            let mut signal = [0];
            control.read_exact(&mut signal)?;
            signal_tree(control, program, i32::from(signal[0]))?;
        }
    }
}

fn signal_tree(control: &mut UnixStream, program: Pid, number: i32) -> std::io::Result<()> {
    if let Ok(signal) = Signal::try_from(number) {
        // Process 1 of a namespace means with -1 all others in it, and no others.
        match kill(Pid::from_raw(-1), signal) {
            Ok(()) | Err(nix::errno::Errno::ESRCH) => {}
            Err(error) => return Err(error.into()),
        }
        if signal == Signal::SIGKILL {
            reap(control, program, WaitOptions::empty())?;
        }
    }
    tell(control, tag::SIGNALLED, number)
}

/// Collects those who ended; without `NOHANG` until nobody is left.
fn reap(control: &mut UnixStream, program: Pid, options: WaitOptions) -> std::io::Result<()> {
    loop {
        match rustix::process::wait(options) {
            Ok(Some((pid, status))) => {
                if pid.as_raw_nonzero().get() == program.as_raw() {
                    tell(control, tag::ENDED, status.as_raw())?;
                }
            }
            Ok(None) | Err(rustix::io::Errno::CHILD) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Gives up every right and becomes the program; returns why it could not.
fn start(spec: &ExecSpec, input: impl AsFd) -> PortError {
    match prepare(spec, input) {
        Ok((program, argv, env)) => match nix::unistd::execve(&program, &argv, &env) {
            Err(error) => PortError::io(format!("cannot start {}", program.to_string_lossy()), error.into()),
        },
        Err(error) => error,
    }
}

type Image = (CString, Vec<CString>, Vec<CString>);

fn prepare(spec: &ExecSpec, input: impl AsFd) -> Result<Image, PortError> {
    nix::unistd::setsid().map_err(failed("cannot start a session"))?;
    nix::unistd::dup2_stdin(&input).map_err(failed("cannot connect the input"))?;
    privileges::lower_limits(spec.processes)?;
    std::env::set_current_dir(&spec.cwd).map_err(failed(format!("cannot enter {}", spec.cwd.display())))?;
    let text = |text: &str| {
        CString::new(text).map_err(|_| PortError::permanent("an argument or variable holds a zero byte"))
    };
    let argv = spec.argv.iter().map(|argument| text(argument)).collect::<Result<_, _>>()?;
    let env =
        spec.env.iter().map(|(name, value)| text(&format!("{name}={value}"))).collect::<Result<_, _>>()?;
    let program = CString::new(find_program(spec)?.as_os_str().as_bytes())
        .map_err(|_| PortError::permanent("the program's path holds a zero byte"))?;
    privileges::drop_capabilities()?;
    access::restrict(spec.writable.as_deref())?;
    privileges::reset_signals()?;
    seccomp::apply()?;
    Ok((program, argv, env))
}

/// Finds the program as a shell would, by the `PATH` of its own environment.
fn find_program(spec: &ExecSpec) -> Result<PathBuf, PortError> {
    let Some(name) = spec.argv.first().filter(|name| !name.is_empty()) else {
        return Err(PortError::permanent("no program was named"));
    };
    if name.contains('/') {
        return Ok(PathBuf::from(name));
    }
    let path = spec.env.get("PATH").map_or("/usr/local/bin:/usr/bin:/bin", String::as_str);
    path.split(':')
        .map(|folder| Path::new(folder).join(name))
        .find(|candidate| {
            nix::unistd::access(candidate, nix::unistd::AccessFlags::X_OK).is_ok() && candidate.is_file()
        })
        .ok_or_else(|| {
            PortError::not_found(format!("there is no program `{name}` in the sandbox"))
                .remedy(format!("install it on the host where PATH looks: {path}"))
        })
}
