//! Layer 1: merges local pull requests. Invariants: the merge itself is computed in a scratch repository of ours, so that
//! no merge driver, filter or signing program of anybody runs; a work tree is only touched where its branch is the base
//! and it has no uncommitted changes.

use crate::call::Call;
use crate::commit::Words;
use crate::folder;
use crate::layout::{Key, ObjectFormat};
use crate::local::{Local, parse_id};
use crate::options::Git;
use crate::pack::temporary;
use crate::publish::full_name;
use crate::quarantine::lend;
use crate::work_tree::Untracked;
use std::fs;
use std::path::{Path, PathBuf};
use telecoder_model::PortError;
use telecoder_model::error::ErrorClass;
use telecoder_model::port::git::Merged;
use telecoder_model::refs::{BranchName, ObjectId};
use telecoder_model::repository::Repository;
use telecoder_model::time::Timestamp;
use tempfile::TempDir;

/// A repository for one merge, which borrows from the mirror.
struct Scratch {
    _folder: TempDir,
    path: PathBuf,
}

impl Git {
    pub(crate) async fn merge_branches(
        &self,
        repository: &Repository,
        base: &BranchName,
        head: &BranchName,
        message: &str,
        at: Timestamp,
    ) -> Result<Merged, PortError> {
        let local = self.local_of(repository).await?;
        let key = Key::of(repository);
        let _repository = self.hold_repository(&key).await?;
        let ours = self.branch_commit(&local, base).await?;
        let theirs = self.branch_commit(&local, head).await?;
        self.mirror_local(&key, &local, &ours).await?;
        let mirror = self.mirror_local(&key, &local, &theirs).await?;
        if self.is_ancestor(&mirror, &theirs, &ours).await? {
            return Ok(Merged { commit: ours });
        }
        let commit = if self.is_ancestor(&mirror, &ours, &theirs).await? {
            theirs
        } else {
            let scratch = self.scratch(&key, &mirror, ObjectFormat::of(&ours)).await?;
            let tree = self.merged_tree(&scratch.path, &ours, &theirs).await?;
            let words = Words { message, author: None, at };
            let commit = self.commit_tree(&scratch.path, &tree, &[&ours, &theirs], words).await?;
            self.deliver(&scratch.path, &commit, &local, &key).await?;
            commit
        };
        self.advance(&local, base, &ours, &commit).await?;
        Ok(Merged { commit })
    }

    pub(crate) async fn branch_commit(
        &self,
        local: &Local,
        branch: &BranchName,
    ) -> Result<ObjectId, PortError> {
        self.ref_commit(local, &full_name(branch)).await?.ok_or_else(|| {
            PortError::not_found(format!("{} has no branch `{branch}`", local.path.display()))
                .remedy("Create the branch there, or choose another one.")
        })
    }

    async fn scratch(&self, key: &Key, mirror: &Path, format: ObjectFormat) -> Result<Scratch, PortError> {
        let folder = temporary(self.layout.temporary(key), "merge-").await?;
        let path = folder.path().join("scratch.git");
        self.init_bare(&path, format).await?;
        let (from, to, made) = (mirror.to_owned(), path.join("shallow"), path.clone());
        folder::work("cannot prepare a merge", move || {
            lend(&made, Some(&from.join("objects")))?;
            let from = from.join("shallow");
            if from.is_file() {
                fs::copy(from, to)?;
            }
            Ok(())
        })
        .await?;
        Ok(Scratch { _folder: folder, path })
    }

    /// The tree of both sides together; a conflict names its paths.
    async fn merged_tree(
        &self,
        scratch: &Path,
        ours: &ObjectId,
        theirs: &ObjectId,
    ) -> Result<ObjectId, PortError> {
        match self.merge_trees(scratch, ours, theirs).await? {
            Ok(tree) => Ok(tree),
            Err(paths) => {
                Err(PortError::conflict(format!("the branches conflict in {}", crate::base::listed(&paths)))
                    .remedy("Merge by hand in your own checkout, or ask for a rerun on the new base."))
            }
        }
    }

    /// The paths in which two commits conflict.
    pub(crate) async fn conflicting_paths(
        &self,
        scratch: &Path,
        ours: &ObjectId,
        theirs: &ObjectId,
    ) -> Result<Vec<String>, PortError> {
        Ok(self.merge_trees(scratch, ours, theirs).await?.err().unwrap_or_default())
    }

    /// The tree of both sides together, or else the paths that conflict.
    pub(crate) async fn merge_trees(
        &self,
        scratch: &Path,
        ours: &ObjectId,
        theirs: &ObjectId,
    ) -> Result<Result<ObjectId, Vec<String>>, PortError> {
        let call = Call::in_repository(
            scratch,
            &["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages"],
        )
        .arg(ours.as_str())
        .arg(theirs.as_str())
        // Attributes that only choose among git's own drivers (`merge=union`) come from the base, where git knows how.
        .env("GIT_ATTR_SOURCE", ours.as_str())
        .minutes(10);
        let output = self.run(call).await?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut fields = text.split('\0').filter(|field| !field.is_empty());
        match output.code {
            Some(0) => parse_id(fields.next().unwrap_or("")).map(Ok),
            Some(1) => Ok(Err(fields.skip(1).map(str::to_owned).collect())),
            Some(_) | None => Err(self.failed("cannot merge the branches", &output)),
        }
    }

    /// Moves the base branch, with its work tree where it is checked out.
    async fn advance(
        &self,
        local: &Local,
        base: &BranchName,
        from: &ObjectId,
        to: &ObjectId,
    ) -> Result<(), PortError> {
        let trees = self.work_trees(local).await?;
        let Some(tree) = trees.iter().find(|tree| tree.branch == base.as_str()) else {
            return self.set_branch(local, base, Some(from), Some(to)).await;
        };
        let folder = tree.folder.to_str().ok_or_else(|| {
            PortError::permanent("the path of the work tree is not UTF-8")
                .remedy("Merge there by hand with `git merge`.")
        })?;
        let checked_out = self.local(folder).await?;
        if checked_out.bare {
            return self.set_branch(local, base, Some(from), Some(to)).await;
        }
        let (paths, total) = self.uncommitted(&checked_out, Untracked::Ignored).await?;
        if total > 0 {
            // A merge that was interrupted has written the work tree, but not moved the branch.
            if self.stands_at(&checked_out, to).await? {
                return self.set_branch(local, base, Some(from), Some(to)).await;
            }
            return Err(PortError::conflict(format!(
                "`{base}` is checked out in {} with uncommitted changes in {}",
                checked_out.path.display(),
                crate::base::listed(&paths)
            ))
            .remedy("Commit or stash them there, then merge again."));
        }
        self.refuse_filters(&checked_out, from, to).await?;
        self.fast_forward(&checked_out, to).await.map_err(|error| match error.class {
            ErrorClass::Permanent => PortError { class: ErrorClass::Conflict, ..error }
                .remedy("Move the files that git names out of the way, then merge again."),
            ErrorClass::Transient
            | ErrorClass::NotFound
            | ErrorClass::Conflict
            | ErrorClass::Denied
            | ErrorClass::Full => error,
        })
    }

    /// Whether a work tree and its index are exactly those of a commit.
    async fn stands_at(&self, local: &Local, commit: &ObjectId) -> Result<bool, PortError> {
        let off = self.drivers_off(local).await?;
        let staged = local
            .work_tree_call(&[
                "diff-index",
                "--cached",
                "--quiet",
                "--no-ext-diff",
                "--ignore-submodules=all",
            ])
            .arg(commit.as_str())
            .arg("--")
            .settings(&off);
        let unstaged = local
            .work_tree_call(&["diff-files", "--quiet", "--no-ext-diff", "--ignore-submodules=all"])
            .settings(&off);
        Ok(self.run(staged).await?.code == Some(0) && self.run(unstaged).await?.code == Some(0))
    }

    /// Refuses to write files that a filter of the repository's configuration would have to make.
    async fn refuse_filters(&self, local: &Local, from: &ObjectId, to: &ObjectId) -> Result<(), PortError> {
        let off = self.drivers_off(local).await?;
        let configured: Vec<&str> = off
            .iter()
            .filter_map(|(name, _)| name.strip_prefix("filter.")?.rsplit_once('.'))
            .map(|(filter, _)| filter)
            .collect();
        if configured.is_empty() {
            return Ok(());
        }
        let call = local
            .work_tree_call(&["diff-tree", "-r", "-z", "--name-only", "--no-renames"])
            .arg(from.as_str())
            .arg(to.as_str())
            .at_most(64 << 20);
        let changed = self.run_ok(call, "cannot list what a merge changes").await?;
        let call = local
            .work_tree_call(&["check-attr", "--stdin", "-z", "filter"])
            .stdin(changed)
            .settings(&off)
            .at_most(64 << 20);
        let output = self.run_ok(call, "cannot read attributes").await?;
        let text = String::from_utf8_lossy(&output).into_owned();
        let fields: Vec<&str> = text.split('\0').collect();
        let filtered: Vec<String> = fields
            .chunks_exact(3)
            .filter_map(|field| match field {
                [path, _, filter] if configured.contains(filter) => Some((*path).to_owned()),
                _ => None,
            })
            .collect();
        if filtered.is_empty() {
            return Ok(());
        }
        Err(PortError::conflict(format!(
            "{} has the branch checked out, and a filter program makes {} there",
            local.path.display(),
            crate::base::listed(&filtered)
        ))
        .remedy("Merge there by hand with `git merge`, so that your own filters run."))
    }
}
