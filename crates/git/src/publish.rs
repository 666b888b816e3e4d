//! Layer 1: moves commits of sessions into repositories of this host. Invariants: only branches `telecoder/…` are put or
//! deleted, never one that is checked out; objects come first, the branch last, by one compare-and-set; where the server
//! is root, everything in the repository is written by its owner.

use crate::call::Call;
use crate::layout::{Key, ObjectFormat};
use crate::local::Local;
use crate::options::Git;
use async_trait::async_trait;
use telecoder_model::PortError;
use telecoder_model::error::ErrorClass;
use telecoder_model::fail_point;
use telecoder_model::id::SessionId;
use telecoder_model::port::git::{LocalRemote, Merged};
use telecoder_model::refs::{BranchName, ObjectId};
use telecoder_model::repository::Repository;
use telecoder_model::time::Timestamp;

pub(crate) fn full_name(branch: &BranchName) -> String {
    format!("refs/heads/{branch}")
}

fn only_ours(branch: &BranchName) -> Result<(), PortError> {
    if branch.is_ours() {
        return Ok(());
    }
    Err(PortError::denied(format!("the branch `{branch}` is not TeleCoder's to write: only telecoder/… is")))
}

pub(crate) fn stands_elsewhere(branch: &BranchName, found: Option<&ObjectId>) -> PortError {
    let found = found.map_or_else(|| "does not exist".to_owned(), |id| format!("stands at {id}"));
    PortError::conflict(format!("the branch `{branch}` {found}, which was not expected"))
        .remedy("Look at who moved it; publish again to take the state as it is now.")
}

impl Git {
    pub(crate) async fn local_of(&self, repository: &Repository) -> Result<Local, PortError> {
        match repository {
            Repository::Local(path) => self.local(path).await,
            Repository::Remote { .. } => {
                Err(PortError::permanent(format!("{repository} is not a repository of this host")))
            }
        }
    }

    /// Refuses a branch that a work tree has checked out.
    async fn refuse_checked_out(&self, local: &Local, branch: &BranchName) -> Result<(), PortError> {
        let trees = self.work_trees(local).await?;
        match trees.iter().find(|tree| tree.branch == branch.as_str()) {
            None => Ok(()),
            Some(tree) => Err(PortError::conflict(format!(
                "the branch `{branch}` is checked out in {}",
                tree.folder.display()
            ))
            .remedy("Check another branch out there (`git switch -`), then try again.")),
        }
    }

    /// Changes one branch, if it stands where it is expected.
    pub(crate) async fn set_branch(
        &self,
        local: &Local,
        branch: &BranchName,
        from: Option<&ObjectId>,
        to: Option<&ObjectId>,
    ) -> Result<(), PortError> {
        let name = full_name(branch);
        let zeros = from.or(to).map_or_else(|| ObjectFormat::Sha1.zeros(), |id| ObjectFormat::of(id).zeros());
        let old = from.map_or(zeros.as_str(), ObjectId::as_str);
        let line = match to {
            Some(to) => format!("update {name} {to} {old}\n"),
            None => format!("delete {name} {old}\n"),
        };
        let call = local.call(&["update-ref", "-m", "telecoder", "--stdin"]).stdin(line);
        fail_point::reach("git.branch.before");
        let output = self.run_to_end(call).await?;
        fail_point::reach("git.branch.after");
        if output.code == Some(0) {
            return Ok(());
        }
        let now = self.ref_commit(local, &name).await?;
        if now.as_ref() == to {
            return Ok(());
        }
        if now.as_ref() != from {
            return Err(stands_elsewhere(branch, now.as_ref()));
        }
        let error = self.failed(&format!("cannot change the branch `{branch}`"), &output);
        if error.what.contains("exists; cannot create") || error.what.contains("cannot lock ref") {
            return Err(PortError {
                class: if error.class == ErrorClass::Permanent { ErrorClass::Conflict } else { error.class },
                ..error
            }
            .remedy("Rename the branch that stands in the way, or wait for the other git to end."));
        }
        Err(error)
    }

    /// Sends what a commit of ours reaches and a repository of this host lacks.
    pub(crate) async fn deliver(
        &self,
        from: &std::path::Path,
        commit: &ObjectId,
        local: &Local,
        key: &Key,
    ) -> Result<(), PortError> {
        let call = local.call(&[
            "for-each-ref",
            "--format=%(objectname)",
            "--sort=-committerdate",
            "--count=500",
            "refs/heads",
        ]);
        let what = format!("cannot list the branches of {}", local.path.display());
        let heads: Vec<ObjectId> =
            self.run_text(call, &what).await?.lines().filter_map(|line| line.parse().ok()).collect();
        let haves = self.commits_there(Call::in_repository(from, &[]), &heads).await?;
        let pack = self
            .pack(
                Call::in_repository(from, &[]),
                commit,
                &haves,
                self.layout.temporary(key),
                "cannot pack a commit",
            )
            .await?;
        let what = format!("cannot store a commit in {}", local.path.display());
        fail_point::reach("git.delivery.before");
        self.unpack(&pack, &local.common_dir, local.user, &what).await?;
        fail_point::reach("git.delivery.after");
        Ok(())
    }

    /// Whether one commit is an ancestor of another, in a repository of ours.
    pub(crate) async fn is_ancestor(
        &self,
        repository: &std::path::Path,
        older: &ObjectId,
        newer: &ObjectId,
    ) -> Result<bool, PortError> {
        let call = Call::in_repository(repository, &["merge-base", "--is-ancestor"])
            .arg(older.as_str())
            .arg(newer.as_str())
            .minutes(5);
        // An unknown commit (exit code 128) is nobody's ancestor.
        Ok(self.run(call).await?.code == Some(0))
    }
}

#[async_trait]
impl LocalRemote for Git {
    async fn branch_head(
        &self,
        repository: &Repository,
        branch: &BranchName,
    ) -> Result<Option<ObjectId>, PortError> {
        let local = self.local_of(repository).await?;
        self.ref_commit(&local, &full_name(branch)).await
    }

    async fn push(
        &self,
        session: &SessionId,
        commit: &ObjectId,
        repository: &Repository,
        branch: &BranchName,
        expected: Option<&ObjectId>,
    ) -> Result<(), PortError> {
        only_ours(branch)?;
        let local = self.local_of(repository).await?;
        let key = Key::of(repository);
        let _repository = self.hold_repository(&key).await?;
        let found = self.ref_commit(&local, &full_name(branch)).await?;
        if found.as_ref() == Some(commit) {
            return Ok(());
        }
        if found.as_ref() != expected {
            return Err(stands_elsewhere(branch, found.as_ref()));
        }
        self.refuse_checked_out(&local, branch).await?;
        let (quarantine, _) = self.quarantine(session).await?;
        self.expect_type(&quarantine, commit, "commit").await?;
        if let Some(expected) = expected
            && !self.is_ancestor(&quarantine, expected, commit).await?
        {
            return Err(PortError::conflict(format!(
                "the branch `{branch}` has commits that the session does not have"
            ))
            .remedy("Merge or remove them, or publish from a new session."));
        }
        self.deliver(&quarantine, commit, &local, &key).await?;
        self.set_branch(&local, branch, expected, Some(commit)).await
    }

    async fn merge(
        &self,
        repository: &Repository,
        base: &BranchName,
        head: &BranchName,
        message: &str,
        at: Timestamp,
    ) -> Result<Merged, PortError> {
        self.merge_branches(repository, base, head, message, at).await
    }

    async fn delete_branch(
        &self,
        repository: &Repository,
        branch: &BranchName,
        expected: &ObjectId,
    ) -> Result<(), PortError> {
        only_ours(branch)?;
        let local = self.local_of(repository).await?;
        let _repository = self.hold_repository(&Key::of(repository)).await?;
        match self.ref_commit(&local, &full_name(branch)).await? {
            None => return Ok(()),
            Some(found) if found != *expected => return Err(stands_elsewhere(branch, Some(&found))),
            Some(_) => {}
        }
        self.refuse_checked_out(&local, branch).await?;
        self.set_branch(&local, branch, Some(expected), None).await
    }
}
