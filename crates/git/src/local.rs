//! Layer 1: a repository of a person on this host. Invariants: where the server is root, git runs as the repository's
//! owner; nothing that its configuration names is started (the settings of every call outrank it, and its filters are
//! switched off by name); reading it writes nothing into it.

use crate::call::Call;
use crate::folder;
use crate::options::Git;
use crate::work_tree::Untracked;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use telecoder_model::PortError;
use telecoder_model::port::git::RepositoryFacts;
use telecoder_model::port::process::HostUser;
use telecoder_model::refs::{BranchName, ObjectId, Revision};

/// A repository of this host, found and readable.
#[derive(Debug, Clone)]
pub(crate) struct Local {
    /// The folder that was named.
    pub(crate) path: PathBuf,
    /// The folder that holds refs and objects, also where `path` is a linked work tree.
    pub(crate) common_dir: PathBuf,
    /// The git folder of `path` itself.
    pub(crate) git_dir: PathBuf,
    /// The commit that was checked out when it was looked at; `None` where there is none yet.
    pub(crate) head: Option<ObjectId>,
    /// As whom git runs there.
    pub(crate) user: Option<HostUser>,
    pub(crate) bare: bool,
    pub(crate) shallow: bool,
}

/// What git says of a repository, a line each.
const FACTS: &[&str] = &[
    "rev-parse",
    "--path-format=absolute",
    "--git-dir",
    "--git-common-dir",
    "--is-bare-repository",
    "--is-shallow-repository",
];

/// Where a session begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) commit: ObjectId,
    pub(crate) branch: Option<BranchName>,
}

impl Local {
    /// A call on its refs or objects.
    pub(crate) fn call(&self, args: &[&str]) -> Call {
        Call::in_repository(&self.common_dir, args).user(self.user)
    }
}

/// The git folder of a repository at `path`, without git: its `.git`, or itself where it is bare.
fn find(path: &Path) -> Result<(PathBuf, fs::Metadata), PortError> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, error))?;
    if !metadata.is_dir() {
        return Err(PortError::not_found(format!("{} is not a folder", path.display()))
            .remedy("Name the folder of a git repository."));
    }
    // Listing proves that it can be read; otherwise git would say less clearly why not.
    fs::read_dir(path).map_err(|error| unreadable(path, error))?;
    for candidate in [path.join(".git"), path.to_owned()] {
        match fs::metadata(&candidate) {
            Ok(found) if found.is_file() => return Ok((candidate, found)),
            Ok(found) if found.is_dir() => {
                fs::read_dir(&candidate).map_err(|error| unreadable(&candidate, error))?;
                if candidate.join("HEAD").symlink_metadata().is_ok() && candidate.join("objects").is_dir()
                    || candidate.join("commondir").is_file()
                {
                    return Ok((candidate, found));
                }
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unreadable(&candidate, error)),
        }
    }
    let above = path.ancestors().skip(1).find(|folder| folder.join(".git").exists());
    let error = PortError::not_found(format!("{} is not a git repository", path.display()));
    Err(match above {
        Some(above) => {
            error.remedy(format!("It lies inside the repository {}: name that folder.", above.display()))
        }
        None => error.remedy("Run `git init` there and make a first commit, or name another folder."),
    })
}

/// The same, without holding up others.
pub(crate) async fn git_folder(path: &Path) -> Result<(PathBuf, fs::Metadata), PortError> {
    let named = path.to_owned();
    let looked = tokio::task::spawn_blocking(move || find(&named)).await;
    looked.map_err(|error| PortError::transient("the look at a repository was ended").because(error))?
}

fn unreadable(path: &Path, error: io::Error) -> PortError {
    let shown = path.display();
    if error.kind() == io::ErrorKind::NotFound {
        return PortError::not_found(format!("there is no folder {shown} on the server's host"))
            .remedy("Name an absolute path that exists where the server runs.")
            .because(error);
    }
    let denied = error.kind() == io::ErrorKind::PermissionDenied;
    let result = PortError::io(format!("the server may not read {shown}"), error);
    if denied {
        return result
            .remedy("Let the server's user read the repository, or run the server as the user who owns it.");
    }
    result
}

impl Git {
    /// As whom git runs in a repository; `None` is the server's own user.
    pub(crate) fn owner_of(&self, git_dir: &fs::Metadata) -> Option<HostUser> {
        (self.root_user && git_dir.uid() != 0).then(|| HostUser { uid: git_dir.uid(), gid: git_dir.gid() })
    }

    /// Finds the repository at a path of this host.
    pub(crate) async fn local(&self, path: &str) -> Result<Local, PortError> {
        let path = PathBuf::from(path);
        let (git_dir, metadata) = git_folder(&path).await?;
        let user = self.owner_of(&metadata);
        let call = || Call::new(&path, FACTS).env("GIT_DIR", &git_dir).user(user);
        // With its head in one call; a repository without a commit has none, and is asked again.
        let with_head = self.run(call().arg("HEAD^{commit}")).await?;
        let text = match with_head.code {
            Some(0) => String::from_utf8_lossy(&with_head.stdout).into_owned(),
            Some(_) | None => self
                .run_text(call(), &format!("cannot read the repository {}", path.display()))
                .await
                .map_err(|error| explain_owner(error, user))?,
        };
        let lines: Vec<&str> = text.lines().collect();
        let (head, facts) = match lines.as_slice() {
            [facts @ .., head] if facts.len() == 4 => (Some(parse_id(head)?), facts),
            facts => (None, facts),
        };
        let [git_dir, common_dir, bare, shallow] = facts else {
            return Err(PortError::permanent(format!(
                "the path of the repository {} holds a line break",
                path.display()
            )));
        };
        Ok(Local {
            common_dir: PathBuf::from(common_dir),
            git_dir: PathBuf::from(git_dir),
            head,
            user,
            bare: *bare == "true",
            shallow: *shallow == "true",
            path,
        })
    }

    /// The commit of a ref by its full name.
    pub(crate) async fn ref_commit(
        &self,
        local: &Local,
        full_name: &str,
    ) -> Result<Option<ObjectId>, PortError> {
        let call = local
            .call(&["rev-parse", "--verify", "--quiet", "--end-of-options"])
            .arg(format!("{full_name}^{{commit}}"));
        let output = self.run(call).await?;
        match output.code {
            Some(0) => parse_id(&String::from_utf8_lossy(&output.stdout)).map(Some),
            Some(1) => Ok(None),
            Some(_) | None => Err(crate::call::failure(
                &format!("cannot read {full_name} of {}", local.path.display()),
                &output,
            )),
        }
    }

    /// The branch that is checked out; `None` where HEAD is a bare commit.
    pub(crate) async fn head_branch(&self, local: &Local) -> Result<Option<BranchName>, PortError> {
        let head = read_small(local.git_dir.join("HEAD")).await.ok().flatten().unwrap_or_default();
        let head = String::from_utf8_lossy(&head);
        // Another format of refs keeps a name here that no branch can have.
        let plain = head.trim_end().strip_prefix("ref: refs/heads/").filter(|name| !name.starts_with('.'));
        if let Some(branch) = plain.and_then(|name| name.parse().ok()) {
            return Ok(Some(branch));
        }
        let call = Call::in_repository(&local.git_dir, &["symbolic-ref", "--quiet", "HEAD"]).user(local.user);
        let output = self.run(call).await?;
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(text.trim_end().strip_prefix("refs/heads/").and_then(|name| name.parse().ok()))
    }

    /// Looks where a session of this repository begins.
    pub(crate) async fn local_start(
        &self,
        local: &Local,
        base: Option<&Revision>,
    ) -> Result<Start, PortError> {
        let shown = local.path.display();
        match base {
            None => {
                let branch = self.head_branch(local).await?;
                let commit = local.head.clone().ok_or_else(|| {
                    PortError::not_found(format!("{shown} has no commit yet")).remedy(
                        "Make a first commit there (`git commit --allow-empty -m start`), or name a base.",
                    )
                })?;
                Ok(Start { commit, branch })
            }
            Some(Revision::Commit(id)) => {
                let commit = self.ref_commit(local, id.as_str()).await?;
                let commit = commit.filter(|commit| commit == id).ok_or_else(|| {
                    PortError::not_found(format!("{shown} has no commit {id}"))
                        .remedy("Fetch it into that repository, or name a branch.")
                })?;
                Ok(Start { commit, branch: None })
            }
            Some(Revision::Name(name)) => {
                for (prefix, is_branch) in
                    [("refs/heads/", true), ("refs/tags/", false), ("refs/remotes/origin/", true)]
                {
                    if let Some(commit) = self.ref_commit(local, &format!("{prefix}{name}")).await? {
                        let branch = is_branch.then(|| name.clone());
                        return Ok(Start { commit, branch });
                    }
                }
                Err(PortError::not_found(format!("{shown} has no branch or tag `{name}`"))
                    .remedy("Name a branch, a tag or a full commit id of that repository."))
            }
        }
    }

    /// Which of these commits a repository of this host has.
    pub(crate) async fn commits_there(
        &self,
        call: Call,
        ids: &[ObjectId],
    ) -> Result<Vec<ObjectId>, PortError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut input = String::new();
        for id in ids {
            input.push_str(id.as_str());
            input.push('\n');
        }
        let call = call.arg("cat-file").arg("--batch-check=%(objectname) %(objecttype)").stdin(input);
        let text = self.run_text(call, "cannot look for known commits").await?;
        Ok(text
            .lines()
            .filter_map(|line| line.strip_suffix(" commit"))
            .filter_map(|id| id.parse().ok())
            .collect())
    }

    pub(crate) async fn inspect_local(&self, path: &str) -> Result<RepositoryFacts, PortError> {
        let local = self.local(path).await?;
        let (uncommitted, uncommitted_total) = self.uncommitted(&local, Untracked::Listed).await?;
        Ok(RepositoryFacts {
            default_branch: self.head_branch(&local).await?,
            head: local.head.clone(),
            origin: self.origin_of(&local.git_dir, local.user).await?,
            uncommitted,
            uncommitted_total,
        })
    }
}

fn explain_owner(error: PortError, user: Option<HostUser>) -> PortError {
    match user {
        Some(user) if error.remedy.is_none() => error.remedy(format!(
            "The server reads it as its owner (uid {}), who must be able to reach the folder.",
            user.uid
        )),
        Some(_) | None => error,
    }
}

/// Reads an object id out of git's answer.
pub(crate) fn parse_id(text: &str) -> Result<ObjectId, PortError> {
    let line = text.lines().next().unwrap_or("").trim();
    line.parse().map_err(|error| PortError::permanent("git gave no object id").because(error))
}

/// Reads a small file of a repository's git folder.
pub(crate) async fn read_small(path: PathBuf) -> Result<Option<Vec<u8>>, PortError> {
    let what = format!("cannot read {}", path.display());
    folder::work(&what, move || folder::read_bounded(&path, 16 << 20)).await
}
