//! Layer 1: what the local forge can say about its repositories and pull requests. Invariant: it has no issues, comments,
//! checks or logs, and says so by name.

use super::local::{LocalForge, link};
use async_trait::async_trait;
use telecoder_model::PortError;
use telecoder_model::port::forge::{
    FailingLog, ForgeIssue, ForgeReader, ForgeRepository, ForgeStatus, Mergeable, PullReport, PullSource,
};
use telecoder_model::refs::ObjectId;
use telecoder_model::repository::Repository;

#[async_trait]
impl ForgeReader for LocalForge {
    /// The default branch is the engine's to know (`Workspaces::inspect`): it is whatever is checked out.
    async fn about(&self, _: &Repository) -> Result<ForgeRepository, PortError> {
        Ok(ForgeRepository { may_push: true, ..ForgeRepository::default() })
    }

    async fn source(&self, repository: &Repository, number: u64) -> Result<PullSource, PortError> {
        let pull = self.found(repository, number).await?;
        let head_commit = self.head_of(repository, &pull.head).await?;
        Ok(PullSource {
            number,
            url: link(number),
            title: pull.title,
            body: pull.body,
            state: pull.state,
            author: pull.owner.to_string(),
            base: pull.base,
            may_push: pull.state.is_open() && pull.head.is_ours(),
            head: pull.head,
            head_repository: pull.repository,
            head_commit,
            outsider: false,
        })
    }

    async fn issue(&self, _: &Repository, number: u64) -> Result<ForgeIssue, PortError> {
        Err(PortError::permanent(format!(
            "a repository of this host has no issues, so there is no #{number}"
        ))
        .remedy("Name a repository on a forge, or write the task out."))
    }

    async fn report(
        &self,
        repository: &Repository,
        number: u64,
        seen: Option<&str>,
    ) -> Result<Option<PullReport>, PortError> {
        let pull = self.found(repository, number).await?;
        let now = format!("{}:{}", pull.state.as_str(), pull.head_commit);
        if seen == Some(now.as_str()) {
            return Ok(None);
        }
        Ok(Some(PullReport {
            state: pull.state,
            head: pull.head_commit,
            mergeable: Mergeable::Unknown,
            checks: Vec::new(),
            reviews: Vec::new(),
            comments: Vec::new(),
            seen: now,
        }))
    }

    async fn failing_logs(
        &self,
        repository: &Repository,
        _: &ObjectId,
        _: usize,
    ) -> Result<Vec<FailingLog>, PortError> {
        Err(PortError::permanent(format!("{repository} is a repository of this host: no checks run there")))
    }

    async fn status(&self) -> Option<ForgeStatus> {
        None
    }
}
