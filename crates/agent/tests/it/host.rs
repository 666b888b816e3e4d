//! Starts programs for tests and the example (dev): a small process port on tokio.

use std::process::Stdio;
use telecoder_model::PortError;
use telecoder_model::port::process::{HostCommand, HostOutput, Input, OutputTo, Processes};

/// Runs programs of this machine.
#[derive(Debug)]
pub(crate) struct Programs;

#[async_trait::async_trait]
impl Processes for Programs {
    async fn run(&self, command: HostCommand) -> Result<HostOutput, PortError> {
        assert_eq!(command.stdin, Input::Nothing, "no install needs input");
        assert!(matches!(command.stdout, OutputTo::Memory(_)));
        #[expect(clippy::disallowed_methods, reason = "this is the process port of the tests")]
        let child = tokio::process::Command::new(&command.program)
            .args(&command.args)
            .env_clear()
            .envs(&command.env)
            .current_dir(&command.cwd)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                PortError::io(format!("cannot start {}", command.program.to_string_lossy()), error)
            })?;
        let output = tokio::time::timeout(command.timeout, child.wait_with_output())
            .await
            .map_err(|_| PortError::transient("it took too long"))?
            .map_err(|error| PortError::io("cannot wait for it", error))?;
        Ok(HostOutput {
            code: output.status.code(),
            stdout: output.stdout.into(),
            stderr: output.stderr.into(),
        })
    }
}
