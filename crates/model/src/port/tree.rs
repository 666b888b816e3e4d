//! Port: tree (layer 0): reads of one snapshot of a session's files, and of what is kept of a repository.
//!
//! Contract: only objects are read, never a folder that an agent can write; a path is looked up name by name, so that none
//! leads out of the tree and no link is followed. Every answer is bounded and says where it was cut.

use crate::error::PortError;
use crate::id::SessionId;
use crate::refs::ObjectId;
use crate::repository::Repository;
use async_trait::async_trait;
use bytes::Bytes;
use std::fmt;

/// What stands at a name of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// A folder.
    Folder,
    /// A file.
    File,
    /// A symbolic link.
    Link,
    /// A commit of another repository.
    Submodule,
}

/// One name of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    /// The name; what is no UTF-8 in it is replaced.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
    /// The size of a file, in bytes.
    pub size: Option<u64>,
    /// Whether a file may be started.
    pub executable: bool,
}

/// What was found at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TreeContent {
    /// A folder.
    Folder {
        /// Its first entries: folders, then the rest, by name (at most 2,000).
        entries: Vec<TreeEntry>,
        /// How many there are.
        total: u64,
    },
    /// A file.
    File {
        /// Its content, cut at the bound (1 MiB).
        head: Bytes,
        /// Its size in bytes.
        size: u64,
        /// Whether it may be started.
        executable: bool,
    },
    /// A symbolic link, with what it says.
    Link(Bytes),
    /// A commit of another repository.
    Submodule(ObjectId),
}

/// What is kept of a repository on this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stock {
    /// Whether there is a mirror.
    pub mirrored: bool,
    /// Its bytes on disk.
    pub mirror_bytes: u64,
    /// Warm bases.
    pub bases: u64,
    /// Their bytes on disk.
    pub bases_bytes: u64,
    /// Whether there were too many files to count all: then the sizes are lower bounds.
    pub at_least: bool,
}

/// Reads of trees.
#[async_trait]
pub trait Trees: Send + Sync + fmt::Debug {
    /// What stands at a path of a session's commit (the empty path is the root). Class `NotFound` where nothing does.
    async fn at(&self, session: &SessionId, commit: &ObjectId, path: &str) -> Result<TreeContent, PortError>;
    /// What is kept of a repository.
    async fn stock(&self, repository: &Repository) -> Result<Stock, PortError>;
}
