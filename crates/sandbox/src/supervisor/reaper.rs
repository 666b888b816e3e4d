//! Collecting ended children (layer 1): trampolines, and the keepers that these leave to process 1.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::process::WaitOptions;
use std::cell::RefCell;
use std::collections::HashSet;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Knows which of the watched children are left.
#[derive(Debug)]
pub(super) struct Reaper {
    watched: RefCell<HashSet<u32>>,
    changed: watch::Sender<()>,
}

fn pid_of(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().filter(|pid| *pid > 1).map(Pid::from_raw)
}

impl Reaper {
    /// Makes a reaper that watches nobody.
    pub(super) fn new() -> Self {
        Self { watched: RefCell::default(), changed: watch::Sender::new(()) }
    }

    /// Watches a child, if it was not collected already.
    pub(super) fn watch(&self, pid: u32) {
        if pid_of(pid).is_some_and(|child| kill(child, None).is_ok()) {
            self.watched.borrow_mut().insert(pid);
        }
    }

    /// Ends a watched child. A pid is only used while it cannot have been given to another.
    pub(super) fn kill(&self, pid: u32) {
        if self.watched.borrow().contains(&pid)
            && let Some(child) = pid_of(pid)
        {
            // It may have ended already, which is what is wanted.
            kill(child, Signal::SIGKILL).ok();
        }
    }

    /// Waits until a watched child was collected, and with it everything in its namespace.
    pub(super) async fn gone(&self, pid: u32) {
        let mut changed = self.changed.subscribe();
        while self.watched.borrow().contains(&pid) {
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    /// Collects children for ever.
    pub(super) async fn run(&self) -> std::io::Result<()> {
        let mut ended = signal(SignalKind::child())?;
        loop {
            while let Ok(Some((pid, _))) = rustix::process::wait(WaitOptions::NOHANG) {
                let pid = u32::try_from(pid.as_raw_nonzero().get()).unwrap_or(0);
                self.watched.borrow_mut().remove(&pid);
            }
            self.changed.send_replace(());
            if ended.recv().await.is_none() {
                return Ok(());
            }
        }
    }
}
