//! Layer 1: brings the commits of a session to where others have gone on. Invariants: everything is computed among the
//! objects of the session's quarantine, without a work tree, so that no merge driver, filter or hook of anybody runs; a
//! commit has a ref only when all of it is there.

use crate::call::Call;
use crate::commit::Words;
use crate::layout::Key;
use crate::local::parse_id;
use crate::options::Git;
use async_trait::async_trait;
use std::path::Path;
use telecoder_model::PortError;
use telecoder_model::id::SessionId;
use telecoder_model::port::git::Purpose;
use telecoder_model::port::rebase::Rebase;
use telecoder_model::refs::{BranchName, ObjectId};
use telecoder_model::repository::Repository;
use telecoder_model::time::Timestamp;

/// The most commits of a session that are written again.
const MAX_COMMITS: usize = 1000;

fn conflict(paths: &[String]) -> PortError {
    PortError::conflict(format!("conflicts in {}", crate::base::listed(paths)))
}

/// A commit with another tree and parent; author, times and words stay.
fn rewritten(raw: &str, tree: &ObjectId, parent: &ObjectId) -> Option<String> {
    let rest = raw.strip_prefix("tree ")?.split_once('\n')?.1;
    let rest = rest.strip_prefix("parent ")?.split_once('\n')?.1;
    // A merge, or what else is not one of the platform's own commits, is not written again.
    rest.starts_with("author ").then(|| format!("tree {tree}\nparent {parent}\n{rest}"))
}

impl Git {
    async fn tip_brought(
        &self,
        session: &SessionId,
        repository: &Repository,
        branch: &BranchName,
    ) -> Result<ObjectId, PortError> {
        let key = Key::of(repository);
        let (mirror, tip, _held) = if repository.local_path().is_some() {
            let local = self.local_of(repository).await?;
            let held = self.hold_repository(&key).await?;
            let tip = self.branch_commit(&local, branch).await?;
            (self.mirror_local(&key, &local, &tip).await?, tip, held)
        } else {
            let mut address = self.address(repository, Purpose::Read).await?;
            let tip = self.head_over_there(repository, &mut address, branch).await?.ok_or_else(|| {
                PortError::not_found(format!("{repository} has no branch `{branch}`"))
                    .remedy("Choose another base, or create the branch there.")
            })?;
            let held = self.hold_repository(&key).await?;
            (self.mirror_remote(&key, repository, &tip).await?, tip, held)
        };
        let (quarantine, workspace) = self.quarantine(session).await?;
        if workspace.repository.as_ref() != Some(repository) {
            // The quarantine borrows from another mirror: what is new goes over.
            let own = self.layout.mirror(&workspace.key(), workspace.format());
            let known = self.mirror_commits(&own).await?;
            let haves = self.commits_there(Call::in_repository(&mirror, &[]), &known).await?;
            let what = "cannot read the history of the base";
            let from = Call::in_repository(&mirror, &[]);
            let pack = self.pack(from, &tip, &haves, self.layout.temporary(&key), what).await?;
            self.unpack(&pack, &quarantine, None, "cannot store the history of the base").await?;
        }
        self.keep(&quarantine, &tip).await?;
        Ok(tip)
    }

    /// Gives a commit a name, so that it stays.
    async fn keep(&self, quarantine: &Path, commit: &ObjectId) -> Result<(), PortError> {
        let call = Call::in_repository(quarantine, &["update-ref", "--"])
            .arg(format!("refs/commits/{commit}"))
            .arg(commit.as_str());
        self.run_ok(call, "cannot keep a commit").await.map(drop)
    }

    async fn tree_of_commit(&self, repository: &Path, commit: &ObjectId) -> Result<ObjectId, PortError> {
        let call =
            Call::in_repository(repository, &["rev-parse", "--verify"]).arg(format!("{commit}^{{tree}}"));
        parse_id(&self.run_text(call, "cannot read the tree of a commit").await?)
    }

    /// What a commit changed, put on top of another one: the tree.
    async fn picked(
        &self,
        repository: &Path,
        commit: &ObjectId,
        onto: &ObjectId,
    ) -> Result<ObjectId, PortError> {
        // Three commits made for this: git then takes the first one as the common ancestor, whatever the history.
        let words = || Words { message: "for a rebase", author: None, at: Timestamp::default() };
        let call =
            Call::in_repository(repository, &["rev-parse", "--verify"]).arg(format!("{commit}^^{{tree}}"));
        let before = parse_id(&self.run_text(call, "cannot read the tree before a commit").await?)?;
        let after = self.tree_of_commit(repository, commit).await?;
        let there = self.tree_of_commit(repository, onto).await?;
        let ancestor = self.commit_tree(repository, &before, &[], words()).await?;
        let theirs = self.commit_tree(repository, &there, &[&ancestor], words()).await?;
        let ours = self.commit_tree(repository, &after, &[&ancestor], words()).await?;
        self.merge_trees(repository, &theirs, &ours).await?.map_err(|paths| conflict(&paths))
    }

    async fn replayed(
        &self,
        quarantine: &Path,
        from: &ObjectId,
        to: &ObjectId,
        onto: &ObjectId,
    ) -> Result<ObjectId, PortError> {
        let call = Call::in_repository(quarantine, &["rev-list", "--reverse", "--first-parent"])
            .arg(format!("--max-count={}", MAX_COMMITS + 1))
            .arg(to.as_str())
            .arg(format!("^{from}"))
            .arg("--")
            .minutes(5);
        let listed = self.run_text(call, "cannot list the commits of the session").await?;
        let commits: Vec<ObjectId> = listed.lines().filter_map(|line| line.parse().ok()).collect();
        if commits.len() > MAX_COMMITS {
            return Err(PortError::full(format!(
                "the session has more than {MAX_COMMITS} commits to rebase"
            ))
            .remedy("Publish it without a rebase."));
        }
        let mut tip = onto.clone();
        for commit in &commits {
            let call = Call::in_repository(quarantine, &["cat-file", "commit"]).arg(commit.as_str());
            let raw = self.run_ok(call, "cannot read a commit").await?;
            let tree = self.picked(quarantine, commit, &tip).await?;
            if tree == self.tree_of_commit(quarantine, &tip).await? {
                continue;
            }
            let raw = rewritten(&String::from_utf8_lossy(&raw), &tree, &tip).ok_or_else(|| {
                PortError::permanent(format!("the commit {commit} cannot be written again"))
                    .remedy("Publish it without a rebase.")
            })?;
            let call = Call::in_repository(quarantine, &["hash-object", "-t", "commit", "-w", "--stdin"]);
            tip = parse_id(&self.run_text(call.stdin(raw), "cannot write a commit again").await?)?;
        }
        Ok(tip)
    }
}

#[async_trait]
impl Rebase for Git {
    async fn bring(
        &self,
        session: &SessionId,
        repository: &Repository,
        branch: &BranchName,
    ) -> Result<ObjectId, PortError> {
        self.tip_brought(session, repository, branch).await
    }

    async fn replay(
        &self,
        session: &SessionId,
        from: &ObjectId,
        to: &ObjectId,
        onto: &ObjectId,
    ) -> Result<ObjectId, PortError> {
        let _session = self.hold_session(session).await;
        let (quarantine, _) = self.quarantine_to_write(session).await?;
        for commit in [from, to, onto] {
            self.expect_type(&quarantine, commit, "commit").await?;
        }
        if self.is_ancestor(&quarantine, onto, to).await? {
            return Ok(to.clone());
        }
        let tip = self.replayed(&quarantine, from, to, onto).await?;
        self.keep(&quarantine, &tip).await?;
        Ok(tip)
    }

    async fn join(
        &self,
        session: &SessionId,
        ours: &ObjectId,
        theirs: &ObjectId,
        message: &str,
        at: Timestamp,
    ) -> Result<ObjectId, PortError> {
        let _session = self.hold_session(session).await;
        let (quarantine, _) = self.quarantine_to_write(session).await?;
        for (one, other) in [(ours, theirs), (theirs, ours)] {
            self.expect_type(&quarantine, one, "commit").await?;
            if self.is_ancestor(&quarantine, one, other).await? {
                return Ok(other.clone());
            }
        }
        let merged = self.merge_trees(&quarantine, theirs, ours).await?;
        let tree = merged.map_err(|paths| conflict(&paths))?;
        let words = Words { message, author: None, at };
        let commit = self.commit_tree(&quarantine, &tree, &[ours, theirs], words).await?;
        self.keep(&quarantine, &commit).await?;
        Ok(commit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_written_again_with_its_author_and_words() {
        let id = |digit: &str| digit.repeat(40).parse::<ObjectId>().unwrap();
        let raw = format!(
            "tree {}\nparent {}\nauthor A <a> 1 +0000\ncommitter T <t> 1 +0000\n\nparent x\n",
            id("1"),
            id("2")
        );
        let again = rewritten(&raw, &id("3"), &id("4")).unwrap();
        assert_eq!(
            again,
            format!(
                "tree {}\nparent {}\nauthor A <a> 1 +0000\ncommitter T <t> 1 +0000\n\nparent x\n",
                id("3"),
                id("4")
            )
        );
        let merge = raw.replacen("author", &format!("parent {}\nauthor", id("5")), 1);
        assert_eq!(rewritten(&merge, &id("3"), &id("4")), None);
        assert_eq!(rewritten("tree x\nauthor", &id("3"), &id("4")), None);
    }
}
