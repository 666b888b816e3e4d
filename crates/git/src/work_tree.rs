//! Layer 1: the work tree of a person's repository. Invariants: reading it writes nothing, and the filters that its
//! configuration names are switched off by name; it is written only to bring a clean one to a later commit.

use crate::call::{Call, failure};
use crate::local::Local;
use crate::options::Git;
use std::collections::HashMap;
use std::path::PathBuf;
use telecoder_model::PortError;
use telecoder_model::refs::ObjectId;

/// The most paths with uncommitted changes that are named.
const SHOWN_PATHS: usize = 20;

/// A checked-out branch and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WorkTree {
    pub(crate) folder: PathBuf,
    pub(crate) branch: String,
}

/// Whether files that git does not know count as uncommitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Untracked {
    /// They are listed.
    Listed,
    /// They are passed over.
    Ignored,
}

impl Local {
    /// A call on its work tree.
    pub(crate) fn work_tree_call(&self, args: &[&str]) -> Call {
        Call::new(&self.path, args)
            .env("GIT_DIR", &self.git_dir)
            .env("GIT_WORK_TREE", &self.path)
            .user(self.user)
    }
}

impl Git {
    /// The branches that are checked out, in the repository's own folder and in linked work trees.
    pub(crate) async fn work_trees(&self, local: &Local) -> Result<Vec<WorkTree>, PortError> {
        let call = local.call(&["worktree", "list", "--porcelain", "-z"]);
        let output =
            self.run_ok(call, &format!("cannot list the work trees of {}", local.path.display())).await?;
        let text = String::from_utf8_lossy(&output);
        let mut trees = Vec::new();
        let mut folder = PathBuf::new();
        for line in text.split('\0') {
            if let Some(path) = line.strip_prefix("worktree ") {
                folder = PathBuf::from(path);
            } else if let Some(branch) = line.strip_prefix("branch refs/heads/") {
                trees.push(WorkTree { folder: folder.clone(), branch: branch.to_owned() });
            }
        }
        Ok(trees)
    }

    /// Settings that switch off every filter and merge driver which the repository's configuration names.
    pub(crate) async fn drivers_off(&self, local: &Local) -> Result<Vec<(String, String)>, PortError> {
        let call =
            Call::in_repository(&local.git_dir, &["config", "--list", "--name-only", "-z"]).user(local.user);
        let output =
            self.run_ok(call, &format!("cannot read the configuration of {}", local.path.display())).await?;
        let names = std::str::from_utf8(&output).map_err(|error| {
            PortError::permanent(format!(
                "the configuration of {} holds a name that is not UTF-8",
                local.path.display()
            ))
            .because(error)
        })?;
        let mut off: HashMap<String, String> = HashMap::new();
        for name in names.split('\0') {
            let value = match name.rsplit_once('.') {
                Some((head, "clean" | "smudge" | "process")) if head.starts_with("filter.") => "",
                Some((head, "required")) if head.starts_with("filter.") => "false",
                Some((head, "textconv" | "command")) if head.starts_with("diff.") => "",
                Some(_) | None => continue,
            };
            off.insert(name.to_owned(), value.to_owned());
        }
        Ok(off.into_iter().collect())
    }

    /// Paths with uncommitted changes (the first 20) and how many there are.
    pub(crate) async fn uncommitted(
        &self,
        local: &Local,
        untracked: Untracked,
    ) -> Result<(Vec<String>, u64), PortError> {
        if local.bare {
            return Ok((Vec::new(), 0));
        }
        let call = local
            .work_tree_call(&["status", "--porcelain=v1", "-z", "--no-renames", "--ignore-submodules=all"])
            .arg(match untracked {
                Untracked::Listed => "--untracked-files=normal",
                Untracked::Ignored => "--untracked-files=no",
            })
            .settings(&self.drivers_off(local).await?)
            .at_most(64 << 20)
            .minutes(5);
        let output = self.run_ok(call, &format!("cannot see the state of {}", local.path.display())).await?;
        let text = String::from_utf8_lossy(&output);
        let paths: Vec<&str> = text.split('\0').filter_map(|line| line.get(3..)).collect();
        let shown = paths.iter().take(SHOWN_PATHS).map(|p| (*p).to_owned()).collect();
        Ok((shown, u64::try_from(paths.len()).unwrap_or(u64::MAX)))
    }

    /// Brings a clean work tree, whose branch is checked out, to a commit that its own is an ancestor of.
    pub(crate) async fn fast_forward(&self, local: &Local, to: &ObjectId) -> Result<(), PortError> {
        let call = local
            .work_tree_call(&["merge", "--ff-only", "--no-stat", "-q", "--no-autostash", "--end-of-options"])
            .arg(to.as_str())
            .settings(&self.drivers_off(local).await?)
            .env("GIT_OPTIONAL_LOCKS", "1")
            .minutes(10);
        let output = self.run_to_end(call).await?;
        if output.code == Some(0) {
            return Ok(());
        }
        let what = format!("cannot bring the work tree {} up to date", local.path.display());
        Err(failure(&what, &output))
    }
}
