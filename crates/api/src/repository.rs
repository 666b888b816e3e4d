//! Wire type: what a repository looks like before work begins (layer 0).

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
