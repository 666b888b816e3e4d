//! The process port of these tests: starts a program, bounds its output and time, and ends its group when it is dropped.

use async_trait::async_trait;
use bytes::Bytes;
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;
use telecoder_model::PortError;
use telecoder_model::port::process::{HostCommand, HostOutput, Input, OutputTo, Processes};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

/// Starts real programs and remembers what was started.
#[derive(Debug, Default)]
pub(crate) struct RealProcesses {
    started: Mutex<Vec<String>>,
}

impl RealProcesses {
    /// The command lines since the last call.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.started.lock().unwrap())
    }
}

/// Ends the whole group of a program.
struct Group(Option<i32>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(pid) = self.0.and_then(rustix::process::Pid::from_raw) {
            let _gone = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
        }
    }
}

async fn read(mut from: impl AsyncRead + Unpin, limit: usize) -> Result<Vec<u8>, PortError> {
    let mut bytes = Vec::new();
    let mut chunk = vec![0; 1 << 16];
    loop {
        let count = from.read(&mut chunk).await.unwrap();
        if count == 0 {
            return Ok(bytes);
        }
        bytes.extend_from_slice(&chunk[..count]);
        if bytes.len() > limit {
            return Err(PortError::full("the program wrote too much"));
        }
    }
}

fn store(path: &Path, bytes: &[u8]) {
    let mut file = std::fs::File::create_new(path).unwrap();
    std::io::Write::write_all(&mut file, bytes).unwrap();
}

/// Starts a program; gives what is to be written to it.
fn start(command: &HostCommand) -> Result<(tokio::process::Child, Option<Bytes>), PortError> {
    #[expect(clippy::disallowed_methods, reason = "this is the process port of the tests")]
    let mut child = tokio::process::Command::new(&command.program);
    child.args(&command.args).env_clear().current_dir(&command.cwd);
    if !command.env.keys().any(|name| name == "PATH") {
        child.env("PATH", "/usr/local/bin:/usr/bin:/bin");
    }
    child.envs(&command.env).process_group(0).kill_on_drop(true);
    if let Some(user) = command.user {
        child.uid(user.uid).gid(user.gid);
    }
    let input = match &command.stdin {
        Input::Nothing => {
            child.stdin(Stdio::null());
            None
        }
        Input::Bytes(bytes) => {
            child.stdin(Stdio::piped());
            Some(bytes.clone())
        }
        Input::File(path) => {
            child.stdin(std::fs::File::open(path).unwrap());
            None
        }
    };
    let child = child
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| PortError::io(format!("cannot start {}", command.program.display()), error))?;
    Ok((child, input))
}

#[async_trait]
impl Processes for RealProcesses {
    async fn run(&self, command: HostCommand) -> Result<HostOutput, PortError> {
        let shown: Vec<String> = command.args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
        self.started.lock().unwrap().push(shown.join(" "));
        let (mut child, input) = start(&command)?;
        let mut group = Group(child.id().and_then(|id| i32::try_from(id).ok()));
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let stdin = child.stdin.take();
        let feed = async {
            if let (Some(bytes), Some(mut stdin)) = (input, stdin) {
                // A program may end before it has read all.
                let _closed = stdin.write_all(&bytes).await;
            }
            Ok::<(), PortError>(())
        };
        let limit = match &command.stdout {
            OutputTo::Memory(limit) => *limit,
            OutputTo::File(_, limit) => usize::try_from(*limit).unwrap(),
        };
        let work = async { tokio::try_join!(feed, read(stdout, limit), read(stderr, 1 << 24)) };
        let ((), stdout, stderr) = tokio::time::timeout(command.timeout, work)
            .await
            .map_err(|_| PortError::transient("the program took too long"))??;
        let status = child.wait().await.unwrap();
        group.0 = None;
        let stdout = match command.stdout {
            OutputTo::Memory(_) => Bytes::from(stdout),
            OutputTo::File(path, _) => {
                store(&path, &stdout);
                Bytes::new()
            }
        };
        Ok(HostOutput { code: status.code(), stdout, stderr: Bytes::from(stderr) })
    }
}
