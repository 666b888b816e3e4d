//! Layer 1: the workspaces of sessions. Invariants: what a session starts from is recorded before it can be used, and a
//! repeated call gives the recorded answer even where the branch has moved on; a layer appears by one rename.

use crate::call::Call;
use crate::folder;
use crate::layout::Key;
use crate::local::Start;
use crate::lock::Held;
use crate::options::Git;
use crate::pack::temporary;
use crate::record::{BaseFacts, Delivery, Workspace};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use std::fs;
use std::io;
use std::path::Path;
use telecoder_model::PortError;
use telecoder_model::fail_point;
use telecoder_model::id::SessionId;
use telecoder_model::port::git::{
    CommitRequest, LayerContent, PreparedWorkspace, RepositoryFacts, Workspaces,
};
use telecoder_model::port::process::HostUser;
use telecoder_model::port::sandbox::{Access, ProcessSpec};
use telecoder_model::refs::{BranchName, ObjectId, Revision};
use telecoder_model::repository::Repository;

/// The files of `.git` that a session begins with, besides those of its base: the branch it works on, and the base
/// branch under its own name. Relative path and content.
pub(crate) fn seeds(session: &SessionId, workspace: &Workspace) -> Vec<(String, String)> {
    let branch = BranchName::of_session(session);
    let mut seeds = vec![("HEAD".to_owned(), format!("ref: refs/heads/{branch}\n"))];
    let Some(commit) = &workspace.base_commit else {
        return seeds;
    };
    seeds.push((format!("refs/heads/{branch}"), format!("{commit}\n")));
    if let Some(base) = &workspace.base_branch {
        // A branch `telecoder` would stand where the folder of the session's branch is.
        let (base, own) = (base.as_str(), branch.as_str());
        if base != own && !own.starts_with(&format!("{base}/")) && !base.starts_with(&format!("{own}/")) {
            seeds.push((format!("refs/heads/{base}"), format!("{commit}\n")));
        }
    }
    seeds
}

/// Writes the seeds into a `.git` folder that may be there or not.
fn write_seeds(git: &Path, seeds: &[(String, String)], owner: Option<HostUser>) -> io::Result<()> {
    for (name, content) in seeds {
        let mut folder = git.to_owned();
        let mut parts = name.split('/').peekable();
        while let Some(part) = parts.next() {
            if !folder.is_dir() {
                folder::make(&folder, 0o755)?;
                folder::own(&folder, owner)?;
            }
            folder.push(part);
            if parts.peek().is_none() {
                fs::write(&folder, content)?;
                folder::own(&folder, owner)?;
            }
        }
    }
    Ok(())
}

impl Git {
    pub(crate) async fn hold_session(&self, session: &SessionId) -> Held {
        self.locks.hold(&format!("session:{session}")).await
    }

    pub(crate) async fn hold_repository(&self, key: &Key) -> Result<Held, PortError> {
        self.hold_named(key.as_str()).await
    }

    pub(crate) async fn hold_named(&self, key: &str) -> Result<Held, PortError> {
        let path = self.layout.lock(key);
        let root = self.layout.root();
        let parent = path.parent().map(Path::to_owned).unwrap_or_default();
        folder::work("cannot make the folder of locks", move || {
            folder::make(&root, 0o711)?;
            folder::make(&parent, 0o700)
        })
        .await?;
        self.locks.hold_file(&format!("repository:{key}"), path).await
    }

    async fn start_of(&self, repository: &Repository, base: Option<&Revision>) -> Result<Start, PortError> {
        match repository {
            Repository::Local(path) => self.local_start(&self.local(path).await?, base).await,
            Repository::Remote { .. } => self.remote_start(repository, base).await,
        }
    }

    /// Makes or finds mirror and base of a workspace. The caller holds the repository's lock.
    async fn base_of(&self, workspace: &Workspace) -> Result<BaseFacts, PortError> {
        let key = workspace.key();
        let (Some(repository), Some(commit)) = (&workspace.repository, &workspace.base_commit) else {
            return self.empty_base(&key).await;
        };
        let mirror = match repository {
            Repository::Local(path) => {
                let mirror = self.layout.mirror(&key, workspace.format());
                let found = mirror.clone();
                let there = folder::work("cannot look for a mirror", move || Ok(found.is_dir())).await?;
                if there && self.mirrored(&mirror, commit).await? {
                    mirror
                } else {
                    self.mirror_local(&key, &self.local(path).await?, commit).await?
                }
            }
            Repository::Remote { .. } => self.mirror_remote(&key, repository, commit).await?,
        };
        self.base(&key, &mirror, commit).await
    }

    async fn make_layer(&self, session: &SessionId, workspace: &Workspace) -> Result<(), PortError> {
        let folder = temporary(self.layout.session_temporary(session), "layer-").await?;
        let made = folder.path().join("made");
        let seeds = seeds(session, workspace);
        let (owner, lower) = (self.options.owner, workspace.lower(&self.layout));
        let (delivery, target) = match workspace.delivery {
            Delivery::Overlay => (Delivery::Overlay, self.layout.layer(session)),
            Delivery::Copy => (Delivery::Copy, self.layout.tree(session)),
        };
        folder::work("cannot make the session's layer", move || {
            if target.is_dir() {
                return Ok(());
            }
            match delivery {
                Delivery::Overlay => {
                    for path in [made.clone(), made.join("upper"), made.join("work")] {
                        folder::make(&path, 0o755)?;
                        folder::own(&path, owner)?;
                    }
                    write_seeds(&made.join("upper/.git"), &seeds, owner)?;
                }
                Delivery::Copy => {
                    // Packs may be shared with the mirror only where the agent runs as another user than the server.
                    let share = |path: &Path| owner.is_some() && path.starts_with(".git/objects/pack");
                    folder::copy_tree(&lower, &made, &share)?;
                    write_seeds(&made.join(".git"), &seeds, owner)?;
                    folder::own_all(&made, owner)?;
                }
            }
            fail_point::reach("git.layer.before");
            fs::rename(&made, &target)?;
            fail_point::reach("git.layer.after");
            Ok(())
        })
        .await
    }

    pub(crate) async fn remove_paths(
        &self,
        session: &SessionId,
        what: &'static str,
        all: bool,
    ) -> Result<(), PortError> {
        let layout = &self.layout;
        let mut paths = vec![layout.layer(session), layout.tree(session)];
        if all {
            paths.push(layout.quarantine(session));
            paths.push(layout.session_temporary(session));
            paths.push(layout.record(session));
        }
        let own = layout.session(session);
        folder::work(what, move || {
            fail_point::reach("git.removal.before");
            paths.iter().try_for_each(|path| folder::remove(path))?;
            fail_point::reach("git.removal.after");
            folder::sweep_named(&own, folder::TRASH)
        })
        .await
    }
}

#[async_trait]
impl Workspaces for Git {
    async fn inspect(&self, repository: &Repository) -> Result<RepositoryFacts, PortError> {
        match repository {
            Repository::Local(path) => self.inspect_local(path).await,
            Repository::Remote { .. } => self.inspect_remote(repository).await,
        }
    }

    async fn origin(&self, repository: &Repository) -> Result<Option<Repository>, PortError> {
        match repository {
            Repository::Local(path) => self.find_origin(path).await,
            Repository::Remote { .. } => Ok(Some(repository.clone())),
        }
    }

    async fn prepare(
        &self,
        session: &SessionId,
        repository: Option<&Repository>,
        base: Option<&Revision>,
        _access: Access,
    ) -> Result<PreparedWorkspace, PortError> {
        let _session = self.hold_session(session).await;
        let recorded = Workspace::read(&self.layout, session)?;
        let fresh = recorded.is_none();
        let workspace = match recorded {
            Some(workspace) if workspace.away => {
                return Err(PortError::permanent(format!("the workspace of session {session} was put away")));
            }
            Some(workspace) if workspace.repository.as_ref() == repository => workspace,
            Some(_) => {
                return Err(PortError::conflict(format!(
                    "session {session} was prepared for another repository"
                )));
            }
            None => {
                let start = match repository {
                    Some(repository) => Some(self.start_of(repository, base).await?),
                    None => None,
                };
                Workspace {
                    repository: repository.cloned(),
                    base_commit: start.as_ref().map(|start| start.commit.clone()),
                    base_branch: start.and_then(|start| start.branch),
                    delivery: if self.options.overlay { Delivery::Overlay } else { Delivery::Copy },
                    away: false,
                }
            }
        };
        if fresh {
            // What an interrupted call left was never used.
            self.remove_paths(session, "cannot clear the session's folder", true).await?;
        }
        let _repository = self.hold_repository(&workspace.key()).await?;
        self.base_of(&workspace).await?;
        let folder = self.layout.session(session);
        folder::work("cannot make the session's folder", move || folder::make(&folder, 0o711)).await?;
        self.make_layer(session, &workspace).await?;
        if fresh {
            workspace.write(&self.layout, session)?;
        }
        Ok(PreparedWorkspace {
            source: workspace.source(&self.layout, session),
            base_commit: workspace.base_commit,
            base_branch: workspace.base_branch,
        })
    }

    async fn layer(&self, session: &SessionId) -> Result<LayerContent, PortError> {
        let workspace = Workspace::of(&self.layout, session)?;
        let lower = workspace.lower(&self.layout);
        let seeds = seeds(session, &workspace);
        let (upper, delivery) = match workspace.delivery {
            Delivery::Overlay => (self.layout.layer(session).join("upper"), workspace.delivery),
            Delivery::Copy => (self.layout.tree(session), workspace.delivery),
        };
        folder::work("cannot read the session's layer", move || {
            crate::layer::content(&upper, &lower, delivery, &seeds)
        })
        .await
    }

    fn export(
        &self,
        session: &SessionId,
        base: Option<&ObjectId>,
        number: u32,
    ) -> Result<ProcessSpec, PortError> {
        self.export_process(session, base, number)
    }

    async fn import(
        &self,
        session: &SessionId,
        output: BoxStream<'static, Result<Bytes, PortError>>,
    ) -> Result<ObjectId, PortError> {
        self.import_stream(session, output).await
    }

    async fn commit(&self, session: &SessionId, request: &CommitRequest) -> Result<ObjectId, PortError> {
        self.write_commit(session, request).await
    }

    async fn discard(&self, session: &SessionId) -> Result<(), PortError> {
        let _session = self.hold_session(session).await;
        let workspace = Workspace::of(&self.layout, session)?;
        self.remove_paths(session, "cannot throw the session's layer away", false).await?;
        self.make_layer(session, &workspace).await
    }

    async fn remove(&self, session: &SessionId) -> Result<(), PortError> {
        let _session = self.hold_session(session).await;
        let folder = self.layout.session(session);
        folder::work("cannot remove the session's folder", move || folder::remove(&folder)).await
    }
}

/// A call in the quarantine or mirror that finds out an object's type; `None` where there is no such object.
pub(crate) fn type_call(repository: &Path, id: &ObjectId) -> Call {
    Call::in_repository(repository, &["cat-file", "-t"]).arg(id.as_str())
}
