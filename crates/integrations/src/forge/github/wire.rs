//! Layer 1: the few fields of GitHub's answers that are used, read leniently: what is missing is empty.

use serde::Deserialize;
use telecoder_model::time::Timestamp;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Account {
    pub(super) login: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Permissions {
    pub(super) push: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireRepository {
    pub(super) full_name: String,
    pub(super) default_branch: Option<String>,
    pub(super) archived: bool,
    pub(super) permissions: Option<Permissions>,
    pub(super) allow_merge_commit: Option<bool>,
    pub(super) allow_squash_merge: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireEnd {
    #[serde(rename = "ref")]
    pub(super) branch: String,
    pub(super) sha: String,
    pub(super) repo: Option<WireRepository>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireLabel {
    pub(super) name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WirePull {
    pub(super) number: u64,
    pub(super) node_id: String,
    pub(super) html_url: String,
    pub(super) state: String,
    pub(super) draft: bool,
    pub(super) merged: bool,
    pub(super) merged_at: Option<String>,
    pub(super) merge_commit_sha: Option<String>,
    pub(super) mergeable: Option<bool>,
    pub(super) maintainer_can_modify: bool,
    pub(super) title: String,
    pub(super) body: Option<String>,
    pub(super) user: Option<Account>,
    pub(super) author_association: String,
    pub(super) head: WireEnd,
    pub(super) base: WireEnd,
    pub(super) labels: Vec<WireLabel>,
    pub(super) requested_reviewers: Vec<Account>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireIssue {
    pub(super) number: u64,
    pub(super) html_url: String,
    pub(super) state: String,
    pub(super) title: String,
    pub(super) body: Option<String>,
    pub(super) user: Option<Account>,
    pub(super) author_association: String,
    pub(super) comments: u64,
    pub(super) pull_request: Option<serde_json::Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireComment {
    pub(super) id: u64,
    pub(super) html_url: String,
    pub(super) body: Option<String>,
    pub(super) user: Option<Account>,
    pub(super) author_association: String,
    pub(super) path: String,
    pub(super) line: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireReview {
    pub(super) user: Option<Account>,
    pub(super) state: String,
    pub(super) body: Option<String>,
    pub(super) submitted_at: Option<Timestamp>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireOutput {
    pub(super) title: Option<String>,
    pub(super) summary: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireCheck {
    pub(super) name: String,
    pub(super) status: String,
    pub(super) conclusion: Option<String>,
    pub(super) html_url: Option<String>,
    pub(super) output: WireOutput,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireStatus {
    pub(super) context: String,
    pub(super) state: String,
    pub(super) description: Option<String>,
    pub(super) target_url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireCombined {
    pub(super) statuses: Vec<WireStatus>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireRun {
    pub(super) id: u64,
    pub(super) name: Option<String>,
    pub(super) conclusion: Option<String>,
    pub(super) html_url: Option<String>,
}

pub(super) fn login(account: Option<&Account>) -> String {
    account.map_or_else(|| "ghost".to_owned(), |account| account.login.clone())
}

/// Whether an author is no member of the project.
pub(super) fn outsider(association: &str) -> bool {
    !matches!(association, "OWNER" | "MEMBER" | "COLLABORATOR")
}
