//! Layer 1: pushes commits of sessions to repositories of other hosts. Invariants: a push starts in the session's
//! quarantine, goes forward only, and only from where the caller saw the branch; what decides is a look at the branch,
//! before and, where the answer was lost, after; no hook runs.

use crate::call::Call;
use crate::layout::{Key, ObjectFormat};
use crate::options::Git;
use crate::pack::temporary;
use crate::publish::{full_name, stands_elsewhere};
use crate::{folder, push_refusal};
use async_trait::async_trait;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use telecoder_model::PortError;
use telecoder_model::fail_point;
use telecoder_model::id::SessionId;
use telecoder_model::port::git::{Purpose, RemoteAddress, RemotePush};
use telecoder_model::refs::{BranchName, ObjectId};
use telecoder_model::repository::Repository;
use tempfile::TempDir;

/// A slow push of a large history may take this long; one that moves less than 1,000 bytes a second for a minute ends before.
const PUSH_MINUTES: u64 = 60;
/// The most paths of a conflict that are told.
const MAX_PATHS: usize = 1000;

impl Git {
    pub(crate) async fn head_over_there(
        &self,
        repository: &Repository,
        address: &mut RemoteAddress,
        branch: &BranchName,
    ) -> Result<Option<ObjectId>, PortError> {
        let name = full_name(branch);
        let refs = self.list_remote(repository, address, std::slice::from_ref(&name)).await?;
        Ok(refs.iter().find(|(found, _)| *found == name).and_then(|(_, id)| id.parse().ok()))
    }

    /// Refuses what is not a step forward from `expected`.
    async fn check_forward(
        &self,
        quarantine: &Path,
        branch: &BranchName,
        expected: Option<&ObjectId>,
        commit: &ObjectId,
    ) -> Result<(), PortError> {
        let Some(expected) = expected else {
            if branch.is_ours() {
                return Ok(());
            }
            return Err(PortError::not_found(format!(
                "the branch `{branch}` is gone, and only telecoder/… is made anew"
            ))
            .remedy("Restore the branch, or publish as a pull request of the session's own."));
        };
        if self.is_ancestor(quarantine, expected, commit).await? {
            return Ok(());
        }
        Err(PortError::conflict(format!(
            "the branch `{branch}` has commits that the session does not have (it stands at {expected})"
        ))
        .remedy("Rerun the task on the branch as it is now, or merge them by hand."))
    }

    fn push_call(
        &self,
        quarantine: &Path,
        address: &RemoteAddress,
        commit: &ObjectId,
        branch: &BranchName,
        expected: Option<&ObjectId>,
    ) -> Call {
        let name = full_name(branch);
        let lease = expected.map_or("", ObjectId::as_str);
        self.remote_call(
            quarantine.to_owned(),
            address,
            &[
                "push",
                "--porcelain",
                "--no-verify",
                "--no-signed",
                "--no-follow-tags",
                "--recurse-submodules=no",
            ],
        )
        .arg(format!("--force-with-lease={name}:{lease}"))
        .arg("--end-of-options")
        .arg(&address.url)
        .arg(format!("{commit}:{name}"))
        .env("GIT_DIR", quarantine)
        .minutes(PUSH_MINUTES)
    }

    /// A repository for one merge, which borrows from the session and from the mirror of another host's repository.
    async fn borrowing(
        &self,
        key: &Key,
        lenders: Vec<PathBuf>,
        format: ObjectFormat,
    ) -> Result<(TempDir, PathBuf), PortError> {
        let folder = temporary(self.layout.temporary(key), "conflicts-").await?;
        let path = folder.path().join("scratch.git");
        self.init_bare(&path, format).await?;
        let made = path.clone();
        folder::work("cannot prepare a merge", move || {
            let mut lines = Vec::new();
            for lender in &lenders {
                lines.extend_from_slice(lender.join("objects").as_os_str().as_bytes());
                lines.push(b'\n');
                let shallow = lender.join("shallow");
                if shallow.is_file() {
                    fs::copy(shallow, made.join("shallow"))?;
                }
            }
            fs::write(made.join("objects/info/alternates"), lines)
        })
        .await?;
        Ok((folder, path))
    }
}

#[async_trait]
impl RemotePush for Git {
    async fn remote_head(
        &self,
        repository: &Repository,
        branch: &BranchName,
    ) -> Result<Option<ObjectId>, PortError> {
        let mut address = self.address(repository, Purpose::Read).await?;
        self.head_over_there(repository, &mut address, branch).await
    }

    async fn push_remote(
        &self,
        session: &SessionId,
        commit: &ObjectId,
        repository: &Repository,
        branch: &BranchName,
        expected: Option<&ObjectId>,
    ) -> Result<(), PortError> {
        let mut address = self.address(repository, Purpose::Write).await?;
        let found = self.head_over_there(repository, &mut address, branch).await?;
        if found.as_ref() == Some(commit) {
            return Ok(());
        }
        if found.as_ref() != expected {
            return Err(stands_elsewhere(branch, found.as_ref()));
        }
        let (quarantine, _) = self.quarantine(session).await?;
        self.expect_type(&quarantine, commit, "commit").await?;
        self.check_forward(&quarantine, branch, expected, commit).await?;
        fail_point::reach("git.push.before");
        let pushed = self.run(self.push_call(&quarantine, &address, commit, branch, expected)).await;
        fail_point::reach("git.push.after");
        if matches!(&pushed, Ok(output) if output.code == Some(0)) {
            return Ok(());
        }
        // Whatever was said or not said: what counts is where the branch stands now.
        let now = self.head_over_there(repository, &mut address, branch).await;
        if matches!(&now, Ok(Some(now)) if now == commit) {
            return Ok(());
        }
        let error = push_refusal::error(repository, branch, &pushed?);
        match now {
            Ok(now) if now.as_ref() != expected => Err(stands_elsewhere(branch, now.as_ref())),
            Ok(_) | Err(_) => Err(error),
        }
    }

    async fn merge_conflicts(
        &self,
        session: &SessionId,
        commit: &ObjectId,
        repository: &Repository,
        base: &BranchName,
    ) -> Result<Vec<String>, PortError> {
        let mut address = self.address(repository, Purpose::Read).await?;
        let theirs = self.head_over_there(repository, &mut address, base).await?.ok_or_else(|| {
            PortError::not_found(format!("{repository} has no branch `{base}`"))
                .remedy("Choose another base, or create the branch there.")
        })?;
        let key = Key::of(repository);
        let _repository = self.hold_repository(&key).await?;
        let mirror = self.mirror_remote(&key, repository, &theirs).await?;
        let (quarantine, workspace) = self.quarantine(session).await?;
        self.expect_type(&quarantine, commit, "commit").await?;
        // Where the session began from a clone of this host, that clone's mirror may say where its history ends.
        let own =
            workspace.repository.as_ref().map(|own| self.layout.mirror(&Key::of(own), workspace.format()));
        let lenders: Vec<PathBuf> = [quarantine, mirror].into_iter().chain(own).collect();
        let (_folder, scratch) = self.borrowing(&key, lenders, ObjectFormat::of(&theirs)).await?;
        if self.is_ancestor(&scratch, &theirs, commit).await? {
            return Ok(Vec::new());
        }
        let mut paths = self.conflicting_paths(&scratch, &theirs, commit).await?;
        paths.truncate(MAX_PATHS);
        Ok(paths)
    }
}
