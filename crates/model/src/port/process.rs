//! Port: process (layer 0).
//!
//! Contract: starts one program of the host with exactly the given environment and no shell; ends it with everything it
//! started at the timeout, or when the future is dropped. Output beyond its bound ends the process with class `Full`.

use crate::error::PortError;
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Where a program's standard input comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Input {
    /// Nothing (`/dev/null`).
    #[default]
    Nothing,
    /// These bytes.
    Bytes(Bytes),
    /// This file.
    File(PathBuf),
}

/// Where a program's standard output goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputTo {
    /// Memory, at most this many bytes.
    Memory(usize),
    /// This new file, at most this many bytes.
    File(PathBuf, u64),
}

/// A user of the host under which a program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostUser {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

/// A program of the host to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostCommand {
    /// The program, absolute or found in the server's own `PATH`.
    pub program: OsString,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Its whole environment; nothing is inherited but `PATH` where none is given.
    pub env: BTreeMap<OsString, OsString>,
    /// Its working directory.
    pub cwd: PathBuf,
    /// Its standard input.
    pub stdin: Input,
    /// Its standard output.
    pub stdout: OutputTo,
    /// After this long it is ended.
    pub timeout: Duration,
    /// As whom it runs, where that is not the server's own user (root only).
    pub user: Option<HostUser>,
}

impl HostCommand {
    /// A command with an empty environment, no input, 1 MiB of output and 60 s.
    pub fn new(program: impl Into<OsString>, cwd: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: BTreeMap::new(),
            cwd: cwd.into(),
            stdin: Input::Nothing,
            stdout: OutputTo::Memory(1 << 20),
            timeout: Duration::from_secs(60),
            user: None,
        }
    }
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostOutput {
    /// Its exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// Its standard output, where it went to memory.
    pub stdout: Bytes,
    /// The last 64 KiB of its standard error.
    pub stderr: Bytes,
}

/// Starts programs of the host.
#[async_trait]
pub trait Processes: Send + Sync + fmt::Debug {
    /// Runs a program to its end. An error means that it could not run or was ended by a bound; an exit code other than
    /// 0 is no error here.
    async fn run(&self, command: HostCommand) -> Result<HostOutput, PortError>;
}
