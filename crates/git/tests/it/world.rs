//! A data folder, repositories of a person, and an agent that edits its tree.

use crate::processes::{Recorded, programs};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use telecoder_git::{Git, GitOptions};
use telecoder_model::PortError;
use telecoder_model::id::SessionId;
use telecoder_model::port::git::{CommitRequest, PreparedWorkspace, Workspaces};
use telecoder_model::port::process::{HostCommand, HostOutput, OutputTo, Processes};
use telecoder_model::port::sandbox::Access;
use telecoder_model::refs::ObjectId;
use telecoder_model::repository::Repository;
use telecoder_model::time::Timestamp;
use telecoder_testkit::export;
pub(crate) use telecoder_testkit::export::stream;
use tempfile::TempDir;

/// The time of every commit that tests ask for.
pub(crate) const AT: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) git: Git,
    pub(crate) processes: Arc<Recorded>,
}

pub(crate) fn session(number: u8) -> SessionId {
    SessionId::from_random([number; 8])
}

/// A repository of a person, with their own configuration.
pub(crate) struct Person {
    pub(crate) path: PathBuf,
}

impl World {
    /// Copies of bases instead of overlays, so that an "agent" can edit them here.
    pub(crate) fn new() -> Self {
        Self::with(|options| options.overlay = false)
    }

    pub(crate) fn with(change: impl FnOnce(&mut GitOptions)) -> Self {
        let folder = TempDir::new().unwrap();
        // Another user must be able to reach repositories below it.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let processes = Arc::new(Recorded::new());
        let mut options = GitOptions::new(folder.path().join("git"), folder.path().join("sessions"));
        options.durable = false;
        change(&mut options);
        let git = Git::new(options, processes.clone());
        Self { folder, git, processes }
    }

    /// Another server on the same data folder.
    pub(crate) fn restarted(&self) -> Git {
        let mut options =
            GitOptions::new(self.folder.path().join("git"), self.folder.path().join("sessions"));
        options.durable = false;
        options.overlay = false;
        Git::new(options, self.processes.clone())
    }

    /// A repository with two commits on `main`.
    pub(crate) async fn person(&self, name: &str) -> Person {
        let person = self.empty_person(name).await;
        person.write("README.md", "# Demo\n").await;
        person.write("src/calc.py", "def add(a, b):\n    return a - b\n").await;
        person.commit("first").await;
        person.write("src/run.sh", "#!/bin/sh\necho run\n").await;
        fs::set_permissions(person.path.join("src/run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
        person.write(".gitignore", "target/\n*.log\n").await;
        person.commit("second").await;
        person
    }

    pub(crate) async fn empty_person(&self, name: &str) -> Person {
        let path = self.folder.path().join(name);
        fs::create_dir(&path).unwrap();
        let person = Person { path };
        person.git(&["init", "-q", "-b", "main"]).await;
        person
    }

    pub(crate) async fn prepare(&self, session: &SessionId, person: &Person) -> PreparedWorkspace {
        self.git.prepare(session, Some(&person.repository()), None, Access::ReadWrite).await.unwrap()
    }

    /// Runs the export where the tree stands, as the engine does inside the sandbox.
    pub(crate) async fn export_in(
        &self,
        session: &SessionId,
        tree: &Path,
        base: Option<&ObjectId>,
    ) -> HostOutput {
        export::run(&self.git, &*self.processes, session, tree, base).await
    }

    /// Exports and imports what the agent left.
    pub(crate) async fn take(
        &self,
        session: &SessionId,
        workspace: &PreparedWorkspace,
    ) -> Result<ObjectId, PortError> {
        let output = self.export_in(session, &tree_of(workspace), workspace.base_commit.as_ref()).await;
        self.git.import(session, stream(&output.stdout)).await
    }

    /// Exports, imports and commits what the agent left.
    pub(crate) async fn snapshot(&self, session: &SessionId, workspace: &PreparedWorkspace) -> ObjectId {
        let tree = self.take(session, workspace).await.unwrap();
        self.commit(session, &tree, workspace.base_commit.as_ref()).await
    }

    pub(crate) async fn commit(
        &self,
        session: &SessionId,
        tree: &ObjectId,
        parent: Option<&ObjectId>,
    ) -> ObjectId {
        let request = CommitRequest {
            tree: tree.clone(),
            parent: parent.cloned(),
            message: "Fix the sum".to_owned(),
            author: None,
            at: AT,
        };
        self.git.commit(session, &request).await.unwrap()
    }

    /// Reads with git in the session's quarantine.
    pub(crate) async fn look(&self, session: &SessionId, args: &[&str]) -> String {
        let quarantine = self.folder.path().join("sessions").join(session.as_str()).join("quarantine.git");
        git_in(&quarantine, args).await
    }
}

pub(crate) fn tree_of(workspace: &PreparedWorkspace) -> PathBuf {
    export::tree_of(&workspace.source)
}

pub(crate) fn put(tree: &Path, name: &str, content: &str) {
    let path = tree.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

pub(crate) async fn git_in(folder: &Path, args: &[&str]) -> String {
    let output = try_git(folder, args, &BTreeMap::new()).await;
    assert_eq!(output.code, Some(0), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

pub(crate) async fn try_git(folder: &Path, args: &[&str], env: &BTreeMap<&str, &str>) -> HostOutput {
    let mut command = HostCommand::new("git", folder);
    command.args = args.iter().map(OsString::from).collect();
    command.stdout = OutputTo::Memory(64 << 20);
    command.timeout = Duration::from_secs(120);
    for (name, value) in [
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_AUTHOR_NAME", "Ada"),
        ("GIT_AUTHOR_EMAIL", "ada@example.org"),
        ("GIT_COMMITTER_NAME", "Ada"),
        ("GIT_COMMITTER_EMAIL", "ada@example.org"),
        ("GIT_AUTHOR_DATE", "@1600000000 +0000"),
        ("GIT_COMMITTER_DATE", "@1600000000 +0000"),
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "safe.directory"),
        ("GIT_CONFIG_VALUE_0", "*"),
    ] {
        command.env.insert(OsString::from(name), OsString::from(value));
    }
    for (name, value) in env {
        command.env.insert(OsString::from(name), OsString::from(value));
    }
    programs().run(command).await.unwrap()
}

impl Person {
    pub(crate) fn repository(&self) -> Repository {
        self.path.to_str().unwrap().parse().unwrap()
    }
    pub(crate) async fn git(&self, args: &[&str]) -> String {
        git_in(&self.path, args).await
    }
    pub(crate) async fn write(&self, name: &str, content: &str) {
        put(&self.path, name, content);
    }
    pub(crate) async fn commit(&self, message: &str) -> ObjectId {
        self.git(&["add", "-A"]).await;
        self.git(&["commit", "-q", "-m", message]).await;
        self.head().await
    }
    pub(crate) async fn head(&self) -> ObjectId {
        self.git(&["rev-parse", "HEAD"]).await.parse().unwrap()
    }
    /// Everything that must stay as it is while others work: refs but ours, index, work tree, configuration.
    pub(crate) async fn fingerprint(&self) -> String {
        let mut text = String::new();
        for line in self
            .git(&["for-each-ref", "--format=%(refname) %(objectname)"])
            .await
            .lines()
            .filter(|line| !line.starts_with("refs/heads/telecoder/"))
        {
            text.push_str(line);
            text.push('\n');
        }
        text.push_str(&self.git(&["symbolic-ref", "HEAD"]).await);
        text.push_str(&self.git(&["status", "--porcelain", "-uall"]).await);
        text.push_str(&self.git(&["ls-files", "-s"]).await);
        text.push_str(&fs::read_to_string(self.path.join(".git/config")).unwrap());
        text
    }
}
