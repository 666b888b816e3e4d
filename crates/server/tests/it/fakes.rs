//! Adapters that tests answer for: what they give is set by the test, what is not needed says so.

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use telecoder_model::PortError;
use telecoder_model::id::{AgentName, SessionId};
use telecoder_model::port::agent::{
    AgentRuntime, AgentStatus, Conversation, InstallProgress, Launch, LaunchRequest,
};
use telecoder_model::port::clock::Clock;
use telecoder_model::port::gateway::{CallSink, ModelGateway, Provider, ProviderStatus};
use telecoder_model::port::git::{
    ChangeSummary, CommitRequest, DiffFile, DiffHunk, DiffLine, Diffs, FileChange, LayerContent, LocalRemote,
    Merged, PreparedWorkspace, RemotePush, RepositoryFacts, Workspaces,
};
use telecoder_model::port::ids::Ids;
use telecoder_model::port::rebase::Rebase;
use telecoder_model::port::sandbox::{
    Access, Duplex, ProcessSpec, Proof, Sandbox, SandboxDriver, SandboxRef, SandboxSpec, SandboxState,
};
use telecoder_model::port::upkeep::{Collected, KeptSession, Upkeep};
use telecoder_model::refs::{BranchName, ObjectId, Revision};
use telecoder_model::repository::Repository;
use telecoder_model::time::Timestamp;

fn unneeded<T>() -> Result<T, PortError> {
    Err(PortError::permanent("this fake cannot do that"))
}

/// A wall clock that the test sets.
#[derive(Debug)]
pub(crate) struct SetClock {
    now: AtomicI64,
    begun: Instant,
}

impl Default for SetClock {
    fn default() -> Self {
        Self { now: AtomicI64::new(1_700_000_000_000_000), begun: Instant::now() }
    }
}

impl SetClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.now.fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now.load(Ordering::SeqCst))
    }
    fn monotonic(&self) -> Duration {
        self.begun.elapsed()
    }
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// Counts instead of drawing at random, so that ids in snapshots stay.
#[derive(Debug, Default)]
pub(crate) struct CountingIds(AtomicU64);

impl Ids for CountingIds {
    fn fill(&self, bytes: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::SeqCst);
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::try_from((number.wrapping_mul(37).wrapping_add(index as u64 * 11)) % 251).unwrap();
        }
    }
}

#[derive(Debug)]
pub(crate) struct NoSandboxes;

#[async_trait]
impl SandboxDriver for NoSandboxes {
    fn kind(&self) -> &'static str {
        "fake"
    }
    async fn prove(&self) -> Result<Vec<Proof>, PortError> {
        Ok(vec![Proof {
            attempt: "read /etc/shadow".to_owned(),
            held: true,
            detail: "refused".to_owned(),
            remedy: None,
        }])
    }
    async fn create(&self, _: &SandboxRef, _: &SandboxSpec) -> Result<Arc<dyn Sandbox>, PortError> {
        unneeded()
    }
    async fn open(&self, _: &SandboxRef) -> Result<Option<Arc<dyn Sandbox>>, PortError> {
        Ok(None)
    }
    async fn inspect(&self, _: &SandboxRef) -> Result<SandboxState, PortError> {
        Ok(SandboxState::Absent)
    }
    async fn destroy(&self, _: &SandboxRef) -> Result<(), PortError> {
        Ok(())
    }
    async fn list(&self) -> Result<Vec<SandboxRef>, PortError> {
        Ok(Vec::new())
    }
}

/// One patch for every session, and one repository to inspect.
#[derive(Debug)]
pub(crate) struct FakeGit;

#[async_trait]
impl Diffs for FakeGit {
    async fn summary(
        &self,
        _: &SessionId,
        _: Option<&ObjectId>,
        _: &ObjectId,
    ) -> Result<ChangeSummary, PortError> {
        unneeded()
    }
    async fn patch(&self, _: &SessionId, _: Option<&ObjectId>, _: &ObjectId) -> Result<Bytes, PortError> {
        Ok(Bytes::from_static(b"diff --git a/calc.py b/calc.py\n-\xff\n+b\n"))
    }
    async fn files(
        &self,
        _: &SessionId,
        _: Option<&ObjectId>,
        _: &ObjectId,
    ) -> Result<Vec<DiffFile>, PortError> {
        Ok(vec![DiffFile {
            path: "calc.py".to_owned(),
            old_path: None,
            change: FileChange::Modified,
            binary: false,
            additions: 1,
            deletions: 1,
            hunks: vec![DiffHunk {
                old_start: 1,
                new_start: 1,
                heading: "def add".to_owned(),
                lines: vec![
                    DiffLine::Removed("a".to_owned()),
                    DiffLine::Added("b".to_owned()),
                    DiffLine::Context("c".to_owned()),
                ],
            }],
        }])
    }
}

#[async_trait]
impl Workspaces for FakeGit {
    async fn inspect(&self, repository: &Repository) -> Result<RepositoryFacts, PortError> {
        if repository.local_path() != Some("/srv/code") {
            return Err(PortError::not_found(format!("{repository} cannot be read")).remedy("check the path"));
        }
        Ok(RepositoryFacts {
            default_branch: Some("main".parse().unwrap()),
            head: Some("a".repeat(40).parse().unwrap()),
            origin: Some("acme/api".parse().unwrap()),
            uncommitted: vec!["notes.txt".to_owned()],
            uncommitted_total: 1,
        })
    }
    async fn origin(&self, repository: &Repository) -> Result<Option<Repository>, PortError> {
        Ok(self.inspect(repository).await?.origin)
    }
    async fn prepare(
        &self,
        _: &SessionId,
        _: Option<&Repository>,
        _: Option<&Revision>,
        _: Access,
    ) -> Result<PreparedWorkspace, PortError> {
        unneeded()
    }
    async fn layer(&self, _: &SessionId) -> Result<LayerContent, PortError> {
        Ok(LayerContent::default())
    }
    fn export(&self, _: &SessionId, _: Option<&ObjectId>, _: u32) -> Result<ProcessSpec, PortError> {
        unneeded()
    }
    async fn import(
        &self,
        _: &SessionId,
        _: futures::stream::BoxStream<'static, Result<Bytes, PortError>>,
    ) -> Result<ObjectId, PortError> {
        unneeded()
    }
    async fn commit(&self, _: &SessionId, _: &CommitRequest) -> Result<ObjectId, PortError> {
        unneeded()
    }
    async fn discard(&self, _: &SessionId) -> Result<(), PortError> {
        Ok(())
    }
    async fn remove(&self, _: &SessionId) -> Result<(), PortError> {
        Ok(())
    }
}

#[async_trait]
impl Upkeep for FakeGit {
    async fn kept(&self) -> Result<Vec<KeptSession>, PortError> {
        Ok(Vec::new())
    }
    async fn put_away(&self, _: &SessionId) -> Result<(), PortError> {
        Ok(())
    }
    async fn copy(&self, _: &std::path::Path) -> Result<(), PortError> {
        Ok(())
    }
    async fn collect(&self, _: usize) -> Result<Collected, PortError> {
        Ok(Collected::default())
    }
}

#[async_trait]
impl LocalRemote for FakeGit {
    async fn branch_head(&self, _: &Repository, _: &BranchName) -> Result<Option<ObjectId>, PortError> {
        Ok(None)
    }
    async fn push(
        &self,
        _: &SessionId,
        _: &ObjectId,
        _: &Repository,
        _: &BranchName,
        _: Option<&ObjectId>,
    ) -> Result<(), PortError> {
        Ok(())
    }
    async fn merge(
        &self,
        _: &Repository,
        _: &BranchName,
        _: &BranchName,
        _: &str,
        _: Timestamp,
    ) -> Result<Merged, PortError> {
        unneeded()
    }
    async fn delete_branch(&self, _: &Repository, _: &BranchName, _: &ObjectId) -> Result<(), PortError> {
        Ok(())
    }
}

#[async_trait]
impl RemotePush for FakeGit {
    async fn remote_head(&self, _: &Repository, _: &BranchName) -> Result<Option<ObjectId>, PortError> {
        unneeded()
    }
    async fn push_remote(
        &self,
        _: &SessionId,
        _: &ObjectId,
        _: &Repository,
        _: &BranchName,
        _: Option<&ObjectId>,
    ) -> Result<(), PortError> {
        unneeded()
    }
    async fn merge_conflicts(
        &self,
        _: &SessionId,
        _: &ObjectId,
        _: &Repository,
        _: &BranchName,
    ) -> Result<Vec<String>, PortError> {
        unneeded()
    }
}

#[async_trait]
impl Rebase for FakeGit {
    async fn bring(&self, _: &SessionId, _: &Repository, _: &BranchName) -> Result<ObjectId, PortError> {
        unneeded()
    }
    async fn replay(
        &self,
        _: &SessionId,
        _: &ObjectId,
        _: &ObjectId,
        _: &ObjectId,
    ) -> Result<ObjectId, PortError> {
        unneeded()
    }
    async fn join(
        &self,
        _: &SessionId,
        _: &ObjectId,
        _: &ObjectId,
        _: &str,
        _: Timestamp,
    ) -> Result<ObjectId, PortError> {
        unneeded()
    }
}

/// Two agents: `goose` is there, `codex` can be installed, `broken` cannot. While it is paused, an install waits.
#[derive(Debug, Default)]
pub(crate) struct FakeAgents {
    installed: Mutex<Vec<String>>,
    pub(crate) pause: tokio::sync::Mutex<()>,
    pub(crate) begun: Arc<AtomicU64>,
    pub(crate) cancelled: Arc<AtomicU64>,
}

struct CountsDrop(Arc<AtomicU64>);

impl Drop for CountsDrop {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl FakeAgents {
    fn status(&self, name: &str) -> AgentStatus {
        let installed = name == "goose" || self.installed.lock().unwrap().iter().any(|known| known == name);
        AgentStatus {
            name: name.parse().unwrap(),
            description: format!("the agent {name}"),
            in_catalogue: true,
            installed,
            version: Some("1.2.3".to_owned()),
            size_bytes: Some(275_000_000),
            location: installed.then(|| format!("/agents/{name}")),
            providers: vec![Provider::Anthropic],
            problem: None,
        }
    }
}

#[async_trait]
impl AgentRuntime for FakeAgents {
    async fn list(&self) -> Result<Vec<AgentStatus>, PortError> {
        Ok(["goose", "codex", "broken"].into_iter().map(|name| self.status(name)).collect())
    }
    async fn install(
        &self,
        name: &AgentName,
        progress: &dyn InstallProgress,
    ) -> Result<AgentStatus, PortError> {
        if !["goose", "codex", "broken"].contains(&name.as_str()) {
            return Err(PortError::not_found(format!("no agent {name}")));
        }
        progress.line("fetching\u{1b}[2J");
        self.begun.fetch_add(1, Ordering::SeqCst);
        let cancelled = CountsDrop(Arc::clone(&self.cancelled));
        drop(self.pause.lock().await);
        std::mem::forget(cancelled);
        if name.as_str() == "broken" {
            return Err(PortError::permanent("npm failed").remedy("look at the log"));
        }
        progress.line("unpacking");
        self.installed.lock().unwrap().push(name.to_string());
        Ok(self.status(name.as_str()))
    }
    async fn check(&self, name: &AgentName) -> Result<AgentStatus, PortError> {
        assert_ne!(name.as_str(), "panic", "this fake panics");
        if !["goose", "codex", "broken"].contains(&name.as_str()) {
            return Err(PortError::not_found(format!("no agent {name}")));
        }
        Ok(self.status(name.as_str()))
    }
    async fn launch(&self, _: &LaunchRequest) -> Result<Launch, PortError> {
        unneeded()
    }
    fn conversation(&self, _: &Value) -> Result<Box<dyn Conversation>, PortError> {
        unneeded()
    }
}

#[derive(Debug)]
pub(crate) struct FakeGateway;

#[async_trait]
impl ModelGateway for FakeGateway {
    fn providers(&self) -> Vec<ProviderStatus> {
        let status = |provider, ready| ProviderStatus {
            provider,
            base_url: "https://models.example".to_owned(),
            ready,
        };
        vec![status(Provider::Anthropic, true), status(Provider::Openai, false)]
    }
    async fn serve(&self, _: Provider, _: Box<dyn Duplex>, _: Arc<dyn CallSink>) {}
    async fn check(&self, provider: Provider) -> Result<(), PortError> {
        if provider == Provider::Anthropic {
            return Ok(());
        }
        Err(PortError::denied("the key is wrong").remedy("set a key"))
    }
}
