//! A forge that is a table, for repositories of this host and of others.

use super::World;
use super::ports::digest;
use async_trait::async_trait;
use telecoder_model::PortError;
use telecoder_model::id::SessionId;
use telecoder_model::port::forge::{
    Attempt, Comment, FailingLog, Forge, ForgeIssue, ForgePull, ForgeReader, ForgeRepository, ForgeStatus,
    Mergeable, PullReport, PullRequest, PullSource, PushTarget,
};
use telecoder_model::pull::PullState;
use telecoder_model::refs::{BranchName, ObjectId};
use telecoder_model::repository::Repository;

/// What the forge holds and does.
#[derive(Debug, Default)]
pub(crate) struct ForgeSide {
    pub(crate) about: Option<ForgeRepository>,
    pub(crate) no_credentials: bool,
    pub(crate) source: Option<PullSource>,
    pub(crate) issue: Option<ForgeIssue>,
    pub(crate) conflicts: Vec<String>,
    pub(crate) missing: Vec<BranchName>,
    /// What the next report says; the count makes it another one.
    pub(crate) report: Option<PullReport>,
    pub(crate) reports: u64,
    /// Pull requests as they were last opened or brought up to date.
    pub(crate) opened: Vec<PullRequest>,
    /// Comments: number, key, body.
    pub(crate) comments: Vec<(u64, String, String)>,
    /// What each call to comment said of earlier ones.
    pub(crate) attempts: Vec<Attempt>,
    /// The ends of logs of failed checks.
    pub(crate) logs: Vec<FailingLog>,
    /// Pushes to branches of others: branch, the commit that was expected there.
    pub(crate) followed: Vec<(String, ObjectId)>,
    /// Errors that the next pushes meet.
    pub(crate) refusals: Vec<PortError>,
}

fn none<T>() -> Result<T, PortError> {
    Err(PortError::not_found("the fake forge has none"))
}

fn known(number: u64, title: String, base: BranchName, state: PullState) -> ForgePull {
    let url = format!("/pulls/{number}");
    let body = String::new();
    ForgePull { number, url, title, body, base: Some(base), state, created: false, merge_commit: None }
}

#[async_trait]
impl Forge for World {
    fn kind(&self) -> &'static str {
        "fake"
    }
    fn serves(&self, _: &Repository) -> bool {
        true
    }
    async fn push(&self, _: &SessionId, target: &PushTarget, commit: &ObjectId) -> Result<(), PortError> {
        let act = async {
            target.check()?;
            let mut state = self.lock();
            if !state.forge.refusals.is_empty() {
                return Err(state.forge.refusals.remove(0));
            }
            if let Some(seen) = &target.followed {
                state.forge.followed.push((target.branch.to_string(), seen.clone()));
            }
            state.branches.insert(target.branch.to_string(), commit.to_string());
            Ok(())
        };
        self.faults.call("forge.push", act).await
    }
    async fn open(&self, pull: &PullRequest) -> Result<ForgePull, PortError> {
        let act = async {
            let mut state = self.lock();
            state.forge.opened.push(pull.clone());
            let found = state.pulls.iter().position(|(head, _)| *head == pull.head.to_string());
            let at = found.unwrap_or_else(|| {
                state.pulls.push((pull.head.to_string(), pull.title.clone()));
                state.pulls.len() - 1
            });
            let title = state.pulls[at].1.clone();
            let opened = known(at as u64 + 1, title, pull.base.clone(), PullState::Open);
            Ok(ForgePull { created: found.is_none(), ..opened })
        };
        self.faults.call("forge.open", act).await
    }
    async fn pull(&self, _: &Repository, number: u64) -> Result<Option<ForgePull>, PortError> {
        let of = |source: &PullSource| known(number, source.title.clone(), source.base.clone(), source.state);
        let act = async { Ok(self.lock().forge.source.as_ref().map(of)) };
        self.faults.call("forge.pull", act).await
    }
    async fn merge(&self, _: &Repository, _: u64) -> Result<ForgePull, PortError> {
        Err(PortError::permanent("not here"))
    }
    async fn close(&self, _: &Repository, _: u64) -> Result<ForgePull, PortError> {
        Err(PortError::permanent("not here"))
    }
    async fn comment(&self, _: &Repository, number: u64, new: Comment<'_>) -> Result<String, PortError> {
        let act = async {
            let mut state = self.lock();
            state.forge.attempts.push(new.attempt);
            let comments = &mut state.forge.comments;
            if !comments.iter().any(|(_, known, _)| known == new.key) {
                comments.push((number, new.key.to_owned(), new.body.to_owned()));
            }
            Ok("/comment".to_owned())
        };
        self.faults.call("forge.comment", act).await
    }
}

#[async_trait]
impl ForgeReader for World {
    fn has_credentials(&self) -> bool {
        !self.lock().forge.no_credentials
    }
    async fn about(&self, _: &Repository) -> Result<ForgeRepository, PortError> {
        let fallback = ForgeRepository {
            default_branch: Some("main".parse().unwrap()),
            may_push: true,
            ..ForgeRepository::default()
        };
        Ok(self.lock().forge.about.clone().unwrap_or(fallback))
    }
    async fn source(&self, _: &Repository, _: u64) -> Result<PullSource, PortError> {
        self.lock().forge.source.clone().map_or_else(none, Ok)
    }
    async fn issue(&self, _: &Repository, _: u64) -> Result<ForgeIssue, PortError> {
        self.lock().forge.issue.clone().map_or_else(none, Ok)
    }
    async fn report(
        &self,
        _: &Repository,
        _: u64,
        seen: Option<&str>,
    ) -> Result<Option<PullReport>, PortError> {
        let act = async {
            let mut state = self.lock();
            state.forge.reports += 1;
            let fallback = PullReport {
                state: PullState::Open,
                head: digest("base"),
                mergeable: Mergeable::Clean,
                checks: Vec::new(),
                reviews: Vec::new(),
                comments: Vec::new(),
                seen: "0".to_owned(),
            };
            let report = state.forge.report.clone().unwrap_or(fallback);
            Ok((seen != Some(report.seen.as_str())).then_some(report))
        };
        let done = self.faults.call("forge.report", act).await;
        self.touch();
        done
    }
    async fn failing_logs(
        &self,
        _: &Repository,
        _: &ObjectId,
        _: usize,
    ) -> Result<Vec<FailingLog>, PortError> {
        Ok(self.lock().forge.logs.clone())
    }
    async fn status(&self) -> Option<ForgeStatus> {
        None
    }
}
