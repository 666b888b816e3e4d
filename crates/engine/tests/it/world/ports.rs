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
use telecoder_model::port::git::{
    ChangeSummary, CommitRequest, DiffFile, Diffs, LayerContent, LocalRemote, Merged, PreparedWorkspace,
    RemotePush, RepositoryFacts, Workspaces,
};
use telecoder_model::port::rebase::Rebase;
use telecoder_model::port::sandbox::{Access, ProcessSpec, WorkspaceSource};
use telecoder_model::port::tree::{Stock, TreeContent, Trees};
use telecoder_model::port::upkeep::{Collected, KeptSession, Upkeep};
use telecoder_model::refs::{BranchName, ObjectId, Revision};
use telecoder_model::repository::Repository;
use telecoder_model::session::DiffStat;
use telecoder_model::time::Timestamp;

pub(crate) fn digest(text: &str) -> ObjectId {
    let mut hex = String::new();
    for byte in Sha256::digest(text.as_bytes()).iter().take(20) {
        hex.push_str(&format!("{byte:02x}"));
    }
    hex.parse().unwrap()
}

#[async_trait]
impl Workspaces for World {
    async fn inspect(&self, _: &Repository) -> Result<RepositoryFacts, PortError> {
        let origin = self.lock().origin.clone().ok_or_else(|| PortError::permanent("not here"))?;
        Ok(RepositoryFacts {
            default_branch: Some("main".parse().unwrap()),
            head: Some(digest("base")),
            origin: Some(origin),
            uncommitted: Vec::new(),
            uncommitted_total: 0,
        })
    }
    async fn origin(&self, repository: &Repository) -> Result<Option<Repository>, PortError> {
        Ok(self.inspect(repository).await?.origin)
    }
    async fn prepare(
        &self,
        session: &SessionId,
        _: Option<&Repository>,
        base: Option<&Revision>,
        _: Access,
    ) -> Result<PreparedWorkspace, PortError> {
        let act = async {
            self.lock().trees.entry(session.clone()).or_default();
            let (base_commit, base_branch) = match base {
                Some(Revision::Commit(commit)) => (commit.clone(), None),
                Some(Revision::Name(name)) => (digest("base"), Some(name.clone())),
                None => (digest("base"), Some("main".parse().unwrap())),
            };
            Ok(PreparedWorkspace {
                source: WorkspaceSource::Bind { path: PathBuf::from("/tree") },
                base_commit: Some(base_commit),
                base_branch,
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
impl RemotePush for World {
    async fn remote_head(&self, _: &Repository, branch: &BranchName) -> Result<Option<ObjectId>, PortError> {
        Ok(self.lock().branches.get(branch.as_str()).map(|commit| commit.parse().unwrap()))
    }
    async fn push_remote(
        &self,
        _: &SessionId,
        _: &ObjectId,
        _: &Repository,
        _: &BranchName,
        _: Option<&ObjectId>,
    ) -> Result<(), PortError> {
        Err(PortError::permanent("not here"))
    }
    async fn merge_conflicts(
        &self,
        _: &SessionId,
        _: &ObjectId,
        _: &Repository,
        base: &BranchName,
    ) -> Result<Vec<String>, PortError> {
        let act = async {
            let forge = &self.lock().forge;
            if forge.missing.contains(base) {
                return Err(PortError::not_found(format!("there is no branch `{base}`")).remedy("Push it."));
            }
            Ok(forge.conflicts.clone())
        };
        self.faults.call("remote.merge_conflicts", act).await
    }
}

/// The tip of every base is the digest of `tip`; what is written again or joined is the digest of its parts.
#[async_trait]
impl Rebase for World {
    async fn bring(&self, _: &SessionId, _: &Repository, base: &BranchName) -> Result<ObjectId, PortError> {
        let act = async {
            if self.lock().forge.missing.contains(base) {
                return Err(PortError::not_found(format!("there is no branch `{base}`")).remedy("Push it."));
            }
            Ok(digest("tip"))
        };
        self.faults.call("rebase.bring", act).await
    }
    async fn replay(
        &self,
        _: &SessionId,
        _: &ObjectId,
        to: &ObjectId,
        onto: &ObjectId,
    ) -> Result<ObjectId, PortError> {
        let act = async { self.joined(&format!("{to} on {onto}")) };
        self.faults.call("rebase.replay", act).await
    }
    async fn join(
        &self,
        _: &SessionId,
        ours: &ObjectId,
        theirs: &ObjectId,
        _: &str,
        _: Timestamp,
    ) -> Result<ObjectId, PortError> {
        let act = async { self.joined(&format!("{ours} with {theirs}")) };
        self.faults.call("rebase.join", act).await
    }
}

impl World {
    fn joined(&self, name: &str) -> Result<ObjectId, PortError> {
        let conflicts = self.lock().forge.conflicts.clone();
        if conflicts.is_empty() {
            return Ok(digest(name));
        }
        Err(PortError::conflict(format!("conflicts in {}", conflicts.join(", "))))
    }
}

#[async_trait]
impl Upkeep for World {
    async fn kept(&self) -> Result<Vec<KeptSession>, PortError> {
        let trees = self.lock().trees.keys().cloned().collect::<Vec<_>>();
        Ok(trees.into_iter().map(|session| KeptSession { session, workspace: true }).collect())
    }
    async fn put_away(&self, session: &SessionId) -> Result<(), PortError> {
        self.lock().trees.remove(session);
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
impl Trees for World {
    async fn at(&self, session: &SessionId, _: &ObjectId, path: &str) -> Result<TreeContent, PortError> {
        let state = self.lock();
        let found = state.trees.get(session).and_then(|tree| tree.get(path));
        let text = found.ok_or_else(|| PortError::not_found("there is nothing at this path"))?;
        let size = u64::try_from(text.len()).unwrap();
        Ok(TreeContent::File { head: Bytes::from(text.clone()), size, executable: false })
    }
    async fn stock(&self, _: &Repository) -> Result<Stock, PortError> {
        Ok(Stock::default())
    }
}
