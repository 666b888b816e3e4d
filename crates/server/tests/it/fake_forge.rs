//! A forge of this host that only keeps rows.

use async_trait::async_trait;
use std::sync::Arc;
use telecoder_model::PortError;
use telecoder_model::id::SessionId;
use telecoder_model::port::forge::{
    Comment, FailingLog, Forge, ForgeIssue, ForgePull, ForgeReader, ForgeRepository, ForgeStatus, PullReport,
    PullRequest, PullSource, PushTarget,
};
use telecoder_model::port::store::{NewPull, PullChange, PullStore};
use telecoder_model::pull::{Pull, PullState};
use telecoder_model::refs::ObjectId;
use telecoder_model::repository::Repository;
use telecoder_model::time::Timestamp;

/// A local forge that only keeps rows.
#[derive(Debug)]
pub(crate) struct FakeForge(pub(crate) Arc<dyn telecoder_model::port::store::Store>);

impl FakeForge {
    async fn change(&self, number: u64, change: PullChange) -> Result<ForgePull, PortError> {
        let pull =
            PullStore::change_pull(&*self.0, number, change, Timestamp::from_micros(1_700_000_000_000_000))
                .await?;
        Ok(shown(pull, false))
    }
}

fn to(state: PullState) -> PullChange {
    PullChange { state: Some(state), ..PullChange::default() }
}

fn shown(pull: Pull, created: bool) -> ForgePull {
    ForgePull {
        number: pull.number,
        url: format!("http://127.0.0.1/pulls/{}", pull.number),
        title: pull.title,
        body: pull.body,
        base: Some(pull.base),
        state: pull.state,
        created,
        merge_commit: None,
    }
}

#[async_trait]
impl Forge for FakeForge {
    fn kind(&self) -> &'static str {
        "local"
    }
    fn serves(&self, repository: &Repository) -> bool {
        repository.local_path().is_some()
    }
    async fn push(&self, _: &SessionId, _: &PushTarget, _: &ObjectId) -> Result<(), PortError> {
        Ok(())
    }
    async fn open(&self, pull: &PullRequest) -> Result<ForgePull, PortError> {
        let (opened, created) = PullStore::open_pull(
            &*self.0,
            NewPull {
                tenant: pull.tenant.clone(),
                owner: pull.owner.clone(),
                session: pull.session.clone(),
                repository: pull.repository.clone(),
                title: pull.title.clone(),
                body: pull.body.clone(),
                base: pull.base.clone(),
                head: pull.head.clone(),
                head_commit: pull.commit.clone(),
                state: if pull.draft { PullState::Draft } else { PullState::Open },
                at: Timestamp::from_micros(1_700_000_000_000_000),
            },
        )
        .await?;
        if created || pull.keeps.body {
            return Ok(shown(opened, created));
        }
        self.change(opened.number, PullChange { body: Some(pull.body.clone()), ..PullChange::default() })
            .await
    }
    async fn pull(&self, _: &Repository, number: u64) -> Result<Option<ForgePull>, PortError> {
        let found = PullStore::pull(&*self.0, number).await?;
        Ok(found.map(|pull| shown(pull, false)))
    }
    async fn merge(&self, _: &Repository, number: u64) -> Result<ForgePull, PortError> {
        self.change(number, to(PullState::Merged)).await
    }
    async fn close(&self, _: &Repository, number: u64) -> Result<ForgePull, PortError> {
        self.change(number, to(PullState::Closed)).await
    }
    async fn comment(&self, _: &Repository, _: u64, _: Comment<'_>) -> Result<String, PortError> {
        Err(PortError::permanent("not here"))
    }
}

#[async_trait]
impl ForgeReader for FakeForge {
    async fn about(&self, _: &Repository) -> Result<ForgeRepository, PortError> {
        Ok(ForgeRepository { may_push: true, ..ForgeRepository::default() })
    }
    async fn source(&self, _: &Repository, _: u64) -> Result<PullSource, PortError> {
        Err(PortError::permanent("not here"))
    }
    async fn issue(&self, _: &Repository, _: u64) -> Result<ForgeIssue, PortError> {
        Err(PortError::permanent("not here"))
    }
    async fn report(&self, _: &Repository, _: u64, _: Option<&str>) -> Result<Option<PullReport>, PortError> {
        Ok(None)
    }
    async fn failing_logs(
        &self,
        _: &Repository,
        _: &ObjectId,
        _: usize,
    ) -> Result<Vec<FailingLog>, PortError> {
        Ok(Vec::new())
    }
    async fn status(&self) -> Option<ForgeStatus> {
        None
    }
}
