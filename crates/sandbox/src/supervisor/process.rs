//! One process of a sandbox with everything that it starts (layer 1).
//!
//! A process is its tree: what the program leaves running when it ends has [`GRACE`] to close the output streams, then
//! the tree's namespace is ended as a whole. Invariants: an input line is written whole and once, whatever happens to
//! the connection that brought it; the exit is told after the end of both output streams, and only once nothing of
//! the tree is left.

use super::journal::Journal;
use super::keeper::{Keeper, Told};
use super::log;
use super::memory::Memory;
use super::output::{Output, Room};
use super::reaper::Reaper;
use crate::failure::failed;
use std::cell::{Cell, RefCell};
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::time::Duration;
use telecoder_model::PortError;
use telecoder_model::id::ProcessId;
use telecoder_model::port::sandbox::{OutputStream, ProcessExit, ProcessState, TreeSignal};
use tokio::io::AsyncWriteExt;
use tokio::net::unix::pipe;
use tokio::sync::{Mutex, watch};

/// How long what a program left running may keep its output open.
const GRACE: Duration = Duration::from_secs(2);
/// How long a tree may take to be signalled before its namespace is ended instead.
const SIGNAL_WAIT: Duration = Duration::from_secs(5);

/// A process that was started.
#[derive(Debug)]
pub(super) struct Process {
    id: ProcessId,
    keeper: Keeper,
    input: Mutex<pipe::Sender>,
    last_input: Cell<u64>,
    stdout: Output,
    stderr: Output,
    tree_gone: watch::Sender<bool>,
    exit: watch::Sender<Option<ProcessExit>>,
    memory_kill: Cell<bool>,
    /// The whole tree was told to end.
    killed: Cell<bool>,
}

/// The supervisor's ends of a program's streams.
pub(super) struct Pipes {
    pub(super) input: OwnedFd,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
}

/// What a process needs of its supervisor.
pub(super) struct Around {
    pub(super) journal: Rc<OwnedFd>,
    pub(super) reaper: Rc<Reaper>,
    pub(super) memory: Rc<Memory>,
}

impl Process {
    /// Takes over a program that runs.
    pub(super) fn adopt(
        id: ProcessId,
        keeper: Keeper,
        pipes: Pipes,
        around: Around,
        kills_before: Option<u64>,
    ) -> Result<Rc<Self>, PortError> {
        let what = || failed("cannot connect the streams of a process");
        let room = Rc::new(Room::new());
        let output = |name: &str| {
            let journal = Journal::new(Rc::clone(&around.journal), format!("{id}.{name}"));
            Output::new(journal, Rc::clone(&room))
        };
        let (stdout, stderr) = (output("stdout"), output("stderr"));
        let input = pipe::Sender::from_owned_fd(pipes.input).map_err(what())?;
        let process = Rc::new(Self {
            id,
            keeper,
            input: Mutex::new(input),
            last_input: Cell::new(0),
            stdout,
            stderr,
            tree_gone: watch::Sender::new(false),
            exit: watch::Sender::new(None),
            memory_kill: Cell::new(false),
            killed: Cell::new(false),
        });
        let out = pipe::Receiver::from_owned_fd(pipes.stdout).map_err(what())?;
        let err = pipe::Receiver::from_owned_fd(pipes.stderr).map_err(what())?;
        let pumped = Rc::clone(&process);
        tokio::task::spawn_local(async move {
            let gone = || pumped.tree_gone.subscribe();
            tokio::join!(pumped.stdout.pump(out, gone()), pumped.stderr.pump(err, gone()));
        });
        let lived = Rc::clone(&process);
        tokio::task::spawn_local(async move {
            lived.live(&around.reaper, &around.memory, kills_before).await;
        });
        Ok(process)
    }

    /// Watches the process to its end.
    async fn live(&self, reaper: &Reaper, memory: &Memory, kills_before: Option<u64>) {
        let ended = loop {
            match self.keeper.hear().await {
                Some(Told::Ended(status)) => break Some(status),
                Some(Told::Signalled | Told::Started | Told::Failed(_)) => {}
                None => break None,
            }
        };
        // What was killed leaves nothing running that could still have something to say.
        if ended.is_some() && !self.killed.get() {
            let closed = async { tokio::join!(closed(&self.stdout), closed(&self.stderr)) };
            tokio::select! {
                _ = closed => {}
                () = tokio::time::sleep(GRACE) => {}
                // Signals are still answered, and the keeper may be ended meanwhile.
                () = async { while self.keeper.hear().await.is_some() {} } => {}
            }
        }
        self.keeper.end();
        reaper.gone(self.keeper.pid()).await;
        self.tree_gone.send_replace(true);
        tokio::join!(closed(&self.stdout), closed(&self.stderr));
        let out_of_memory = self.memory_kill.get() || kills_before != memory.kills();
        let exit = match ended {
            Some(status) => exit_of(status, out_of_memory),
            None => ProcessExit { code: None, signal: Some(libc::SIGKILL), out_of_memory },
        };
        self.exit.send_replace(Some(exit));
    }

    /// Writes an input line, unless its number was written already.
    pub(super) async fn write_line(&self, number: u64, mut line: Vec<u8>) -> Result<(), PortError> {
        let mut input = self.input.lock().await;
        let last = self.last_input.get();
        if number <= last {
            return Ok(());
        }
        if number != last + 1 {
            return Err(PortError::conflict(format!("input line {number} of {} came after {last}", self.id)));
        }
        line.push(b'\n');
        let mut gone = self.tree_gone.subscribe();
        let written = tokio::select! {
            written = input.write_all(&line) => written.is_ok(),
            _ = gone.wait_for(|gone| *gone) => false,
        };
        if !written {
            return Err(PortError::conflict(format!("{} has ended or closed its input", self.id)));
        }
        self.last_input.set(number);
        Ok(())
    }

    /// Signals the tree. After [`TreeSignal::Kill`] nothing of it is left.
    pub(super) async fn signal(&self, signal: TreeSignal) -> Result<(), PortError> {
        if !self.alive() {
            return Ok(());
        }
        let number = match signal {
            TreeSignal::Interrupt => libc::SIGINT,
            TreeSignal::Terminate => libc::SIGTERM,
            TreeSignal::Kill => libc::SIGKILL,
        };
        if signal == TreeSignal::Kill {
            self.killed.set(true);
        }
        let mut gone = self.tree_gone.subscribe();
        let told = tokio::select! {
            told = tokio::time::timeout(SIGNAL_WAIT, self.keeper.signal(number)) => told,
            // The program was the first to go, and the keeper before it could say so.
            _ = gone.wait_for(|gone| *gone) => return Ok(()),
        };
        match (signal, told) {
            (TreeSignal::Interrupt | TreeSignal::Terminate, Ok(Ok(()))) => return Ok(()),
            (TreeSignal::Interrupt | TreeSignal::Terminate, Err(_)) => {
                return Err(PortError::transient(format!("{} cannot be signalled", self.id)));
            }
            (TreeSignal::Kill, Err(_)) => {
                log::line(&format!("the tree of {} did not end when it was told to", self.id));
                self.keeper.end();
            }
            // Killed, or its keeper has gone and the kernel ends the rest.
            (TreeSignal::Kill, Ok(_)) | (TreeSignal::Interrupt | TreeSignal::Terminate, Ok(Err(_))) => {}
        }
        // An error means that the process is dropped, which none is.
        drop(gone.wait_for(|gone| *gone).await);
        Ok(())
    }

    /// Ends the tree because the sandbox ran out of memory.
    pub(super) fn out_of_memory(&self) {
        self.memory_kill.set(true);
    }

    /// The pid of the process under which the whole tree stands.
    pub(super) fn keeper_pid(&self) -> u32 {
        self.keeper.pid()
    }

    /// One of the output streams.
    pub(super) fn output(&self, stream: OutputStream) -> &Output {
        match stream {
            OutputStream::Stdout => &self.stdout,
            OutputStream::Stderr => &self.stderr,
        }
    }

    /// Tells how the process ends.
    pub(super) fn exit(&self) -> watch::Receiver<Option<ProcessExit>> {
        self.exit.subscribe()
    }

    /// Whether anything of the tree may be left.
    pub(super) fn alive(&self) -> bool {
        !*self.tree_gone.borrow()
    }

    /// What the port tells about a process.
    pub(super) fn state(&self) -> ProcessState {
        let (journal_start, journal_end) = self.stdout.range();
        ProcessState {
            id: self.id.clone(),
            last_input: self.last_input.get(),
            journal_start,
            journal_end,
            exit: self.exit.borrow().clone(),
        }
    }
}

async fn closed(output: &Output) {
    let mut progress = output.progress();
    // An error means that the stream is dropped, which ends it too.
    drop(progress.wait_for(|progress| progress.closed).await);
}

fn exit_of(status: i32, out_of_memory: bool) -> ProcessExit {
    ProcessExit {
        code: libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status)),
        signal: libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status)),
        out_of_memory,
    }
}

/// The processes of a supervisor, in the order they were started.
#[derive(Debug, Default)]
pub(super) struct Processes {
    started: RefCell<Vec<Rc<Process>>>,
    starting: Mutex<()>,
}

impl Processes {
    /// Finds a process.
    pub(super) fn find(&self, id: &ProcessId) -> Result<Rc<Process>, PortError> {
        let started = self.started.borrow();
        let found = started.iter().find(|process| process.id == *id);
        found.cloned().ok_or_else(|| PortError::not_found(format!("the sandbox has no process {id}")))
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Rc<Process>> {
        self.started.borrow().clone()
    }

    /// Waits until no other process is being started.
    pub(super) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.starting.lock().await
    }

    /// Adds a process.
    pub(super) fn add(&self, process: Rc<Process>) {
        self.started.borrow_mut().push(process);
    }
}
