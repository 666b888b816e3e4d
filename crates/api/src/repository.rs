//! Wire type: what a repository looks like before work begins (layer 0).

use crate::word::words;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A repository to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InspectRequest {
    /// `owner/name`, an https or ssh URL, or an absolute path of the server's host.
    #[schema(min_length = 1, max_length = 1000)]
    pub repo: String,
}

/// What a repository looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RepositoryFacts {
    /// The repository in its canonical form.
    pub repo: String,
    /// The branch that is checked out, or the remote's default branch.
    pub default_branch: Option<String>,
    /// The commit of that branch.
    pub head_sha: Option<String>,
    /// The repository that its `origin` names, where it is one on a forge.
    pub origin: Option<String>,
    /// Paths with uncommitted changes that will not be part of the work (the first 20).
    pub uncommitted: Vec<String>,
    /// How many there are.
    pub uncommitted_total: u64,
}

words!(
    /// Where a repository is.
    RepositoryKind, "repository kind", {
        /// On the server's host.
        Local = "local",
        /// On another host.
        Remote = "remote",
    }
);

/// A repository that sessions work on, and what is kept of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KnownRepository {
    /// The repository.
    pub repo: String,
    /// Where it is.
    pub kind: RepositoryKind,
    /// Sessions that work on it.
    pub sessions: u64,
    /// How many of them have not ended.
    pub active: u64,
    /// When the newest of them was made.
    #[schema(format = DateTime)]
    pub last_used_at: String,
    /// Whether a mirror of it is kept.
    pub mirrored: bool,
    /// Bytes of the mirror on disk.
    pub mirror_bytes: u64,
    /// Warm bases that are kept.
    pub bases: u64,
    /// Their bytes on disk, without what they share with the mirror.
    pub bases_bytes: u64,
    /// Whether there are too many files to count: then the sizes are lower bounds.
    pub at_least: bool,
}
