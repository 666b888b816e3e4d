//! Trees, commits and pull requests that are tables.

use super::World;
use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use telecoder_model::PortError;
use telecoder_model::id::SessionId;
use telecoder_model::outcome::ChangedFile;
use telecoder_model::port::forge::{
    FailingLog, Forge, ForgeIssue, ForgePull, ForgeReader, ForgeRepository, ForgeStatus, PullReport,
    PullRequest, PullSource, PushTarget,
};
use telecoder_model::port::git::{
    ChangeSummary, CommitRequest, DiffFile, Diffs, LayerContent, LocalRemote, Merged, PreparedWorkspace,
    RepositoryFacts, Workspaces,
};
use telecoder_model::port::sandbox::{Access, ProcessSpec, WorkspaceSource};
use telecoder_model::pull::PullState;
use telecoder_model::refs::{BranchName, ObjectId, Revision};
use telecoder_model::repository::Repository;
use telecoder_model::session::DiffStat;
use telecoder_model::time::Timestamp;

fn digest(text: &str) -> ObjectId {
    let mut hex = String::new();
    for byte in Sha256::digest(text.as_bytes()).iter().take(20) {
        hex.push_str(&format!("{byte:02x}"));
    }
    hex.parse().unwrap()
}

#[async_trait]
impl Workspaces for World {
    async fn inspect(&self, _: &Repository) -> Result<RepositoryFacts, PortError> {
        Err(PortError::permanent("not here"))
    }
    async fn prepare(
        &self,
        session: &SessionId,
        _: Option<&Repository>,
        _: Option<&Revision>,
        _: Access,
    ) -> Result<PreparedWorkspace, PortError> {
        let act = async {
            self.lock().trees.entry(session.clone()).or_default();
            Ok(PreparedWorkspace {
                source: WorkspaceSource::Bind { path: PathBuf::from("/tree") },
                base_commit: Some(digest("base")),
                base_branch: Some("main".parse().unwrap()),
            })
        };
        self.faults.call("workspaces.prepare", act).await
    }
    async fn layer(&self, session: &SessionId) -> Result<LayerContent, PortError> {
        let paths: Vec<String> =
            self.lock().trees.get(session).into_iter().flat_map(|t| t.keys().cloned()).collect();
        Ok(LayerContent { total: paths.len() as u64, paths, git_touched: false })
    }
    fn export(&self, _: &SessionId, _: Option<&ObjectId>, number: u32) -> Result<ProcessSpec, PortError> {
        Ok(ProcessSpec {
            id: format!("export-{number}").parse().unwrap(),
            argv: vec!["export".to_owned()],
            env: [].into(),
            cwd: PathBuf::from("/"),
        })
    }
    async fn import(
        &self,
        _: &SessionId,
        output: BoxStream<'static, Result<Bytes, PortError>>,
    ) -> Result<ObjectId, PortError> {
        let parts: Vec<_> = output.collect().await;
        let parts: Vec<Bytes> = parts.into_iter().collect::<Result<_, _>>()?;
        let tree = digest(&String::from_utf8(parts.concat()).unwrap());
        self.faults.call("workspaces.import", async { Ok(tree) }).await
    }
    async fn commit(&self, _: &SessionId, request: &CommitRequest) -> Result<ObjectId, PortError> {
        let act = async {
            let mut state = self.lock();
            if let Some(parent) =
                request.parent.as_ref().filter(|id| state.commits.get(*id) == Some(&request.tree))
            {
                return Ok(parent.clone());
            }
            let id = digest(&format!("{} {:?}", request.tree, request.parent));
            state.commits.insert(id.clone(), request.tree.clone());
            Ok(id)
        };
        self.faults.call("workspaces.commit", act).await
    }
    async fn discard(&self, session: &SessionId) -> Result<(), PortError> {
        self.lock().trees.remove(session);
        Ok(())
    }
    async fn remove(&self, session: &SessionId) -> Result<(), PortError> {
        self.discard(session).await
    }
}

#[async_trait]
impl Diffs for World {
    async fn summary(
        &self,
        session: &SessionId,
        _: Option<&ObjectId>,
        _: &ObjectId,
    ) -> Result<ChangeSummary, PortError> {
        let paths = self.layer(session).await?.paths;
        let stat = DiffStat { files: paths.len() as u64, additions: paths.len() as u64, deletions: 0 };
        let file = |path| ChangedFile { path, additions: 1, deletions: 0 };
        Ok(ChangeSummary { stat, files: paths.into_iter().map(file).collect() })
    }
    async fn patch(&self, _: &SessionId, _: Option<&ObjectId>, _: &ObjectId) -> Result<Bytes, PortError> {
        Ok(Bytes::from_static(b"patch"))
    }
    async fn files(
        &self,
        _: &SessionId,
        _: Option<&ObjectId>,
        _: &ObjectId,
    ) -> Result<Vec<DiffFile>, PortError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl LocalRemote for World {
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
        Ok(Merged { commit: digest("merge") })
    }
    async fn delete_branch(&self, _: &Repository, _: &BranchName, _: &ObjectId) -> Result<(), PortError> {
        Ok(())
    }
}

#[async_trait]
impl Forge for World {
    fn kind(&self) -> &'static str {
        "fake"
    }
    fn serves(&self, _: &Repository) -> bool {
        true
    }
    async fn push(&self, _: &SessionId, target: &PushTarget, commit: &ObjectId) -> Result<(), PortError> {
        let act = async {
            self.lock().branches.insert(target.branch.to_string(), commit.to_string());
            Ok(())
        };
        self.faults.call("forge.push", act).await
    }
    async fn open(&self, pull: &PullRequest) -> Result<ForgePull, PortError> {
        let act = async {
            let mut state = self.lock();
            let found = state.pulls.iter().position(|(head, _)| *head == pull.head.to_string());
            let at = found.unwrap_or_else(|| {
                state.pulls.push((pull.head.to_string(), pull.title.clone()));
                state.pulls.len() - 1
            });
            Ok(ForgePull {
                number: at as u64 + 1,
                url: format!("/pulls/{}", at + 1),
                state: PullState::Open,
                created: found.is_none(),
                merge_commit: None,
            })
        };
        self.faults.call("forge.open", act).await
    }
    async fn pull(&self, _: &Repository, _: u64) -> Result<Option<ForgePull>, PortError> {
        Ok(None)
    }
    async fn merge(&self, _: &Repository, _: u64) -> Result<ForgePull, PortError> {
        Err(PortError::permanent("not here"))
    }
    async fn close(&self, _: &Repository, _: u64) -> Result<ForgePull, PortError> {
        Err(PortError::permanent("not here"))
    }
    async fn comment(&self, _: &Repository, _: u64, _: &str, _: &str) -> Result<String, PortError> {
        Err(PortError::permanent("not here"))
    }
}

#[async_trait]
impl ForgeReader for World {
    async fn about(&self, _: &Repository) -> Result<ForgeRepository, PortError> {
        Ok(ForgeRepository { may_push: true, ..ForgeRepository::default() })
    }
    async fn source(&self, _: &Repository, _: u64) -> Result<PullSource, PortError> {
        Err(PortError::permanent("not here"))
    }
    async fn issue(&self, _: &Repository, _: u64) -> Result<ForgeIssue, PortError> {
        Err(PortError::permanent("not here"))
    }
    async fn report(&self, _: &Repository, _: u64, _: Option<&str>) -> Result<Option<PullReport>, PortError> {
        Ok(None)
    }
    async fn failing_logs(
        &self,
        _: &Repository,
        _: &ObjectId,
        _: usize,
    ) -> Result<Vec<FailingLog>, PortError> {
        Ok(Vec::new())
    }
    async fn status(&self) -> Option<ForgeStatus> {
        None
    }
}
