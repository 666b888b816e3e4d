//! Development tool: a program that runs beside us. It ends when its value is dropped, unless it was let go.

use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::process::{Program, pause};

/// How long a program may take to end after it was asked to; then it is killed.
const GRACE: Duration = Duration::from_secs(20);

/// How often a file that another program writes is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// A running program.
pub(crate) struct Background {
    name: String,
    child: Option<Child>,
    log: PathBuf,
}

impl Background {
    /// Starts it; both of its outputs go to the log.
    pub(crate) fn start(name: &str, program: Program, log: &Path) -> Result<Self> {
        let child = program.spawn_into(log)?;
        Ok(Self { name: name.to_owned(), child: Some(child), log: log.to_owned() })
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().map(Child::id).unwrap_or_default()
    }

    /// What it wrote last, for an error's text; lines that speak of a token are left out.
    pub(crate) fn last_words(&self) -> String {
        let text = std::fs::read(&self.log)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines.get(lines.len().saturating_sub(30)..).unwrap_or_default();
        let safe: Vec<&str> = tail.iter().copied().filter(|line| !line.contains("oken")).collect();
        safe.join("\n")
    }

    /// Looks until something is there, while the program runs and there is time.
    pub(crate) fn wait_for<T>(
        &mut self,
        what: &str,
        within: Duration,
        mut look: impl FnMut() -> Option<T>,
    ) -> Result<T> {
        let start = Instant::now();
        loop {
            if let Some(found) = look() {
                return Ok(found);
            }
            if let Some(status) = self.ended()? {
                bail!("{} ended ({status}) before {what}:\n{}", self.name, self.last_words());
            }
            if start.elapsed() > within {
                bail!("{}: no {what} within {} s:\n{}", self.name, within.as_secs(), self.last_words());
            }
            pause(LOOK);
        }
    }

    /// What it wrote so far.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// Kills it at once (SIGKILL) and collects it.
    pub(crate) fn kill(&mut self) -> Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        child.kill().with_context(|| format!("could not kill {}", self.name))?;
        child.wait().map(drop).with_context(|| format!("could not wait for {}", self.name))
    }

    /// Lets it run on after us and gives back its process id.
    pub(crate) fn let_go(mut self) -> u32 {
        let pid = self.pid();
        self.child = None;
        pid
    }

    fn ended(&mut self) -> Result<Option<ExitStatus>> {
        match &mut self.child {
            Some(child) => child.try_wait().with_context(|| format!("could not wait for {}", self.name)),
            None => Ok(None),
        }
    }

    fn end(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        let running = matches!(child.try_wait(), Ok(None));
        if running && let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            kill_process(pid, Signal::TERM).unwrap_or_default();
        }
        let start = Instant::now();
        while start.elapsed() < GRACE {
            if !matches!(child.try_wait(), Ok(None)) {
                return;
            }
            pause(LOOK);
        }
        drop(child.kill());
        drop(child.wait());
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(script: &str) -> (tempfile::TempDir, Background) {
        let folder = tempfile::tempdir().expect("a folder");
        let program = Program::new("sh").args(["-c", script]);
        let background = Background::start("sh", program, &folder.path().join("log")).expect("starts");
        (folder, background)
    }

    #[test]
    fn dropping_it_ends_the_program() {
        let (folder, mut background) = started("echo ready; exec cat /dev/zero >/dev/null");
        let log = background.log().to_owned();
        let ready = || std::fs::read_to_string(&log).ok().filter(|text| text == "ready\n");
        background.wait_for("word", Duration::from_secs(30), ready).expect("it says so");
        let process = PathBuf::from(format!("/proc/{}", background.pid()));
        assert!(process.exists());
        drop(background);
        assert!(!process.exists());
        drop(folder);
    }

    #[test]
    fn an_early_end_is_told_with_its_last_words() {
        let (folder, mut background) = started("echo out of luck >&2; exit 7");
        let error =
            background.wait_for("address", Duration::from_secs(30), || None::<()>).expect_err("it ends");
        assert_eq!(error.to_string(), "sh ended (exit status: 7) before address:\nout of luck");
        drop(folder);
    }
}
