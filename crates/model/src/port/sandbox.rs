//! Port: sandbox driver (layer 0).
//!
//! Contract of every driver:
//! - A reference (session, attempt, nonce) is chosen and stored by the caller *before* `create`; `create`, `open`,
//!   `inspect` and `destroy` of one reference may be repeated and have the effect of once.
//! - The view inside is built from an allow-list. No path, process, socket or network of the host is reachable but
//!   what the spec names. The only network is the sandbox's own loopback.
//! - The first process is the supervisor. It outlives the server, and it is out of the reach of everything it starts.
//! - Both directions of a process's stream are exactly-once: output has offsets, is journalled and is kept until
//!   acknowledged; an input line has a number, and a number that was written already is ignored.
//! - `destroy` returns only when no process, mount or cgroup of the sandbox is left.
//! - Everything that comes from inside is hostile input.

use crate::error::PortError;
use crate::id::{IdError, ProcessId, SessionId, id_error};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// The longest input or output line that a supervisor carries, in bytes.
pub const MAX_LINE: usize = 16 * 1024 * 1024;
/// The most unacknowledged output that a supervisor journals for one process, in bytes; then back-pressure.
pub const MAX_JOURNAL: u64 = 64 * 1024 * 1024;
/// Where the workspace stands inside every sandbox.
pub const WORKSPACE_DIR: &str = "/workspace";
/// Where the session's home stands inside every sandbox.
pub const HOME_DIR: &str = "/home/agent";
/// Below which installed agents stand inside every sandbox.
pub const AGENTS_DIR: &str = "/opt/telecoder/agents";

/// Names one sandbox before, while and after it exists. Its text form is `<session>-<attempt>-<nonce>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SandboxRef {
    /// Whose sandbox it is.
    pub session: SessionId,
    /// Which attempt of the session, from 1.
    pub attempt: u32,
    /// Eight random lowercase letters or digits, so that a name is never used twice.
    pub nonce: String,
}

impl fmt::Display for SandboxRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.session, self.attempt, self.nonce)
    }
}

impl FromStr for SandboxRef {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let bad = |reason| id_error("sandbox reference", text, reason);
        let mut parts = text.splitn(3, '-');
        let (Some(session), Some(attempt), Some(nonce)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad("it must be <session>-<attempt>-<nonce>"));
        };
        if nonce.is_empty()
            || nonce.len() > 16
            || !nonce.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        {
            return Err(bad("its nonce must be 1 to 16 characters of a-z and 0-9"));
        }
        Ok(Self {
            session: session.parse()?,
            attempt: attempt.parse().map_err(|_| bad("its attempt is not a number"))?,
            nonce: nonce.to_owned(),
        })
    }
}

impl TryFrom<String> for SandboxRef {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<SandboxRef> for String {
    fn from(reference: SandboxRef) -> String {
        reference.to_string()
    }
}

/// What the agent may do with a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Reads and writes.
    ReadWrite,
    /// Reads only; a write fails with EROFS.
    ReadOnly,
}

/// How the workspace reaches the sandbox. All paths are of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkspaceSource {
    /// An overlay: `lower` never changes; changes go to `layer/upper` (`layer/work` is overlayfs's own folder).
    /// Both stand on one file system and belong to the sandbox's host uid.
    Overlay {
        /// The immutable warm base.
        lower: PathBuf,
        /// The folder that holds `upper` and `work`.
        layer: PathBuf,
    },
    /// A prepared folder, bound as it is.
    Bind {
        /// The folder.
        path: PathBuf,
    },
}

/// A path of the host that is bound read-only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadOnlyBind {
    /// The file or folder of the host.
    pub host: PathBuf,
    /// Where it stands inside (absolute).
    pub inside: PathBuf,
    /// Relative paths below it that are hidden by an empty file or folder (credential files).
    pub hidden: Vec<PathBuf>,
}

/// Bounds that the kernel enforces (or, where there is no cgroup, the supervisor).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Memory of all processes together, in bytes.
    pub memory_bytes: u64,
    /// CPU time per wall time, in thousandths of a CPU.
    pub cpu_millis: u32,
    /// Processes and threads.
    pub processes: u32,
    /// Size of each tmpfs (`/tmp`, `/run`, `/var/tmp`, `/dev/shm`), in bytes.
    pub tmpfs_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory_bytes: 2 << 30, cpu_millis: 2000, processes: 512, tmpfs_bytes: 512 << 20 }
    }
}

/// A loopback port inside the sandbox whose connections are passed out to the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    /// What the connections are for: `model` for the model gateway.
    pub name: String,
    /// The port on 127.0.0.1 inside.
    pub port: u16,
}

/// A file in a session's home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HomeFile {
    /// Its path below the home, relative, without `..`.
    pub path: PathBuf,
    /// Its bytes, at most 1 MiB.
    pub bytes: Vec<u8>,
}

/// Everything a driver needs to make a sandbox. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxSpec {
    /// The tree at [`WORKSPACE_DIR`].
    pub workspace: WorkspaceSource,
    /// Whether the tree may be written.
    pub access: Access,
    /// The host folder that becomes [`HOME_DIR`]; kept per session, always writable. The driver makes it where it is
    /// missing, owned by the sandbox's host uid.
    pub home: PathBuf,
    /// Files to write below the home from inside, before anything starts; existing ones are replaced.
    pub home_files: Vec<HomeFile>,
    /// Agents and toolchains.
    pub read_only: Vec<ReadOnlyBind>,
    /// Bounds.
    pub limits: Limits,
    /// Ports whose connections reach [`Sandbox::accept`].
    pub listeners: Vec<Listener>,
    /// After this long the supervisor ends the sandbox by itself.
    pub lifetime: Duration,
    /// After this long without any attached server the supervisor ends the sandbox by itself.
    pub unattended: Duration,
}

/// A process to start inside a sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessSpec {
    /// Its name within the sandbox; starting the same name again does nothing.
    pub id: ProcessId,
    /// Program (absolute, or found in `PATH` of `env`) and arguments.
    pub argv: Vec<String>,
    /// The whole environment; nothing is inherited.
    pub env: BTreeMap<String, String>,
    /// Working directory inside.
    pub cwd: PathBuf,
}

/// One of a process's output streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessExit {
    /// Its exit code, if it exited.
    pub code: Option<i32>,
    /// The signal that ended it, if one did.
    pub signal: Option<i32>,
    /// Whether the sandbox's memory limit ended a process meanwhile.
    pub out_of_memory: bool,
}

impl ProcessExit {
    /// Whether it ended with code 0.
    pub fn success(&self) -> bool {
        self.code == Some(0)
    }
}

/// What a follower of an output stream receives, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProcessOutput {
    /// Bytes of the stream. Chunks are contiguous: this one begins where the one before ended.
    Chunk {
        /// The offset of the first byte behind this chunk.
        end: u64,
        /// The bytes.
        bytes: Bytes,
    },
    /// The stream is at its end and the process has ended. Nothing follows.
    Exit(ProcessExit),
}

/// What a supervisor tells about one of its processes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessState {
    /// Its name.
    pub id: ProcessId,
    /// The number of the last input line that was written to it, 0 if none.
    pub last_input: u64,
    /// The first journalled offset of standard output.
    pub journal_start: u64,
    /// The offset behind the last journalled byte of standard output.
    pub journal_end: u64,
    /// How it ended, if it has.
    pub exit: Option<ProcessExit>,
}

/// What a supervisor tells about its sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxStatus {
    /// Random per supervisor start: another value means that all processes are others.
    pub incarnation: String,
    /// Its processes, in the order they were started.
    pub processes: Vec<ProcessState>,
    /// The most memory that was in use at once, in bytes, where the kernel tells.
    pub memory_peak_bytes: Option<u64>,
}

/// What to send to a process and all of its descendants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TreeSignal {
    /// Ask it to interrupt (SIGINT).
    Interrupt,
    /// Ask it to end (SIGTERM).
    Terminate,
    /// End it (SIGKILL).
    Kill,
}

/// A two-way byte stream.
pub trait Duplex: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin {}
impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection that a process inside made to one of the listeners.
pub struct Inbound {
    /// The listener's name.
    pub listener: String,
    /// The bytes of the connection.
    pub stream: Box<dyn Duplex>,
}

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound").field("listener", &self.listener).finish_non_exhaustive()
    }
}

/// Whether a sandbox is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SandboxState {
    /// It runs and its supervisor can be reached.
    Running,
    /// Something of it is left (files, mounts, a cgroup), but its supervisor is gone.
    Dead,
    /// Nothing of it is left.
    Absent,
}

/// One line of an isolation proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// What was tried, in words.
    pub attempt: String,
    /// Whether the sandbox held.
    pub held: bool,
    /// What happened.
    pub detail: String,
    /// What to do if it did not hold.
    pub remedy: Option<String>,
}

/// Makes, finds and ends sandboxes of one kind.
#[async_trait]
pub trait SandboxDriver: Send + Sync + fmt::Debug {
    /// Its name in the configuration: `local`, `docker`, `kubernetes`.
    fn kind(&self) -> &'static str;
    /// Tries on this host what a sandbox must hold against. An error means that it could not be tried at all.
    async fn prove(&self) -> Result<Vec<Proof>, PortError>;
    /// Makes the sandbox, starts its supervisor and attaches. If it exists already, attaches.
    async fn create(&self, reference: &SandboxRef, spec: &SandboxSpec)
    -> Result<Arc<dyn Sandbox>, PortError>;
    /// Attaches to an existing sandbox; `None` if its supervisor is gone.
    async fn open(&self, reference: &SandboxRef) -> Result<Option<Arc<dyn Sandbox>>, PortError>;
    /// Says whether it is there.
    async fn inspect(&self, reference: &SandboxRef) -> Result<SandboxState, PortError>;
    /// Ends it with everything in it and removes what it left behind (not the workspace, not the home).
    async fn destroy(&self, reference: &SandboxRef) -> Result<(), PortError>;
    /// Names all sandboxes of this driver that left anything on this host.
    async fn list(&self) -> Result<Vec<SandboxRef>, PortError>;
}

/// An attached sandbox. Dropping it detaches; the sandbox goes on.
#[async_trait]
pub trait Sandbox: Send + Sync + fmt::Debug {
    /// Which sandbox it is.
    fn reference(&self) -> &SandboxRef;
    /// Asks the supervisor for its state.
    async fn status(&self) -> Result<SandboxStatus, PortError>;
    /// Starts a process; does nothing if one of that name was started in this incarnation.
    async fn start(&self, process: &ProcessSpec) -> Result<(), PortError>;
    /// Writes one line (without its newline, at most [`MAX_LINE`]) to the process's standard input. Numbers
    /// count from 1 without gaps; a number at or below the last one written is ignored. Returns when written.
    async fn write_line(&self, process: &ProcessId, number: u64, line: Bytes) -> Result<(), PortError>;
    /// Follows an output stream from an offset; ends after [`ProcessOutput::Exit`].
    async fn follow(
        &self,
        process: &ProcessId,
        stream: OutputStream,
        from: u64,
    ) -> Result<BoxStream<'static, Result<ProcessOutput, PortError>>, PortError>;
    /// Lets the supervisor forget an output stream's bytes before an offset.
    async fn acknowledge(
        &self,
        process: &ProcessId,
        stream: OutputStream,
        before: u64,
    ) -> Result<(), PortError>;
    /// Signals a process and all that it started.
    async fn signal(&self, process: &ProcessId, signal: TreeSignal) -> Result<(), PortError>;
    /// Waits for the next connection to one of the listeners. An error means that the sandbox is gone or detached.
    async fn accept(&self) -> Result<Inbound, PortError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_round_trips_and_refuses_paths() {
        let text = "abcdefghijkl-2-x7k2p9q1";
        let reference: SandboxRef = text.parse().unwrap();
        assert_eq!(reference.attempt, 2);
        assert_eq!(reference.to_string(), text);
        for bad in
            ["abcdefghijkl", "abcdefghijkl-1", "abcdefghijkl-x-a", "abcdefghijkl-1-../x", "abcdefghijkl-1-"]
        {
            assert!(bad.parse::<SandboxRef>().is_err(), "{bad}");
        }
    }
}
