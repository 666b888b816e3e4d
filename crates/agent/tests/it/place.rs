//! A host of its own for each test: a folder for agents, one for programs, a home (dev).

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use telecoder_agent::{AgentOptions, Agents};
use telecoder_model::policy::Policy;
use telecoder_model::port::agent::{InstallProgress, LaunchRequest};
use telecoder_model::port::gateway::Provider;
use telecoder_sandbox::HostProcesses;
use tempfile::TempDir;

/// Where Goose's program stands below its folder.
pub(crate) const GOOSE: &str = "node_modules/@aaif/goose-binary-linux-x64/bin/goose";

/// A host.
pub(crate) struct Place {
    folder: TempDir,
    /// Commands of the configuration.
    pub(crate) commands: BTreeMap<&'static str, String>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self { folder: TempDir::new().unwrap(), commands: BTreeMap::new() };
        std::fs::create_dir_all(place.path("bin")).unwrap();
        std::fs::create_dir_all(place.path("home")).unwrap();
        place
    }

    /// A path below the host's folder.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.root().join(below)
    }

    pub(crate) fn root(&self) -> PathBuf {
        // Folders for temporary files may be symbolic links.
        self.folder.path().canonicalize().unwrap()
    }

    /// A path below the host's folder as text.
    pub(crate) fn text(&self, below: &str) -> String {
        self.path(below).to_str().unwrap().to_owned()
    }

    /// Writes a file.
    pub(crate) fn file(&self, below: &str, text: &str) -> PathBuf {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Writes a program.
    pub(crate) fn program(&self, below: &str, text: &str) -> PathBuf {
        let path = self.file(below, text);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// A stand-in for npm that makes a Goose that says its version, and writes down how it was called.
    pub(crate) fn npm(&self, before: &str) {
        self.npm_of(&[GOOSE], before);
    }

    /// A stand-in for npm that makes these programs, each of which says a version.
    pub(crate) fn npm_of(&self, programs: &[&str], before: &str) {
        let log = self.text("npm.log");
        let mut script = format!("#!/bin/sh\nset -e\numask 077\necho \"$@\" >> {log}\n{before}\n");
        for program in programs {
            let folder = Path::new(program).parent().unwrap().display();
            script += &format!(
                "mkdir -p {folder}\ncat > {program} <<'END'\n#!/bin/sh\necho 1.34.0\nEND\nchmod 700 {program}\n"
            );
        }
        self.program("bin/npm", &script);
    }

    /// Starts programs of this host.
    pub(crate) fn processes(&self) -> Arc<HostProcesses> {
        Arc::new(HostProcesses::new("/usr/bin:/bin"))
    }

    pub(crate) fn agents(&self) -> Agents {
        Agents::new(self.options(), self.processes()).unwrap()
    }

    pub(crate) fn options(&self) -> AgentOptions {
        AgentOptions {
            agents_dir: self.path("agents"),
            commands: self
                .commands
                .iter()
                .map(|(name, command)| (name.parse().unwrap(), command.clone()))
                .collect(),
            host_path: vec![self.path("bin"), "/usr/bin".into(), "/bin".into()],
            host_home: Some(self.path("home")),
            install_env: [
                ("HOME".to_owned(), self.text("home")),
                ("npm_config_registry".to_owned(), "https://registry.example/".to_owned()),
            ]
            .into(),
        }
    }

    /// A text without what differs from run to run.
    pub(crate) fn filtered(&self, text: &str) -> String {
        text.replace(self.root().to_str().unwrap(), "[place]")
    }
}

/// Keeps the lines of an install.
#[derive(Default)]
pub(crate) struct Lines(Mutex<Vec<String>>);

impl InstallProgress for Lines {
    fn line(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
}

impl Lines {
    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }
}

/// A request for an agent under the standard policy with a key of every provider.
pub(crate) fn request(agent: &str) -> LaunchRequest {
    LaunchRequest {
        agent: agent.parse().unwrap(),
        model: None,
        policy: Policy::standard(),
        providers: Provider::ALL.to_vec(),
    }
}
