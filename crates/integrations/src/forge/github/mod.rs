//! Layer 1: GitHub, GitHub Enterprise Cloud and Server: a thin client of the part of their REST interface that is used
//! (docs/decisions tells why it is our own). Invariants: no credential is ever in an error, a log, an address or a file;
//! every call, list and wait has a bound; what changes something looks before it acts, again after an answer was lost.

mod access;
mod app;
mod body;
mod client;
mod comments;
mod credentials;
mod etags;
mod gh_login;
mod issues;
mod logs;
mod options;
mod pulls;
mod refusal;
mod report;
mod repository;
mod secret;
mod slug;
mod status;
mod wire;

pub use access::basic;
pub use gh_login::{GhLogin, gh_login};
pub use options::{GitHubApp, GitHubLogin, GitHubOptions, Learn, PUBLIC_SERVER};
pub use secret::Secret;

use async_trait::async_trait;
use client::Client;
use refusal::Failure;
use slug::Slug;
use std::sync::Arc;
use telecoder_model::PortError;
use telecoder_model::id::SessionId;
use telecoder_model::port::clock::Clock;
use telecoder_model::port::forge::{
    Comment, FailingLog, Forge, ForgeIssue, ForgePull, ForgeReader, ForgeRepository, ForgeStatus, PullReport,
    PullRequest, PullSource, PushTarget,
};
use telecoder_model::port::git::{Purpose, RemoteAccess, RemoteAddress, RemotePush};
use telecoder_model::pull::PullState;
use telecoder_model::refs::{BranchName, ObjectId};
use telecoder_model::repository::Repository;

/// How often a merge is looked at and tried while others do something at the same time.
const MERGE_TRIES: u32 = 4;

/// A GitHub, as far as git needs it: addresses with credentials. The same client serves the forge.
#[derive(Debug, Clone)]
pub struct GitHubAccess {
    client: Arc<Client>,
}

impl GitHubAccess {
    /// Makes it; asks nobody yet. `learn` is told of tokens that are made later.
    ///
    /// # Errors
    /// If the HTTP client cannot be made.
    pub fn new(options: GitHubOptions, clock: Arc<dyn Clock>, learn: Learn) -> Result<Self, PortError> {
        Ok(Self { client: Arc::new(Client::new(options, clock)?.teach(learn)) })
    }

    /// The forge, which pushes through `remote`.
    pub fn forge(&self, remote: Arc<dyn RemotePush>) -> GitHubForge {
        GitHubForge { client: Arc::clone(&self.client), remote }
    }

    fn serves(&self, repository: &Repository) -> bool {
        matches!(repository, Repository::Remote { host, .. } if *host == self.client.options.host())
    }
}

#[async_trait]
impl RemoteAccess for GitHubAccess {
    async fn address(&self, repository: &Repository, purpose: Purpose) -> Result<RemoteAddress, PortError> {
        if self.serves(repository) {
            return self.client.git_address(repository, purpose).await;
        }
        // Another host gets no credential of this one.
        let url = repository
            .https_url()
            .ok_or_else(|| PortError::permanent(format!("{repository} is not on another host")))?;
        Ok(RemoteAddress { url, authorization: None, advice: None })
    }

    async fn renewed(&self, repository: &Repository, refused: &RemoteAddress) -> Option<RemoteAddress> {
        if !self.serves(repository) {
            return None;
        }
        self.client.git_address_again(repository, refused).await
    }
}

/// A GitHub as a forge.
#[derive(Debug)]
pub struct GitHubForge {
    client: Arc<Client>,
    remote: Arc<dyn RemotePush>,
}

impl GitHubForge {
    async fn pull_of(&self, repository: &Repository, number: u64) -> Result<wire::WirePull, PortError> {
        let slug = Slug::of(repository)?;
        match self.client.wire_pull(&slug, number).await {
            Err(Failure::Refused(mut refusal)) if refusal.status == 404 => {
                refusal.error.what = format!("{slug} has no pull request #{number}");
                Err(refusal.error)
            }
            other => Ok(other?),
        }
    }

    /// Names the paths that keep a pull request from being merged, where it is a session's.
    async fn conflicts(&self, repository: &Repository, pull: &wire::WirePull, error: PortError) -> PortError {
        let session = pull.head.branch.strip_prefix("telecoder/").and_then(|id| id.parse::<SessionId>().ok());
        let (Some(session), Ok(head), Ok(base)) =
            (session, pull.head.sha.parse::<ObjectId>(), pull.base.branch.parse::<BranchName>())
        else {
            return error;
        };
        match self.remote.merge_conflicts(&session, &head, repository, &base).await {
            Ok(paths) if !paths.is_empty() => {
                let listed: Vec<&str> = paths.iter().take(20).map(String::as_str).collect();
                PortError::conflict(format!(
                    "pull request #{} conflicts with `{base}` in {}",
                    pull.number,
                    listed.join(", ")
                ))
                .remedy("Merge by hand, or ask for a rerun on the new base.")
                .because(error)
            }
            Ok(_) | Err(_) => error,
        }
    }
}

#[async_trait]
impl Forge for GitHubForge {
    fn kind(&self) -> &'static str {
        "github"
    }

    fn serves(&self, repository: &Repository) -> bool {
        matches!(repository, Repository::Remote { host, .. } if *host == self.client.options.host())
    }

    async fn push(
        &self,
        session: &SessionId,
        target: &PushTarget,
        commit: &ObjectId,
    ) -> Result<(), PortError> {
        target.check()?;
        let PushTarget { repository, branch, followed } = target;
        let head = self.remote.remote_head(repository, branch).await?;
        if head.as_ref() == Some(commit) {
            return Ok(());
        }
        if let Some(followed) = followed {
            return match &head {
                Some(head) if head == followed => {
                    self.remote.push_remote(session, commit, repository, branch, Some(head)).await
                }
                Some(head) => Err(PortError::conflict(format!(
                    "the branch `{branch}` of {repository} stands at {head}: somebody pushed to it since it was looked at"
                ))
                .remedy("Look at who moved it; run the task again on the pull request as it is now.")),
                None => Err(PortError::not_found(format!("the branch `{branch}` is gone from {repository}"))
                    .remedy("Restore the branch on GitHub, or publish as a pull request of its own.")),
            };
        }
        self.remote.push_remote(session, commit, repository, branch, head.as_ref()).await
    }

    async fn open(&self, pull: &PullRequest) -> Result<ForgePull, PortError> {
        let slug = Slug::of(&pull.repository)?;
        if pull.base == pull.head {
            return Err(PortError::permanent(format!(
                "a pull request cannot go from `{}` to itself",
                pull.head
            ))
            .remedy("Choose another base."));
        }
        match self.remote.remote_head(&pull.repository, &pull.head).await? {
            Some(head) if head == pull.commit => {}
            Some(head) => {
                return Err(PortError::conflict(format!(
                    "the branch `{}` stands at {head}, not at the session's commit",
                    pull.head
                ))
                .remedy("Publish again to take the state as it is now."));
            }
            None => {
                return Err(PortError::not_found(format!(
                    "{} has no branch `{}`",
                    pull.repository, pull.head
                ))
                .remedy("Publish again: it is pushed anew."));
            }
        }
        self.client.open_pull(&slug, pull).await
    }

    async fn pull(&self, repository: &Repository, number: u64) -> Result<Option<ForgePull>, PortError> {
        match self.client.wire_pull(&Slug::of(repository)?, number).await {
            Ok(found) => Ok(Some(pulls::shown(&found, false))),
            Err(Failure::Refused(refusal)) if refusal.status == 404 => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn merge(&self, repository: &Repository, number: u64) -> Result<ForgePull, PortError> {
        let slug = Slug::of(repository)?;
        let mut tries = 0;
        loop {
            let found = self.pull_of(repository, number).await?;
            match pulls::state(&found) {
                PullState::Merged => return Ok(pulls::shown(&found, false)),
                PullState::Closed => {
                    return Err(PortError::conflict(format!("pull request #{number} was closed"))
                        .remedy("Publish the session again to open a new one."));
                }
                PullState::Draft => {
                    return Err(PortError::conflict(format!("pull request #{number} is a draft"))
                        .remedy("Publish the session again without `--draft`, then merge."));
                }
                PullState::Open => {}
            }
            let refused = self.client.merge_pull(&slug, &found).await?.err();
            tries += 1;
            if let Some(error) = refused {
                let after = self.pull_of(repository, number).await?;
                if pulls::state(&after) == PullState::Open {
                    if after.mergeable == Some(false) || tries >= MERGE_TRIES {
                        return Err(self.conflicts(repository, &after, error).await);
                    }
                    self.client.pause(tries).await;
                }
            } else if tries >= MERGE_TRIES {
                return Err(PortError::transient(format!("GitHub does not show the merge of #{number} yet")));
            }
        }
    }

    async fn close(&self, repository: &Repository, number: u64) -> Result<ForgePull, PortError> {
        self.client.close_pull(&Slug::of(repository)?, number).await
    }

    async fn comment(
        &self,
        repository: &Repository,
        number: u64,
        comment: Comment<'_>,
    ) -> Result<String, PortError> {
        self.client.write_comment(&Slug::of(repository)?, number, comment).await
    }
}

#[async_trait]
impl ForgeReader for GitHubForge {
    fn has_credentials(&self) -> bool {
        self.client.options.login != GitHubLogin::Nobody
    }
    async fn about(&self, repository: &Repository) -> Result<ForgeRepository, PortError> {
        self.client.about(&Slug::of(repository)?).await
    }

    async fn source(&self, repository: &Repository, number: u64) -> Result<PullSource, PortError> {
        self.client.read_source(&Slug::of(repository)?, &self.client.options.host(), number).await
    }

    async fn issue(&self, repository: &Repository, number: u64) -> Result<ForgeIssue, PortError> {
        self.client.read_issue(&Slug::of(repository)?, number).await
    }

    async fn report(
        &self,
        repository: &Repository,
        number: u64,
        seen: Option<&str>,
    ) -> Result<Option<PullReport>, PortError> {
        self.client.pull_report(&Slug::of(repository)?, number, seen).await
    }

    async fn failing_logs(
        &self,
        repository: &Repository,
        commit: &ObjectId,
        bound: usize,
    ) -> Result<Vec<FailingLog>, PortError> {
        self.client.logs(&Slug::of(repository)?, commit.as_str(), bound).await
    }

    async fn status(&self) -> Option<ForgeStatus> {
        Some(self.client.who().await)
    }
}
