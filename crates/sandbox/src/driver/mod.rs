//! The local driver (layer 1): sandboxes as namespaces on the server's own host.
//!
//! Everything that a sandbox leaves on the host is named by its reference: the run folder `<run_dir>/<reference>` and
//! the cgroups. The run folder is made first and removed last, so that its name is enough to find the rest.

#[cfg(not(any(test, feature = "fuzzing")))]
mod attached;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod attached;
mod destroy;
mod prove;
mod run_folder;
mod spawn;

use crate::cgroup::{CgroupChoice, Cgroups};
use crate::failure::failed;
use crate::owner::{HostOwner, host_owner};
use crate::proof;
use async_trait::async_trait;
use attached::LocalSandbox;
use run_folder::RunFolder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use telecoder_model::error::{ErrorClass, PortError};
use telecoder_model::port::sandbox::{Proof, Sandbox, SandboxDriver, SandboxRef, SandboxSpec, SandboxState};

/// A sandbox that is only spoken of, for [`crate::frames`].
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) const ATTEMPT: &str = "abcdefghijkl-1-fuzzing";
/// How long a launch that is under way already may take.
const LAUNCH_WAIT: Duration = Duration::from_secs(30);
/// The time between two looks at a launch that is under way.
const LOOK: Duration = Duration::from_millis(5);

/// How a local driver is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalOptions {
    /// The program that is run as `<program> supervise …`; users other than the server's must be able to execute it.
    pub program: PathBuf,
    /// Where run folders stand; it must be on a disk, since output is journalled there.
    pub run_dir: PathBuf,
    /// The host uid of sandboxes, as [`host_owner`] tells it.
    pub host_uid: u32,
    /// Which cgroups bound them.
    pub cgroups: CgroupChoice,
}

/// Makes sandboxes of namespaces, without any service.
#[derive(Debug)]
pub struct LocalDriver {
    options: LocalOptions,
    cgroups: Cgroups,
    owner: HostOwner,
    hidden: Vec<PathBuf>,
    /// What is executed for the program.
    image: PathBuf,
}

/// What to execute for a program. This very one is the image that runs: its file may be replaced meanwhile, and a launcher
/// of another version may understand other words.
fn image_of(program: &Path) -> PathBuf {
    let own = std::env::current_exe().is_ok_and(|own| own == program);
    if own { PathBuf::from("/proc/self/exe") } else { program.to_owned() }
}

impl LocalDriver {
    /// Prepares the run folder and finds the host's cgroups.
    pub fn new(options: LocalOptions) -> Result<Self, PortError> {
        let owner = host_owner();
        if options.host_uid != owner.uid {
            return Err(PortError::permanent(format!(
                "sandboxes of this server run as host user {}, not {}",
                owner.uid, options.host_uid
            )));
        }
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&options.run_dir)
            .map_err(failed(format!("cannot make {}", options.run_dir.display())))?;
        proof::sweep(&options.run_dir)
            .map_err(failed(format!("cannot tidy {}", options.run_dir.display())))?;
        let cgroups = Cgroups::find(&options.cgroups)?;
        let run_dir = options.run_dir.canonicalize();
        let run_dir = run_dir.map_err(failed(format!("cannot find {}", options.run_dir.display())))?;
        let image = image_of(&options.program);
        Ok(Self { options, cgroups, owner, hidden: vec![run_dir], image })
    }

    /// Covers a folder of the server's (its data) where it stands in a tree that sandboxes see, such as `/opt`. The
    /// run folder is covered always.
    #[must_use]
    pub fn hiding(mut self, folder: &Path) -> Self {
        // Trees are shown under their real names.
        self.hidden.push(folder.canonicalize().unwrap_or_else(|_| folder.to_owned()));
        self
    }

    /// Whether the kernel bounds memory, CPU and processes. Without it the supervisor watches memory, rlimits bound
    /// processes, and CPU is not bounded.
    pub fn limited_by_cgroup(&self) -> bool {
        self.cgroups.limit()
    }

    fn folder(&self, reference: &SandboxRef) -> RunFolder {
        RunFolder::new(&self.options.run_dir, reference)
    }

    async fn attach(&self, reference: &SandboxRef) -> Result<Option<Arc<dyn Sandbox>>, PortError> {
        let Some(socket) = self.folder(reference).connect().await? else {
            return Ok(None);
        };
        Ok(Some(Arc::new(LocalSandbox::attach(reference.clone(), socket).await?)))
    }
}

#[async_trait]
impl SandboxDriver for LocalDriver {
    fn kind(&self) -> &'static str {
        "local"
    }

    async fn prove(&self) -> Result<Vec<Proof>, PortError> {
        prove::prove(self).await
    }

    async fn create(
        &self,
        reference: &SandboxRef,
        spec: &SandboxSpec,
    ) -> Result<Arc<dyn Sandbox>, PortError> {
        let folder = self.folder(reference);
        let started = tokio::time::Instant::now();
        loop {
            match self.attach(reference).await {
                Ok(Some(sandbox)) => return Ok(sandbox),
                Ok(None) => {}
                // A launch that was cut off may end just when its supervisor is found.
                Err(error) if error.class == ErrorClass::Transient && started.elapsed() < LAUNCH_WAIT => {}
                Err(error) => return Err(error),
            }
            if let Some(lock) = folder.take()? {
                destroy::clean(&self.cgroups, reference).await?;
                spawn::launch(self, lock, reference, spec).await?;
                let gone =
                    || PortError::transient(format!("the sandbox {reference} ended as soon as it began"));
                return self.attach(reference).await?.ok_or_else(gone);
            }
            // Another server began to launch it and was ended; the launch goes on by itself.
            if started.elapsed() > LAUNCH_WAIT {
                return Err(PortError::transient(format!(
                    "the sandbox {reference} is held by a launch that hangs"
                )));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn open(&self, reference: &SandboxRef) -> Result<Option<Arc<dyn Sandbox>>, PortError> {
        self.attach(reference).await
    }

    async fn inspect(&self, reference: &SandboxRef) -> Result<SandboxState, PortError> {
        let folder = self.folder(reference);
        Ok(if folder.connect().await?.is_some() {
            SandboxState::Running
        } else if folder.exists() || self.cgroups.left(&reference.to_string()) {
            SandboxState::Dead
        } else {
            SandboxState::Absent
        })
    }

    async fn destroy(&self, reference: &SandboxRef) -> Result<(), PortError> {
        destroy::destroy(&self.cgroups, &self.folder(reference), reference).await
    }

    async fn list(&self) -> Result<Vec<SandboxRef>, PortError> {
        let what = || format!("cannot read {}", self.options.run_dir.display());
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.options.run_dir).map_err(failed(what()))? {
            let name = entry.map_err(failed(what()))?.file_name();
            found.extend(name.to_str().and_then(|name| name.parse::<SandboxRef>().ok()));
        }
        // A proof removes its own; nobody else may.
        found.retain(|reference| !proof::stands(&self.options.run_dir, &reference.nonce));
        found.sort();
        Ok(found)
    }
}
