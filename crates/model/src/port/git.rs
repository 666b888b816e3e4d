//! Port: git (layer 0): mirrors, warm bases, layers, export, diffs, and the transport to repositories of this host and of
//! others.
//!
//! Contract: the host never runs git inside a tree that an agent can write. Objects from a sandbox enter a quarantine
//! repository of their session only, size-capped and checked. Hooks, filters, and system or user configuration never run.
//! Every method may be repeated with the effect of once. Where a repository cannot be used (submodules, LFS, a missing
//! path, an unborn branch) the error names it and says what to do.

use crate::error::PortError;
use crate::id::SessionId;
use crate::outcome::ChangedFile;
use crate::port::sandbox::{Access, ProcessSpec, WorkspaceSource};
use crate::refs::{BranchName, ObjectId, Revision};
use crate::repository::Repository;
use crate::session::{DiffStat, Requester};
use crate::time::Timestamp;
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a repository looks like before work begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryFacts {
    /// The branch that is checked out, or the remote's default branch.
    pub default_branch: Option<BranchName>,
    /// The commit of that branch.
    pub head: Option<ObjectId>,
    /// The repository that its `origin` names, where it is one on a forge.
    pub origin: Option<Repository>,
    /// Paths with uncommitted changes that will not be part of the work (the first 20).
    pub uncommitted: Vec<String>,
    /// How many there are.
    pub uncommitted_total: u64,
}

/// The workspace of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreparedWorkspace {
    /// How the tree reaches the sandbox.
    pub source: WorkspaceSource,
    /// The commit it starts from; `None` for an empty workspace.
    pub base_commit: Option<ObjectId>,
    /// The branch that a pull request goes to; `None` where the base was a bare commit or nothing.
    pub base_branch: Option<BranchName>,
}

/// What a session's layer holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LayerContent {
    /// The paths that were written or deleted (bounded to 1,000), without what belongs to `.git`.
    pub paths: Vec<String>,
    /// How many there are.
    pub total: u64,
    /// Whether `.git` was written (the agent used git itself).
    pub git_touched: bool,
}

/// A change as it can be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeSummary {
    /// Its size.
    pub stat: DiffStat,
    /// Its files, in path order (at most 10,000).
    pub files: Vec<ChangedFile>,
}

/// A line of a diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiffLine {
    /// Unchanged.
    Context(String),
    /// Added.
    Added(String),
    /// Removed.
    Removed(String),
}

/// A hunk of a diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffHunk {
    /// The first line in the old file, from 1.
    pub old_start: u64,
    /// The first line in the new file, from 1.
    pub new_start: u64,
    /// What git shows behind the second `@@`.
    pub heading: String,
    /// Its lines.
    pub lines: Vec<DiffLine>,
}

/// How a file of a diff changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileChange {
    /// New.
    Added,
    /// Changed.
    Modified,
    /// Gone.
    Deleted,
    /// Moved, perhaps changed.
    Renamed,
}

/// A file of a diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffFile {
    /// Its path now (before, if it was deleted).
    pub path: String,
    /// Its path before, if it was renamed.
    pub old_path: Option<String>,
    /// How it changed.
    pub change: FileChange,
    /// Whether it is binary (then it has no hunks).
    pub binary: bool,
    /// Lines added.
    pub additions: u64,
    /// Lines removed.
    pub deletions: u64,
    /// Its hunks; left out where the diff's bound (10 MiB) is reached.
    pub hunks: Vec<DiffHunk>,
}

/// What a commit says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitRequest {
    /// The tree.
    pub tree: ObjectId,
    /// The parent; `None` for the first commit of an empty workspace.
    pub parent: Option<ObjectId>,
    /// The message; its first line is the subject.
    pub message: String,
    /// The author; `None` makes TeleCoder the author.
    pub author: Option<Requester>,
    /// The time of both author and committer.
    pub at: Timestamp,
}

/// The workspaces of sessions.
#[async_trait]
pub trait Workspaces: Send + Sync + fmt::Debug {
    /// Looks at a repository. Class `NotFound` or `Denied` with a remedy where it cannot be read.
    async fn inspect(&self, repository: &Repository) -> Result<RepositoryFacts, PortError>;
    /// Looks only for the forge's repository that its `origin` names: fast enough to wait for when a task is accepted.
    async fn origin(&self, repository: &Repository) -> Result<Option<Repository>, PortError>;
    /// Makes (or finds) mirror, base and layer of a session.
    async fn prepare(
        &self,
        session: &SessionId,
        repository: Option<&Repository>,
        base: Option<&Revision>,
        access: Access,
    ) -> Result<PreparedWorkspace, PortError>;
    /// Looks what a session's layer holds, without git.
    async fn layer(&self, session: &SessionId) -> Result<LayerContent, PortError>;
    /// The process that, run inside the session's sandbox, writes the export of the tree to its standard output.
    fn export(
        &self,
        session: &SessionId,
        base: Option<&ObjectId>,
        number: u32,
    ) -> Result<ProcessSpec, PortError>;
    /// Takes an export's output into the session's quarantine; gives the tree. Hostile input.
    async fn import(
        &self,
        session: &SessionId,
        output: BoxStream<'static, Result<Bytes, PortError>>,
    ) -> Result<ObjectId, PortError>;
    /// Writes a commit into the quarantine. The same request gives the same commit. A tree equal to the parent's gives
    /// the parent.
    async fn commit(&self, session: &SessionId, request: &CommitRequest) -> Result<ObjectId, PortError>;
    /// Throws a session's layer away (nothing of it is kept), so that the next turn begins from the base.
    async fn discard(&self, session: &SessionId) -> Result<(), PortError>;
    /// Removes everything kept for a session: its whole folder, the agent's home too.
    async fn remove(&self, session: &SessionId) -> Result<(), PortError>;
}

/// Reads of a session's commits.
#[async_trait]
pub trait Diffs: Send + Sync + fmt::Debug {
    /// Sums up a change between two commits of a session (`from` `None` means the empty tree).
    async fn summary(
        &self,
        session: &SessionId,
        from: Option<&ObjectId>,
        to: &ObjectId,
    ) -> Result<ChangeSummary, PortError>;
    /// The change as a patch that `git apply` takes (binary files included), at most 64 MiB.
    async fn patch(
        &self,
        session: &SessionId,
        from: Option<&ObjectId>,
        to: &ObjectId,
    ) -> Result<Bytes, PortError>;
    /// The change by files and hunks.
    async fn files(
        &self,
        session: &SessionId,
        from: Option<&ObjectId>,
        to: &ObjectId,
    ) -> Result<Vec<DiffFile>, PortError>;
}

/// How a branch was merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The base branch's commit afterwards.
    pub commit: ObjectId,
}

/// Moves commits of sessions into repositories of this host. `push` never touches a working tree or a checked-out branch.
#[async_trait]
pub trait LocalRemote: Send + Sync + fmt::Debug {
    /// The commit of a branch; `None` where there is no such branch.
    async fn branch_head(
        &self,
        repository: &Repository,
        branch: &BranchName,
    ) -> Result<Option<ObjectId>, PortError>;
    /// Puts a session's commit on a branch that must stand at `expected` (`None`: must not exist). Class `Conflict` where
    /// it stands elsewhere or is checked out. Files keep the repository owner's uid; no hook runs.
    async fn push(
        &self,
        session: &SessionId,
        commit: &ObjectId,
        repository: &Repository,
        branch: &BranchName,
        expected: Option<&ObjectId>,
    ) -> Result<(), PortError>;
    /// Merges `head` into `base`: a fast-forward where possible, else a merge commit with this message. A base that is
    /// checked out is brought up to date together with its working tree where that has no uncommitted changes (as the
    /// owner, hooks off). Class `Conflict` names the conflicting paths, or the uncommitted changes in the way.
    async fn merge(
        &self,
        repository: &Repository,
        base: &BranchName,
        head: &BranchName,
        message: &str,
        at: Timestamp,
    ) -> Result<Merged, PortError>;
    /// Deletes a branch that stands at `expected`; does nothing where there is none.
    async fn delete_branch(
        &self,
        repository: &Repository,
        branch: &BranchName,
        expected: &ObjectId,
    ) -> Result<(), PortError>;
}

/// How a repository of another host is reached.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteAddress {
    /// An http or https URL without credentials.
    pub url: String,
    /// The value of an `Authorization` header, if one is needed. Never shown.
    pub authorization: Option<String>,
    /// What a person can do where it is refused, if that is known better than git knows it.
    pub advice: Option<String>,
}

impl fmt::Debug for RemoteAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteAddress")
            .field("url", &self.url)
            .field("authorization", &self.authorization.as_ref().map(|_| "***"))
            .field("advice", &self.advice)
            .finish()
    }
}

/// What a repository of another host is reached for; credentials may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To fetch.
    Read,
    /// To push.
    Write,
}

/// Knows how repositories of other hosts are reached, and with which credentials.
#[async_trait]
pub trait RemoteAccess: Send + Sync + fmt::Debug {
    /// The address of a repository, with credentials that hold at least for the next hour's work where the host has
    /// credentials that expire. A repository without credentials of ours is reached without any.
    async fn address(&self, repository: &Repository, purpose: Purpose) -> Result<RemoteAddress, PortError>;
    /// Another address, where the credential of this one is not taken any more and a newer one can be had; asked for once
    /// a call.
    async fn renewed(&self, _repository: &Repository, _refused: &RemoteAddress) -> Option<RemoteAddress> {
        None
    }
}

/// Moves commits of sessions to repositories of other hosts. A credential is seen by the other side only: it is in no
/// argument, URL, file or error.
#[async_trait]
pub trait RemotePush: Send + Sync + fmt::Debug {
    /// The commit of a branch over there; `None` where there is no such branch.
    async fn remote_head(
        &self,
        repository: &Repository,
        branch: &BranchName,
    ) -> Result<Option<ObjectId>, PortError>;
    /// Puts a session's commit on a branch that must stand at `expected` (`None`: must not exist), forward only. Done
    /// where it is there already, also when an earlier call's answer was lost. Class `Conflict` where the branch stands
    /// elsewhere or has what the session does not; `Denied` where the host refuses. A branch that is not `telecoder/…`
    /// is never made.
    async fn push_remote(
        &self,
        session: &SessionId,
        commit: &ObjectId,
        repository: &Repository,
        branch: &BranchName,
        expected: Option<&ObjectId>,
    ) -> Result<(), PortError>;
    /// The paths that conflict when a session's commit is merged into a branch over there as it is now (at most 1,000);
    /// empty: it merges cleanly. Class `NotFound` where there is no such branch.
    async fn merge_conflicts(
        &self,
        session: &SessionId,
        commit: &ObjectId,
        repository: &Repository,
        base: &BranchName,
    ) -> Result<Vec<String>, PortError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_never_shown() {
        let address = RemoteAddress {
            url: "https://github.com/a/b.git".to_owned(),
            authorization: Some("Basic c2VjcmV0".to_owned()),
            advice: None,
        };
        assert!(!format!("{address:?}").contains("c2VjcmV0"));
    }
}
