//! Layer 1: what is remembered about a session's workspace and about a base. Invariant: a record is written last, whole
//! and synced; it means that everything it names was there.

use crate::folder;
use crate::layout::{Key, Layout, ObjectFormat};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use telecoder_model::PortError;
use telecoder_model::id::SessionId;
use telecoder_model::port::sandbox::WorkspaceSource;
use telecoder_model::refs::{BranchName, ObjectId};
use telecoder_model::repository::Repository;

/// The most bytes of a record: the paths of a base that are tracked and ignored at once are bounded to 64 KiB.
const MAX_RECORD: u64 = 1 << 20;

/// How a session's tree is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Delivery {
    /// A layer over the base.
    Overlay,
    /// A copy of the base.
    Copy,
}

/// The workspace of a session.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Workspace {
    pub(crate) repository: Option<Repository>,
    pub(crate) base_commit: Option<ObjectId>,
    pub(crate) base_branch: Option<BranchName>,
    pub(crate) delivery: Delivery,
    /// Whether its layer was put away: the base below is no longer borrowed, the mirror is.
    #[serde(default)]
    pub(crate) away: bool,
}

impl Workspace {
    pub(crate) fn key(&self) -> Key {
        self.repository.as_ref().map_or_else(Key::empty, Key::of)
    }
    pub(crate) fn format(&self) -> ObjectFormat {
        self.base_commit.as_ref().map_or(ObjectFormat::Sha1, ObjectFormat::of)
    }
    /// The base below the layer.
    pub(crate) fn lower(&self, layout: &Layout) -> PathBuf {
        layout.base(&self.key(), self.base_commit.as_ref())
    }
    pub(crate) fn source(&self, layout: &Layout, session: &SessionId) -> WorkspaceSource {
        match self.delivery {
            Delivery::Overlay => {
                WorkspaceSource::Overlay { lower: self.lower(layout), layer: layout.layer(session) }
            }
            Delivery::Copy => WorkspaceSource::Bind { path: layout.tree(session) },
        }
    }
    /// Reads the record of a session; `None` where there is none.
    pub(crate) fn read(layout: &Layout, session: &SessionId) -> Result<Option<Self>, PortError> {
        read(&layout.record(session), "the record of the workspace")
    }
    /// Reads the record of a session that must have been prepared.
    pub(crate) fn of(layout: &Layout, session: &SessionId) -> Result<Self, PortError> {
        Self::read(layout, session)?
            .ok_or_else(|| PortError::not_found(format!("session {session} has no workspace on this host")))
    }
    pub(crate) fn write(&self, layout: &Layout, session: &SessionId) -> Result<(), PortError> {
        write(&layout.record(session), self, "the record of the workspace")
    }
}

/// What is known about a base.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BaseFacts {
    /// Its tree.
    pub(crate) tree: ObjectId,
    /// Files that are tracked although they match an ignore rule (bounded); an export that cannot use the base's index
    /// adds them by name.
    pub(crate) forced: Vec<String>,
}

impl BaseFacts {
    pub(crate) fn read(
        layout: &Layout,
        key: &Key,
        commit: Option<&ObjectId>,
    ) -> Result<Option<Self>, PortError> {
        read(&layout.base_facts(key, commit), "the facts of a base")
    }
    pub(crate) fn write(
        &self,
        layout: &Layout,
        key: &Key,
        commit: Option<&ObjectId>,
    ) -> Result<(), PortError> {
        write(&layout.base_facts(key, commit), self, "the facts of a base")
    }
}

fn read<T: serde::de::DeserializeOwned>(path: &Path, what: &str) -> Result<Option<T>, PortError> {
    let bytes = folder::read_bounded(path, MAX_RECORD)
        .map_err(|error| PortError::io(format!("cannot read {what} {}", path.display()), error))?;
    match bytes {
        None => Ok(None),
        Some(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| {
            PortError::permanent(format!("{what} {} cannot be read", path.display())).because(error)
        }),
    }
}

fn write<T: Serialize>(path: &Path, value: &T, what: &str) -> Result<(), PortError> {
    let bytes = serde_json::to_vec(value)
        .map_err(|error| PortError::permanent(format!("{what} cannot be written")).because(error))?;
    folder::write_whole(path, &bytes)
        .map_err(|error| PortError::io(format!("cannot write {what} {}", path.display()), error))
}
