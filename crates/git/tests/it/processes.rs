//! The process port of these tests: the real one, which also remembers what it was asked to start.

use async_trait::async_trait;
use std::sync::Mutex;
use telecoder_model::PortError;
use telecoder_model::port::process::{HostCommand, HostOutput, Processes};
use telecoder_sandbox::HostProcesses;

/// Starts programs of this host.
pub(crate) fn programs() -> HostProcesses {
    HostProcesses::new("/usr/local/bin:/usr/bin:/bin")
}

/// Remembers what was started.
#[derive(Debug)]
pub(crate) struct Recorded {
    programs: HostProcesses,
    started: Mutex<Vec<String>>,
}

impl Recorded {
    pub(crate) fn new() -> Self {
        Self { programs: programs(), started: Mutex::default() }
    }

    /// The command lines since the last call.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.started.lock().unwrap())
    }
}

#[async_trait]
impl Processes for Recorded {
    async fn run(&self, command: HostCommand) -> Result<HostOutput, PortError> {
        let words: Vec<String> = command.args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
        self.started.lock().unwrap().push(words.join(" "));
        self.programs.run(command).await
    }
}
