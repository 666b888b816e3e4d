//! Layer 1: what `Git` is made of. Invariant: the same options give the same folders, so that a restarted server finds
//! everything that it left.

use crate::layout::Layout;
use crate::lock::Locks;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use telecoder_model::port::git::RemoteAccess;
use telecoder_model::port::process::{HostUser, Processes};

/// Where git keeps things and how much it takes.
#[derive(Debug, Clone)]
pub struct GitOptions {
    /// The folder of mirrors and bases (`<data>/git`).
    pub root: PathBuf,
    /// The folder with one folder a session (`<data>/sessions`).
    pub sessions: PathBuf,
    /// Who owns bases and layers: the sandbox's host uid where the server is root; `None`: the server's own user.
    pub owner: Option<HostUser>,
    /// Whether the driver can mount overlays; else every session gets a copy of its base.
    pub overlay: bool,
    /// The most bytes that an export may have.
    pub max_export_bytes: u64,
    /// The most bytes that a repository's history may have on its way.
    pub max_repository_bytes: u64,
    /// Whether a new base is flushed to the disk before it is used, so that it survives a power failure whole.
    pub durable: bool,
    /// The environment of runs that use the network (`https_proxy`, `GIT_SSL_CAINFO`, …).
    pub network: BTreeMap<String, String>,
    /// How repositories that are not of this host are reached; `None`: over https without credentials.
    pub remote: Option<Arc<dyn RemoteAccess>>,
}

impl GitOptions {
    /// The defaults: overlays, no other owner, exports of at most 1 GiB, repositories of at most 20 GiB, durable.
    pub fn new(root: impl Into<PathBuf>, sessions: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            sessions: sessions.into(),
            owner: None,
            overlay: true,
            max_export_bytes: 1 << 30,
            max_repository_bytes: 20 << 30,
            durable: true,
            network: BTreeMap::new(),
            remote: None,
        }
    }
}

/// Runs git for the platform: implements `Workspaces`, `Diffs` and `LocalRemote`.
#[derive(Debug)]
pub struct Git {
    pub(crate) options: GitOptions,
    pub(crate) layout: Layout,
    pub(crate) processes: Arc<dyn Processes>,
    pub(crate) locks: Locks,
    pub(crate) root_user: bool,
    /// Whether what earlier processes were removing was cleared up.
    pub(crate) swept: AtomicBool,
}

impl Git {
    /// Makes it; touches nothing yet.
    pub fn new(options: GitOptions, processes: Arc<dyn Processes>) -> Self {
        let layout = Layout::new(options.root.clone(), options.sessions.clone());
        Self {
            layout,
            options,
            processes,
            locks: Locks::default(),
            root_user: rustix::process::geteuid().is_root(),
            swept: AtomicBool::new(false),
        }
    }
}
