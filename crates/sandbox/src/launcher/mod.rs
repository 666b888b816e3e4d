//! The local launcher (layer 1): from a fresh exec to the supervisor of a new sandbox.
//!
//! `telecoder supervise launch` runs single-threaded through three processes. The first (child of the driver) only
//! reads what to do, forks and, as root, writes the child's maps, so that the driver has nothing to wait for. The second leaves the driver's session,
//! joins the cgroups, opens everything of the host that the sandbox will see, unshares all namespaces and becomes the
//! sandbox's owner. The third is process 1 of the new process namespace: it builds the root, forgets the
//! host and becomes the supervisor.
//!
//! Invariants: no descriptor is inherited but the three that the driver passes; a sandbox's lock is held from before
//! the first process until after the last one; the pid of process 1 is recorded before it does anything.

mod access;
mod call;
mod descriptors;
mod home;
mod identity;
mod loopback;
mod mounts;
mod namespaces;
mod privileges;
mod root;
mod seccomp;
mod sources;
mod trampoline;

pub(crate) use call::attempt as attempt_call;
pub(crate) use descriptors::send_descriptor;
pub(crate) use trampoline::{ExecSpec, run as exec, tag};

use crate::failure::failed;
use crate::owner::{HostOwner, INSIDE_UID};
use crate::protocol::Failure;
use identity::Mapping;
use namespaces::Forked;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use telecoder_model::PortError;
use telecoder_model::port::sandbox::SandboxSpec;

/// The longest launch message, in bytes.
const MAX_MESSAGE: u32 = 64 << 20;
/// The supervisor's socket in the run folder.
pub(crate) const SOCKET: &str = "s";
/// The folder of the journal in the run folder.
pub(crate) const JOURNAL: &str = "journal";

/// What the driver tells the launcher.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LaunchSpec {
    /// The sandbox's run folder.
    pub(crate) run_dir: PathBuf,
    /// What to build.
    pub(crate) sandbox: SandboxSpec,
    /// Folders of the host that are covered where a tree that is shown holds them.
    pub(crate) hidden: Vec<PathBuf>,
    /// The host uid and gid of everything inside.
    pub(crate) owner: HostOwner,
    /// The `cgroup.procs` files to join.
    pub(crate) join: Vec<PathBuf>,
    /// What the kernel counts.
    pub(crate) counters: Counters<PathBuf>,
    /// Whether a cgroup bounds memory and processes.
    pub(crate) limited_by_cgroup: bool,
}

/// Files by which the kernel tells about the sandbox's memory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Counters<T> {
    /// Holds the most memory that was in use at once.
    pub(crate) peak: Option<T>,
    /// Holds a line `oom_kill <count>`.
    pub(crate) kills: Option<T>,
}

/// What the launcher answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "launch", rename_all = "snake_case")]
pub(crate) enum LaunchReply {
    /// The supervisor listens.
    Ready,
    /// Nothing was started.
    Failed(Failure),
}

/// What the supervisor is given.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) socket: UnixListener,
    pub(crate) journal: OwnedFd,
    pub(crate) listeners: Vec<(String, TcpListener)>,
    pub(crate) sandbox: SandboxSpec,
    pub(crate) counters: Counters<File>,
    pub(crate) limited_by_cgroup: bool,
    /// Held while this process lives.
    pub(crate) lock: File,
}

/// Runs `telecoder supervise launch`. Descriptor 0 is the driver's socket, 1 the locked record, 2 the log.
pub(crate) fn launch() -> ExitCode {
    let Ok((control, lock)) = descriptors::take_launch_descriptors() else {
        return ExitCode::FAILURE;
    };
    let mut control = UnixStream::from(control);
    match prepare(&mut control, File::from(lock)) {
        Ok(Some(setup)) => {
            // A driver that was ended meanwhile has a successor, which will attach or end this.
            drop(tell(&mut control, &LaunchReply::Ready));
            drop(control);
            crate::supervisor::run(setup)
        }
        Ok(None) => ExitCode::SUCCESS,
        Err(error) => {
            drop(tell(&mut control, &LaunchReply::Failed(error.into())));
            ExitCode::FAILURE
        }
    }
}

/// Returns the setup in the process that becomes the supervisor, and nothing in those that only lead there.
fn prepare(control: &mut UnixStream, lock: File) -> Result<Option<Setup>, PortError> {
    let spec: LaunchSpec = hear(control)?;
    let as_root = nix::unistd::geteuid().is_root();
    let mapping = if as_root { Some(Mapping::new()?) } else { None };
    match (namespaces::fork()?, mapping) {
        (Forked::Parent(child), Some(mapping)) => mapping.write_for(child, spec.owner).map(|()| None),
        (Forked::Parent(_), None) => Ok(None),
        (Forked::Child, mapping) => enter(spec, lock, mapping),
    }
}

/// The second process and, in it, the third.
fn enter(spec: LaunchSpec, mut lock: File, mapping: Option<Mapping>) -> Result<Option<Setup>, PortError> {
    namespaces::leave_session()?;
    for procs in &spec.join {
        std::fs::write(procs, "0").map_err(failed(format!("cannot join the cgroup {}", procs.display())))?;
    }
    let (socket, journal) = open_run_dir(&spec.run_dir, spec.owner)?;
    let counters = open_counters(&spec.counters)?;
    let sources = match mapping {
        Some(mapping) => {
            let sources = sources::open(&spec, spec.owner)?;
            identity::leave_groups()?;
            namespaces::unshare_all()?;
            mapping.become_owner()?;
            sources
        }
        None => {
            namespaces::unshare_all()?;
            identity::map_self(spec.owner)?;
            // A user may open trees only in a namespace of its own, where its number is the one inside.
            sources::open(&spec, HostOwner { uid: INSIDE_UID, gid: INSIDE_UID })?
        }
    };
    let (wait, mut go) = std::io::pipe().map_err(failed("cannot make a pipe"))?;
    match namespaces::fork()? {
        Forked::Parent(child) => {
            drop(wait);
            record(&mut lock, child)?;
            go.write_all(b"g").map_err(failed("cannot start the supervisor"))?;
            return Ok(None);
        }
        Forked::Child => drop(go),
    }
    await_go(wait)?;
    root::build(sources, &spec.sandbox)?;
    loopback::up()?;
    let listeners = loopback::listen(&spec.sandbox.listeners)?;
    privileges::become_supervisor()?;
    Ok(Some(Setup {
        socket,
        journal,
        listeners,
        sandbox: spec.sandbox,
        counters,
        limited_by_cgroup: spec.limited_by_cgroup,
        lock,
    }))
}

fn await_go(mut wait: std::io::PipeReader) -> Result<(), PortError> {
    let mut byte = [0];
    wait.read_exact(&mut byte).map_err(failed("the launcher ended before its record was written"))
}

/// Writes `<pid> <start time>` of the supervisor, so that it can be ended whatever becomes of the driver.
fn record(lock: &mut File, pid: i32) -> Result<(), PortError> {
    let started = u32::try_from(pid)
        .ok()
        .and_then(start_time)
        .ok_or_else(|| PortError::permanent("the supervisor ended at once"))?;
    let line = format!("{pid} {started}\n");
    lock.set_len(0).map_err(failed("cannot empty the record"))?;
    lock.write_all_at(line.as_bytes(), 0).map_err(failed("cannot write the record"))
}

/// Reads the time at which a process started, in clock ticks since the boot: with the pid it names a process for ever.
pub(crate) fn start_time(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Field 22; the second one, the name, may hold anything but ends at the last parenthesis.
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(19)?.parse().ok()
}

fn open_run_dir(run_dir: &Path, owner: HostOwner) -> Result<(UnixListener, OwnedFd), PortError> {
    let what = |text: &str| format!("{text} in {}", run_dir.display());
    let dir = File::open(run_dir).map_err(failed(what("cannot open the run folder")))?;
    // The path of a socket has at most 107 bytes, so it is named by way of the folder's descriptor.
    let here = PathBuf::from(format!("/proc/self/fd/{}", dir.as_raw_fd()));
    let socket =
        descriptors::bind_private(&here.join(SOCKET)).map_err(failed(what("cannot bind the socket")))?;
    let path = here.join(JOURNAL);
    std::fs::DirBuilder::new().mode(0o700).create(&path).map_err(failed(what("cannot make the journal")))?;
    let journal = File::open(&path).map_err(failed(what("cannot open the journal")))?;
    std::os::unix::fs::fchown(journal.as_fd(), Some(owner.uid), Some(owner.gid))
        .map_err(failed(what("cannot give the journal to the sandbox's owner")))?;
    Ok((socket, journal.into()))
}

fn open_counters(paths: &Counters<PathBuf>) -> Result<Counters<File>, PortError> {
    let open = |path: &Option<PathBuf>| match path {
        Some(path) => File::open(path).map(Some).map_err(failed(format!("cannot open {}", path.display()))),
        None => Ok(None),
    };
    Ok(Counters { peak: open(&paths.peak)?, kills: open(&paths.kills)? })
}

fn hear(control: &mut UnixStream) -> Result<LaunchSpec, PortError> {
    receive(control).map_err(failed("cannot read what to launch"))
}

fn tell(control: &mut UnixStream, reply: &LaunchReply) -> std::io::Result<()> {
    send(control, reply)
}

/// Sends one length-prefixed message over a blocking socket.
pub(crate) fn send<T: Serialize>(to: &mut impl Write, message: &T) -> std::io::Result<()> {
    let bytes = serde_json::to_vec(message)?;
    let length = u32::try_from(bytes.len()).map_err(std::io::Error::other)?;
    to.write_all(&length.to_be_bytes())?;
    to.write_all(&bytes)
}

/// Receives one length-prefixed message from a blocking socket.
pub(crate) fn receive<T: serde::de::DeserializeOwned>(from: &mut impl Read) -> std::io::Result<T> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > MAX_MESSAGE {
        return Err(std::io::Error::other("the message is too long"));
    }
    let mut bytes = Vec::new();
    from.take(u64::from(length)).read_to_end(&mut bytes)?;
    Ok(serde_json::from_slice(&bytes)?)
}
