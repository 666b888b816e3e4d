//! What the doctor looks at on the host (layer 3): the data folder and its disk, the clock, git.

use async_trait::async_trait;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use telecoder_engine::HostCheck;
use telecoder_engine::request::{Finding, FindingState};
use telecoder_model::PortError;
use telecoder_model::port::clock::Clock;
use telecoder_model::port::process::{HostCommand, Processes};
use telecoder_model::time::Timestamp;

/// The oldest git whose `merge-tree` writes trees.
const LEAST_GIT: (u32, u32) = (2, 38);
/// Below this much free space the disk is called nearly full, in bytes.
const LITTLE_SPACE: u64 = 2_000_000_000;
/// Below this much nothing can be worked on, in bytes.
const NO_SPACE: u64 = 100_000_000;
/// 2025-01-01: no clock that is set shows an earlier time.
const EARLIEST: Timestamp = Timestamp::from_micros(1_735_689_600_000_000);

/// The host of a server.
#[derive(Debug)]
pub(crate) struct Host {
    data: PathBuf,
    /// Whether the data folder was there in the beginning; else the first start makes it.
    made: bool,
    processes: Arc<dyn Processes>,
    clock: Arc<dyn Clock>,
    /// A git that was found and is new enough.
    git: OnceLock<Finding>,
}

impl Host {
    pub(crate) fn new(data: PathBuf, processes: Arc<dyn Processes>, clock: Arc<dyn Clock>) -> Self {
        let made = data.is_dir();
        Self { data, made, processes, clock, git: OnceLock::new() }
    }

    /// What works is looked for once: health is asked for often.
    async fn git(&self) -> Finding {
        if let Some(found) = self.git.get() {
            return found.clone();
        }
        let found = self.look_for_git().await;
        if found.state == FindingState::Ok {
            return self.git.get_or_init(|| found).clone();
        }
        found
    }

    async fn look_for_git(&self) -> Finding {
        let mut command = HostCommand::new("git", "/");
        command.args = vec!["--version".into()];
        let remedy = format!("install git {}.{} or newer", LEAST_GIT.0, LEAST_GIT.1);
        match self.processes.run(command).await {
            Err(error) => finding("git", FindingState::Failed, error.chain(), Some(remedy)),
            Ok(output) => {
                let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
                let fine = version(&text).is_some_and(|version| version >= LEAST_GIT);
                let state = if fine { FindingState::Ok } else { FindingState::Failed };
                finding("git", state, text, (!fine).then_some(remedy))
            }
        }
    }

    fn folder(&self) -> Finding {
        let path = self.data.display();
        if self.data.is_dir() {
            return finding("data folder", FindingState::Ok, path.to_string(), None);
        }
        finding("data folder", FindingState::Ok, format!("{path}, which the first start makes"), None)
    }

    fn disk(&self) -> Finding {
        let place = self.data.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
        let free = match rustix::fs::statvfs(place) {
            Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize),
            Err(error) => {
                let words = format!("the disk of {} cannot be looked at: {error}", place.display());
                return finding("disk", FindingState::Warning, words, None);
            }
        };
        let state = match free {
            0..NO_SPACE => FindingState::Failed,
            NO_SPACE..LITTLE_SPACE => FindingState::Warning,
            LITTLE_SPACE.. => FindingState::Ok,
        };
        let remedy = (state != FindingState::Ok).then(|| {
            "free some space: agents, repositories and workspaces are kept in the data folder".to_owned()
        });
        let room = match free {
            0..10_000_000_000 => format!("{} MB", free / 1_000_000),
            10_000_000_000.. => format!("{} GB", free / 1_000_000_000),
        };
        finding("disk", state, format!("{room} free at {}", place.display()), remedy)
    }

    /// Whether a file can be made in the data folder.
    async fn writable(&self) -> Finding {
        if !self.made {
            return self.folder();
        }
        let path = self.data.join(format!(".probe-{}", std::process::id()));
        let file = path.clone();
        let tried = tokio::task::spawn_blocking(move || {
            let written = std::fs::write(&file, [0; 4096]);
            // Where none was made there is none to remove.
            drop(std::fs::remove_file(&file));
            written
        });
        match tried.await {
            Ok(Ok(())) => finding("data folder", FindingState::Ok, self.data.display().to_string(), None),
            Ok(Err(error)) => {
                let words = format!("no file can be written in {}: {error}", self.data.display());
                let remedy = "the server's user must be able to write there, the disk must have room, and the limit of open files must not be reached";
                finding("data folder", FindingState::Failed, words, Some(remedy.to_owned()))
            }
            Err(error) => finding("data folder", FindingState::Failed, error.to_string(), None),
        }
    }

    fn clock(&self) -> Finding {
        let now = self.clock.now();
        if now >= EARLIEST {
            return finding("clock", FindingState::Ok, format!("{now} (UTC)"), None);
        }
        let remedy = "set it (timedatectl set-ntp true): certificates and tokens depend on it".to_owned();
        finding("clock", FindingState::Failed, format!("it shows {now}"), Some(remedy))
    }
}

#[async_trait]
impl HostCheck for Host {
    async fn findings(&self) -> Vec<Finding> {
        vec![self.folder(), self.disk(), self.clock(), self.git().await]
    }
    async fn failures(&self) -> Vec<Finding> {
        let looks = [self.disk(), self.writable().await];
        looks.into_iter().filter(|finding| finding.state == FindingState::Failed).collect()
    }
    async fn used(&self) -> Result<u64, PortError> {
        let data = self.data.clone();
        let sum = tokio::task::spawn_blocking(move || crate::disk::used(&data)).await;
        sum.map_err(|error| PortError::transient("the look at the disk was broken off").because(error))?
            .map_err(|error| PortError::io("the data folder cannot be measured", error))
    }
}

/// The first two numbers of `git version 2.47.3`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.strip_prefix("git version ")?.split('.');
    let first = numbers.next()?.parse().ok()?;
    let second = numbers.next()?;
    let digits = second.find(|c: char| !c.is_ascii_digit()).unwrap_or(second.len());
    Some((first, second.get(..digits)?.parse().ok()?))
}

fn finding(subject: &str, state: FindingState, detail: String, remedy: Option<String>) -> Finding {
    Finding { subject: subject.to_owned(), state, detail, remedy }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_git_are_compared_as_numbers() {
        assert!(version("git version 2.47.3") > Some(LEAST_GIT));
        assert!(version("git version 2.9.5") < Some(LEAST_GIT));
        assert_eq!(version("git version 3.0-rc1 (somebody)"), Some((3, 0)));
        assert_eq!(version("2.47"), None);
    }
}
