//! The supervisor (layer 1): process 1 of a sandbox.
//!
//! One thread. It starts processes, journals what they write, writes their input once and in order, signals whole
//! trees, passes connections out, and ends the sandbox when its time is over. It outlives the server that started it,
//! and nothing inside can reach it: it is not dumpable, it handles no signal but its children's, and its socket and
//! journal are mounted nowhere.
//!
//! Invariant: when it ends, for whatever reason, the kernel ends everything in the sandbox.

mod attach;
mod journal;
mod keeper;
mod listener;
mod log;
mod memory;
mod output;
mod process;
mod reaper;
mod replay;
mod request;

use crate::launcher::{ExecSpec, Setup};
use crate::mux::Opener;
use attach::Attachment;
use memory::Memory;
use process::{Around, Process, Processes};
use reaper::Reaper;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use telecoder_model::PortError;
use telecoder_model::port::sandbox::{Access, ProcessSpec, SandboxSpec, SandboxStatus, WORKSPACE_DIR};
use tokio::sync::{Semaphore, watch};
use tokio::task::{LocalSet, spawn_local};

/// The most processes that one supervisor starts in its life: their journals are bounded, and so is the status.
const MAX_PROCESSES: usize = 1024;
/// The most input lines that are held in memory at once.
const MAX_LINES: usize = 4;

struct Supervisor {
    incarnation: String,
    sandbox: SandboxSpec,
    limited_by_cgroup: bool,
    processes: Processes,
    reaper: Rc<Reaper>,
    memory: Rc<Memory>,
    journal: Rc<OwnedFd>,
    attached: watch::Sender<Option<Attachment>>,
    attachments: std::cell::Cell<u64>,
    lines: Semaphore,
    connections: Arc<Semaphore>,
    kept: replay::Kept,
}

/// Runs the supervisor to its end.
pub(crate) fn run(setup: Setup) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = runtime.and_then(|runtime| LocalSet::new().block_on(&runtime, supervise(setup)));
    match result {
        Ok(why) => {
            log::line(why);
            ExitCode::SUCCESS
        }
        Err(error) => {
            log::line(&format!("the supervisor failed: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Returns why the sandbox ends.
async fn supervise(setup: Setup) -> io::Result<&'static str> {
    setup.socket.set_nonblocking(true)?;
    let socket = tokio::net::UnixListener::from_std(setup.socket)?;
    let (lifetime, unattended) = (setup.sandbox.lifetime, setup.sandbox.unattended);
    let supervisor = Rc::new(Supervisor {
        incarnation: incarnation()?,
        sandbox: setup.sandbox,
        limited_by_cgroup: setup.limited_by_cgroup,
        processes: Processes::default(),
        reaper: Rc::new(Reaper::new()),
        memory: Rc::new(Memory::new(setup.counters)),
        journal: Rc::new(setup.journal),
        attached: watch::Sender::new(None),
        attachments: std::cell::Cell::new(0),
        lines: Semaphore::new(MAX_LINES),
        connections: Arc::new(Semaphore::new(listener::places(setup.listeners.len()))),
        kept: replay::Kept::default(),
    });
    for (name, socket) in setup.listeners {
        socket.set_nonblocking(true)?;
        let socket = tokio::net::TcpListener::from_std(socket)?;
        spawn_local(listener::listen(Rc::clone(&supervisor), name, socket));
    }
    let watching = async {
        if supervisor.limited_by_cgroup {
            std::future::pending::<()>().await;
        }
        memory::watch(supervisor.sandbox.limits.memory_bytes, &supervisor.processes).await;
    };
    let reaper = Rc::clone(&supervisor.reaper);
    let result = tokio::select! {
        ended = reaper.run() => ended.map(|()| "the signals of children ended"),
        () = attach::listen(Rc::clone(&supervisor), socket) => Ok("the socket ended"),
        () = watching => Ok("the memory watch ended"),
        () = tokio::time::sleep(lifetime) => Ok("the sandbox's lifetime is over"),
        () = unattended_for(supervisor.attached(), unattended) => Ok("no server was attached for too long"),
    };
    // Held until here: whoever can take it knows that nothing of the sandbox runs.
    drop(setup.lock);
    result
}

/// Returns once nobody has been attached for so long.
async fn unattended_for(mut attached: watch::Receiver<Option<Attachment>>, limit: Duration) {
    loop {
        if attached.wait_for(Option::is_none).await.is_err() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(limit) => return,
            came = attached.wait_for(Option::is_some) => if came.is_err() { return },
        }
    }
}

fn incarnation() -> io::Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let mut text = String::with_capacity(32);
    for byte in bytes {
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").ok();
    }
    Ok(text)
}

impl Supervisor {
    fn attached(&self) -> watch::Receiver<Option<Attachment>> {
        self.attached.subscribe()
    }

    /// Makes a connection the attached one and returns its number.
    fn attach(&self, opener: Opener) -> u64 {
        let number = self.attachments.get() + 1;
        self.attachments.set(number);
        self.attached.send_replace(Some(Attachment { opener, number }));
        number
    }

    /// Ends an attachment, if no newer one has replaced it.
    fn detach(&self, number: u64) {
        self.attached.send_if_modified(|now| {
            let ours = now.as_ref().is_some_and(|now| now.number == number);
            if ours {
                *now = None;
            }
            ours
        });
    }

    fn status(&self) -> SandboxStatus {
        SandboxStatus {
            incarnation: self.incarnation.clone(),
            processes: self.processes.all().iter().map(|process| process.state()).collect(),
            memory_peak_bytes: self.memory.peak(),
        }
    }

    /// Starts a process, unless one of its name was started.
    async fn start(&self, wanted: &ProcessSpec) -> Result<(), PortError> {
        let _turn = self.processes.turn().await;
        if self.processes.find(&wanted.id).is_ok() {
            return Ok(());
        }
        if self.processes.all().len() >= MAX_PROCESSES {
            return Err(PortError::full(format!("a sandbox starts at most {MAX_PROCESSES} processes")));
        }
        let writable = match self.sandbox.access {
            Access::ReadWrite => Some(PathBuf::from(WORKSPACE_DIR)),
            Access::ReadOnly => None,
        };
        let limit = u64::from(self.sandbox.limits.processes);
        let spec = ExecSpec {
            argv: wanted.argv.clone(),
            env: wanted.env.clone(),
            cwd: wanted.cwd.clone(),
            writable,
            processes: (!self.limited_by_cgroup).then_some(limit),
        };
        let kills = self.memory.kills();
        let (keeper, pipes) = keeper::spawn(&spec, &self.reaper).await?;
        let around = Around {
            journal: Rc::clone(&self.journal),
            reaper: Rc::clone(&self.reaper),
            memory: Rc::clone(&self.memory),
        };
        self.processes.add(Process::adopt(wanted.id.clone(), keeper, pipes, around, kills)?);
        Ok(())
    }
}
