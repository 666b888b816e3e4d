//! The process port on this host (layer 1): programs outside of sandboxes, each in a process group of its own that ends with it.

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;
use telecoder_model::PortError;
use telecoder_model::port::process::{HostCommand, HostOutput, Input, OutputTo, Processes};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

/// Bytes of standard error that are kept, the last ones.
const STDERR_KEPT: usize = 64 * 1024;
const CHUNK: usize = 64 * 1024;

/// Starts programs of this host.
#[derive(Debug, Clone)]
pub struct HostProcesses {
    path: String,
}

impl HostProcesses {
    /// Programs are found in `path` where a command sets no `PATH` of its own.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into() }
    }
}

#[async_trait]
impl Processes for HostProcesses {
    async fn run(&self, command: HostCommand) -> Result<HostOutput, PortError> {
        let name = command.program.to_string_lossy().into_owned();
        let mut child = self.spawn(&command)?;
        let mut group = Group::of(&child);
        let timeout = command.timeout;
        let done = tokio::time::timeout(timeout, drive(&mut child, command)).await;
        let output = match done {
            Ok(output) => output?,
            Err(_) => {
                return Err(PortError::transient(format!(
                    "`{name}` took longer than {} s and was ended",
                    timeout.as_secs()
                )));
            }
        };
        group.release();
        Ok(output)
    }
}

impl HostProcesses {
    fn spawn(&self, command: &HostCommand) -> Result<Child, PortError> {
        #[expect(clippy::disallowed_methods, reason = "this is the process port")]
        let mut start = Command::new(&command.program);
        start.args(&command.args).env_clear();
        if !command.env.contains_key(OsStr::new("PATH")) {
            start.env("PATH", &self.path);
        }
        start.envs(&command.env).current_dir(&command.cwd).process_group(0).kill_on_drop(true);
        start.stdin(match &command.stdin {
            Input::Nothing => Stdio::null(),
            Input::Bytes(_) => Stdio::piped(),
            Input::File(path) => {
                let what = || format!("cannot read {}", path.display());
                Stdio::from(std::fs::File::open(path).map_err(|error| PortError::io(what(), error))?)
            }
        });
        start.stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(user) = command.user {
            start.uid(user.uid).gid(user.gid);
        }
        let name = command.program.to_string_lossy();
        start.spawn().map_err(|error| {
            let missing = error.kind() == std::io::ErrorKind::NotFound && command.cwd.is_dir();
            let failed = PortError::io(format!("cannot start `{name}`"), error);
            if missing {
                failed.remedy(format!("install `{name}`, or add its folder to the server's PATH"))
            } else {
                failed
            }
        })
    }
}

async fn drive(child: &mut Child, command: HostCommand) -> Result<HostOutput, PortError> {
    let broken = |error| PortError::io("cannot talk to a program", error);
    let stdin = child.stdin.take();
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(PortError::permanent("a program was started without its pipes"));
    };
    let feed = async {
        if let (Some(mut stdin), Input::Bytes(bytes)) = (stdin, &command.stdin) {
            // A program may end without reading everything; its exit code tells what that means.
            drop(stdin.write_all(bytes).await);
        }
        Ok(())
    };
    let collect = async {
        match &command.stdout {
            OutputTo::Memory(limit) => in_memory(stdout, *limit).await,
            OutputTo::File(path, limit) => in_file(stdout, path, *limit).await.map(|()| Bytes::new()),
        }
    };
    let ((), stdout, stderr) = tokio::try_join!(feed, collect, tail(stderr))?;
    let status = child.wait().await.map_err(broken)?;
    Ok(HostOutput { code: status.code(), stdout, stderr })
}

async fn in_memory(mut from: impl AsyncRead + Unpin, limit: usize) -> Result<Bytes, PortError> {
    let mut all = BytesMut::new();
    while from
        .read_buf(&mut all)
        .await
        .map_err(|error| PortError::io("cannot read a program's output", error))?
        > 0
    {
        if all.len() > limit {
            return Err(too_much(limit));
        }
    }
    Ok(all.freeze())
}

async fn in_file(mut from: impl AsyncRead + Unpin, path: &Path, limit: u64) -> Result<(), PortError> {
    let failed = |error| PortError::io(format!("cannot write {}", path.display()), error);
    let mut file = tokio::fs::File::create_new(path).await.map_err(failed)?;
    let mut written = 0_u64;
    let mut chunk = BytesMut::with_capacity(CHUNK);
    while from
        .read_buf(&mut chunk)
        .await
        .map_err(|error| PortError::io("cannot read a program's output", error))?
        > 0
    {
        written = written.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if written > limit {
            return Err(too_much(limit));
        }
        file.write_all(&chunk).await.map_err(failed)?;
        chunk.clear();
    }
    file.flush().await.map_err(failed)
}

/// The last bytes; everything before is read and forgotten.
async fn tail(mut from: impl AsyncRead + Unpin) -> Result<Bytes, PortError> {
    let mut kept = BytesMut::new();
    while from
        .read_buf(&mut kept)
        .await
        .map_err(|error| PortError::io("cannot read a program's errors", error))?
        > 0
    {
        let excess = kept.len().saturating_sub(STDERR_KEPT);
        drop(kept.split_to(excess));
    }
    Ok(kept.freeze())
}

fn too_much(limit: impl std::fmt::Display) -> PortError {
    PortError::full(format!("a program wrote more than {limit} bytes and was ended"))
}

/// Ends a program's whole group, unless it has ended by itself.
struct Group(Option<nix::unistd::Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| i32::try_from(id).ok()).map(nix::unistd::Pid::from_raw))
    }
    fn release(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(pid) = self.0 {
            // It may be gone already.
            let _gone = nix::sys::signal::killpg(pid, nix::sys::signal::Signal::SIGKILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use telecoder_model::ErrorClass;

    fn shell(script: &str) -> HostCommand {
        let mut command = HostCommand::new("/bin/sh", "/");
        command.args = vec!["-c".into(), script.into()];
        command
    }

    async fn run(command: HostCommand) -> Result<HostOutput, PortError> {
        HostProcesses::new("/usr/bin:/bin").run(command).await
    }

    #[tokio::test]
    async fn input_output_and_exit_code() {
        let mut command = shell("cat; echo said >&2; exit 3");
        command.stdin = Input::Bytes(Bytes::from_static(b"hello"));
        let output = run(command).await.unwrap();
        assert_eq!(output, HostOutput { code: Some(3), stdout: "hello".into(), stderr: "said\n".into() });
    }

    #[tokio::test]
    async fn nothing_is_inherited_but_a_path() {
        let output =
            run(shell("env | grep -v -e '^PWD=' -e '^_=' -e '^SHLVL=' -e '^OLDPWD='")).await.unwrap();
        assert_eq!(output.stdout, "PATH=/usr/bin:/bin\n");
    }

    #[tokio::test]
    async fn bounds_end_the_whole_group() {
        let mut command = shell("yes");
        command.stdout = OutputTo::Memory(1000);
        assert_eq!(run(command).await.unwrap_err().class, ErrorClass::Full);
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("mark");
        let mut command = shell(&format!("(tail -f /dev/null; touch {}) & wait", mark.display()));
        command.timeout = Duration::from_millis(100);
        assert_eq!(run(command).await.unwrap_err().class, ErrorClass::Transient);
        assert!(!mark.exists());
    }

    #[tokio::test]
    async fn a_missing_program_is_named_with_a_remedy() {
        let error = run(HostCommand::new("no-such-program", "/")).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::NotFound);
        assert!(error.remedy.unwrap().contains("no-such-program"));
    }
}
