//! Installing an agent of the catalogue (layer 1): `npm ci` of its lock file into a folder beside its place, then a rename.
//!
//! Invariants: a folder that bears a version is whole (it is synced before it is renamed into place); one install of an
//! agent at a time on this host (a lock file); what an earlier one left behind is removed; no package's script runs; npm
//! finds its registry by the host's own configuration, none is named here.

mod files;

use crate::catalogue::Agent;
use crate::command::{self, Host};
use crate::named::megabytes;
use files::{prepare, put_in_place, remove, settle};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;
use telecoder_model::port::agent::InstallProgress;
use telecoder_model::port::process::{HostCommand, HostOutput, Processes};
use telecoder_model::text::harmless;
use telecoder_model::{ErrorClass, PortError};

/// How long npm may take.
const INSTALL_TIMEOUT: Duration = Duration::from_secs(20 * 60);
/// How long a version command may take; the slowest needs 8 s on a busy machine.
const VERSION_TIMEOUT: Duration = Duration::from_secs(60);
/// The file that an install leaves in its folder.
const RECEIPT: &str = "telecoder-install.json";
/// What an install writes down.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    agent: String,
    version: String,
    size_bytes: u64,
    /// What its version command said.
    says: String,
}

/// What installs need of the host.
pub(crate) struct Installer<'a> {
    /// Where agents are installed.
    pub(crate) agents_dir: &'a Path,
    /// Where programs are found.
    pub(crate) host: &'a Host,
    /// The environment that npm inherits.
    pub(crate) env: &'a BTreeMap<String, String>,
    /// Starts programs.
    pub(crate) processes: &'a dyn Processes,
}

/// The folder of an agent's pinned version.
pub(crate) fn folder(agents_dir: &Path, agent: &Agent) -> PathBuf {
    agents_dir.join(agent.name).join(agent.version)
}

/// The bytes of an installed agent; `None` where it is not installed.
pub(crate) fn installed(agents_dir: &Path, agent: &Agent) -> Option<u64> {
    let folder = folder(agents_dir, agent);
    let bytes = std::fs::read(folder.join(RECEIPT)).ok()?;
    let receipt: Receipt = serde_json::from_slice(&bytes).ok()?;
    agent.program.iter().all(|part| folder.join(part).is_file()).then_some(receipt.size_bytes)
}

/// Whether the catalogue's agents run on this machine.
pub(crate) fn supported() -> Result<(), PortError> {
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        Ok(())
    } else {
        Err(PortError::permanent(
            "the agents of the catalogue are installed on Linux on x86-64 processors only",
        )
        .remedy("use an agent of your own with TELECODER_AGENT_<NAME>_COMMAND"))
    }
}

impl Installer<'_> {
    /// Installs an agent; does nothing where it is there.
    pub(crate) async fn install(
        &self,
        agent: &Agent,
        progress: &dyn InstallProgress,
    ) -> Result<(), PortError> {
        supported()?;
        let title = format!("{} {}", agent.name, agent.version);
        if installed(self.agents_dir, agent).is_some() {
            progress.line(&format!("{title} is installed already"));
            return Ok(());
        }
        let npm = self.npm()?;
        let parent = self.agents_dir.join(agent.name);
        let lock =
            lock(&parent, || progress.line(&format!("waiting for another install of {title} …"))).await?;
        if installed(self.agents_dir, agent).is_some() {
            progress.line(&format!("{title} is installed already"));
            return Ok(());
        }
        if let Some(notice) = agent.notice {
            progress.line(notice);
        }
        let staging = parent.join(format!(".installing-{}", agent.version));
        let done = self.install_locked(agent, &npm, &staging, progress).await;
        if done.is_err() {
            let leftover = staging.clone();
            // Best effort: what stays is removed by the next install, and never looks installed.
            drop(blocking(move || remove(&leftover)).await);
        }
        drop(lock);
        done
    }

    async fn install_locked(
        &self,
        agent: &Agent,
        npm: &Path,
        staging: &Path,
        progress: &dyn InstallProgress,
    ) -> Result<(), PortError> {
        let title = format!("{} {}", agent.name, agent.version);
        let (stage, lock) = (staging.to_owned(), agent.lock);
        blocking(move || prepare(&stage, lock)).await?;
        progress.line(&format!(
            "installing {title} with npm, {} on disk; this takes a minute or so",
            megabytes(agent.installed_bytes)
        ));
        let output = self.processes.run(self.npm_ci(npm, staging)).await?;
        if output.code != Some(0) {
            return Err(npm_failed(agent, &output));
        }
        let (stage, program) = (staging.to_owned(), agent.program);
        let size_bytes = blocking(move || settle(&stage, program)).await?;
        progress.line(&format!("{} are there; trying whether it starts", megabytes(size_bytes)));
        let says = self.says(agent, &program_argv(agent, staging), staging).await?;
        let receipt = Receipt {
            agent: agent.name.to_owned(),
            version: agent.version.to_owned(),
            size_bytes,
            says: says.clone(),
        };
        let (stage, place) = (staging.to_owned(), folder(self.agents_dir, agent));
        blocking(move || put_in_place(&stage, &place, &receipt)).await?;
        progress.line(&format!("{title} is installed (it says: {says})"));
        Ok(())
    }

    fn npm(&self) -> Result<PathBuf, PortError> {
        command::locate("npm", self.host).map_err(|_| {
            PortError::not_found("npm is not found in the PATH of the server, and agents are installed with it").remedy(
                "install Node.js 20 or newer with npm (Debian and Ubuntu: `apt install nodejs npm`); it is needed for the install only, agents bring their own Node",
            )
        })
    }

    fn npm_ci(&self, npm: &Path, staging: &Path) -> HostCommand {
        let mut command = HostCommand::new(npm, staging);
        command.args = [
            "ci",
            "--ignore-scripts",
            "--omit=dev",
            "--no-audit",
            "--no-fund",
            "--no-progress",
            "--no-update-notifier",
            "--loglevel=error",
        ]
        .map(OsString::from)
        .to_vec();
        command.env = self.env.iter().map(|(name, value)| (name.into(), value.into())).collect();
        command.env.insert("PATH".into(), self.path());
        command.timeout = INSTALL_TIMEOUT;
        command
    }

    fn path(&self) -> OsString {
        std::env::join_paths(&self.host.path).unwrap_or_default()
    }

    /// Runs a program's version command, with an empty home that is removed again, and gives the first line.
    pub(crate) async fn says(
        &self,
        agent: &Agent,
        argv: &[PathBuf],
        scratch_parent: &Path,
    ) -> Result<String, PortError> {
        let home = scratch_parent.join(".home");
        let made = home.clone();
        blocking(move || {
            remove(&made)?;
            std::fs::create_dir_all(&made)
                .map_err(|error| PortError::io(format!("cannot make {}", made.display()), error))
        })
        .await?;
        let (program, arguments) = argv.split_first().ok_or_else(|| PortError::permanent("no program"))?;
        let mut command = HostCommand::new(program, &home);
        command.args = arguments.iter().map(|argument| argument.clone().into_os_string()).collect();
        command.args.push("--version".into());
        for name in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "TMPDIR"]
        {
            command.env.insert(name.into(), home.clone().into_os_string());
        }
        command.env.insert("PATH".into(), self.path());
        command.timeout = VERSION_TIMEOUT;
        let output = self.processes.run(command).await;
        blocking(move || remove(&home)).await?;
        let output = output?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = text.lines().map(str::trim).find(|line| !line.is_empty());
        match (output.code, line) {
            (Some(0), Some(line)) => Ok(telecoder_model::text::title(line)),
            _ => Err(PortError::permanent(format!(
                "{} does not start: its version command ended with {} and said: {}",
                agent.name,
                output.code.map_or_else(|| "a signal".to_owned(), |code| format!("code {code}")),
                tail(&output),
            ))
            .remedy("check that this machine can run it (processor, C library)")),
        }
    }
}

/// The agent's command below a folder of the host.
pub(crate) fn program_argv(agent: &Agent, folder: &Path) -> Vec<PathBuf> {
    agent.program.iter().map(|part| folder.join(part)).collect()
}

/// Takes the lock of an agent's installs; it is given back when the file is closed.
pub(crate) async fn lock(parent: &Path, waiting: impl FnOnce()) -> Result<File, PortError> {
    let parent = parent.to_owned();
    let file = blocking(move || {
        let failed = |error| PortError::io(format!("cannot make {}", parent.display()), error);
        std::fs::create_dir_all(&parent).map_err(failed)?;
        File::options().create(true).truncate(false).write(true).open(parent.join(".lock")).map_err(failed)
    })
    .await?;
    if file.try_lock().is_ok() {
        return Ok(file);
    }
    waiting();
    blocking(move || {
        file.lock().map_err(|error| PortError::io("cannot lock the agent's folder", error))?;
        Ok(file)
    })
    .await
}

fn npm_failed(agent: &Agent, output: &HostOutput) -> PortError {
    let words = tail(output);
    // npm prints the system's error code.
    let has = |codes: &[&str]| codes.iter().any(|code| words.contains(code));
    let (class, remedy) = if has(&["ENOSPC", "EDQUOT"]) {
        (ErrorClass::Full, "make room on the disk")
    } else if has(&["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH"]) {
        (ErrorClass::Transient, "check the network, or npm's configuration of a registry or proxy")
    } else {
        (ErrorClass::Permanent, "try `npm ping` on this host as the same user")
    };
    let code = output.code.map_or_else(|| "a signal".to_owned(), |code| format!("code {code}"));
    PortError::new(class, format!("npm could not install {}: it ended with {code}: {words}", agent.name))
        .remedy(remedy)
}

/// The end of what a program said, for people.
fn tail(output: &HostOutput) -> String {
    let bytes = if output.stderr.is_empty() { &output.stdout } else { &output.stderr };
    let start = bytes.len().saturating_sub(1500);
    let text = String::from_utf8_lossy(bytes.get(start..).unwrap_or_default()).into_owned();
    harmless(text.trim())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PortError> + Send + 'static,
) -> Result<T, PortError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| PortError::permanent("a task on files was ended").because(error))?
}
