//! Layer 1: the local forge: pull requests between branches of a repository on this host, kept in the store. Invariants:
//! the branch is written before the pull request, and the base before the pull request is called merged, so that a call
//! that was cut off is completed by the next one; a merged or closed pull request never opens again; of those who merge and
//! close at once one wins, and the base says the same as the pull request (within one server, which is all that a
//! repository of this host has).

use async_trait::async_trait;
use futures::lock::{Mutex, MutexGuard};
use std::sync::Arc;
use telecoder_model::PortError;
use telecoder_model::id::SessionId;
use telecoder_model::port::clock::Clock;
use telecoder_model::port::forge::{Comment, Forge, ForgePull, PullRequest, PushTarget};
use telecoder_model::port::git::LocalRemote;
use telecoder_model::port::store::{NewPull, PullChange, PullStore};
use telecoder_model::pull::{Pull, PullState};
use telecoder_model::refs::{BranchName, ObjectId};
use telecoder_model::repository::Repository;

/// So many pull requests may come to their end at once; two that share a place wait for each other.
const ENDING_PLACES: u64 = 16;

/// The forge of repositories on this host.
#[derive(Debug, Clone)]
pub struct LocalForge {
    pub(super) remote: Arc<dyn LocalRemote>,
    pulls: Arc<dyn PullStore>,
    clock: Arc<dyn Clock>,
    /// Held while a pull request is merged or closed, by its number.
    ending: Arc<[Mutex<()>]>,
}

impl LocalForge {
    /// Makes the forge of a git, a store and a clock.
    pub fn new(remote: Arc<dyn LocalRemote>, pulls: Arc<dyn PullStore>, clock: Arc<dyn Clock>) -> Self {
        let ending = (0..ENDING_PLACES).map(|_| Mutex::default()).collect();
        Self { remote, pulls, clock, ending }
    }

    /// Waits until nobody else merges or closes this pull request.
    async fn alone(&self, number: u64) -> Option<MutexGuard<'_, ()>> {
        let place = usize::try_from(number % ENDING_PLACES).ok()?;
        Some(self.ending.get(place)?.lock().await)
    }

    /// The commit of a branch that must be there.
    pub(super) async fn head_of(
        &self,
        repository: &Repository,
        branch: &BranchName,
    ) -> Result<ObjectId, PortError> {
        self.remote.branch_head(repository, branch).await?.ok_or_else(|| {
            PortError::not_found(format!("{repository} has no branch `{branch}`"))
                .remedy("Create the branch there, or choose another base.")
        })
    }

    /// A pull request of this repository by its number.
    pub(super) async fn found(&self, repository: &Repository, number: u64) -> Result<Pull, PortError> {
        self.pulls
            .pull(number)
            .await?
            .filter(|pull| pull.repository == *repository)
            .ok_or_else(|| PortError::not_found(format!("{repository} has no pull request #{number}")))
    }

    async fn change(&self, number: u64, change: PullChange) -> Result<Pull, PortError> {
        self.pulls.change_pull(number, change, self.clock.now()).await
    }

    /// Brings a pull request that was open already up to date.
    async fn update(&self, found: Pull, wanted: &PullRequest) -> Result<Pull, PortError> {
        let (state, keeps) = (wanted_state(wanted), wanted.keeps);
        let change = PullChange {
            title: (!keeps.title && found.title != wanted.title).then(|| wanted.title.clone()),
            body: (!keeps.body && found.body != wanted.body).then(|| wanted.body.clone()),
            head_commit: (found.head_commit != wanted.commit).then(|| wanted.commit.clone()),
            base: (!keeps.base && found.base != wanted.base).then(|| wanted.base.clone()),
            state: (!keeps.draft && found.state != state).then_some(state),
            merge_commit: None,
        };
        if change == PullChange::default() {
            return Ok(found);
        }
        self.change(found.number, change).await
    }
}

fn wanted_state(pull: &PullRequest) -> PullState {
    if pull.draft { PullState::Draft } else { PullState::Open }
}

/// What a forge of one's own has and this one has not.
fn missing(number: u64, what: &str) -> PortError {
    PortError::permanent(format!("local pull requests such as #{number} have no {what}"))
        .remedy("Give a repository on a forge, or write it into the task.")
}

/// Where a person sees a pull request, below the server's own address.
pub(super) fn link(number: u64) -> String {
    format!("/pulls/{number}")
}

fn shown(pull: Pull, created: bool) -> ForgePull {
    ForgePull {
        number: pull.number,
        url: link(pull.number),
        title: pull.title,
        body: pull.body,
        base: Some(pull.base),
        state: pull.state,
        created,
        merge_commit: pull.merge_commit,
    }
}

/// What the merge commit says.
fn merge_message(pull: &Pull) -> String {
    let subject = format!("Merge local pull request #{}: {}", pull.number, pull.title);
    format!("{subject}\n\nTeleCoder-Session: {}\n", pull.session)
}

#[async_trait]
impl Forge for LocalForge {
    fn kind(&self) -> &'static str {
        "local"
    }

    fn serves(&self, repository: &Repository) -> bool {
        repository.local_path().is_some()
    }

    async fn push(
        &self,
        session: &SessionId,
        target: &PushTarget,
        commit: &ObjectId,
    ) -> Result<(), PortError> {
        target.check()?;
        let PushTarget { repository, branch, followed } = target;
        let head = self.remote.branch_head(repository, branch).await?;
        if head.as_ref() == Some(commit) {
            return Ok(());
        }
        if followed.is_some() && head != *followed {
            return Err(PortError::conflict(format!(
                "the branch `{branch}` has moved since it was looked at"
            ))
            .remedy("Look at who moved it; publish again to take the state as it is now."));
        }
        self.remote.push(session, commit, repository, branch, head.as_ref()).await
    }

    async fn open(&self, pull: &PullRequest) -> Result<ForgePull, PortError> {
        if pull.base == pull.head {
            return Err(PortError::permanent(format!(
                "a pull request cannot go from `{}` to itself",
                pull.head
            ))
            .remedy("Choose another base."));
        }
        self.head_of(&pull.repository, &pull.base).await?;
        let head = self.head_of(&pull.repository, &pull.head).await?;
        if head != pull.commit {
            return Err(PortError::conflict(format!(
                "the branch `{}` stands at {head}, not at the session's commit",
                pull.head
            ))
            .remedy("Publish again to take the state as it is now."));
        }
        let new = NewPull {
            tenant: pull.tenant.clone(),
            owner: pull.owner.clone(),
            session: pull.session.clone(),
            repository: pull.repository.clone(),
            title: pull.title.clone(),
            body: pull.body.clone(),
            base: pull.base.clone(),
            head: pull.head.clone(),
            head_commit: pull.commit.clone(),
            state: wanted_state(pull),
            at: self.clock.now(),
        };
        match self.pulls.open_pull(new).await? {
            (made, true) => Ok(shown(made, true)),
            (found, false) => Ok(shown(self.update(found, pull).await?, false)),
        }
    }

    async fn pull(&self, repository: &Repository, number: u64) -> Result<Option<ForgePull>, PortError> {
        let found = self.pulls.pull(number).await?;
        Ok(found.filter(|pull| pull.repository == *repository).map(|pull| shown(pull, false)))
    }

    async fn merge(&self, repository: &Repository, number: u64) -> Result<ForgePull, PortError> {
        let _alone = self.alone(number).await;
        let pull = self.found(repository, number).await?;
        match pull.state {
            PullState::Merged => return Ok(shown(pull, false)),
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
        let merged = self
            .remote
            .merge(repository, &pull.base, &pull.head, &merge_message(&pull), self.clock.now())
            .await?;
        let change = PullChange {
            state: Some(PullState::Merged),
            merge_commit: Some(merged.commit),
            ..PullChange::default()
        };
        Ok(shown(self.change(number, change).await?, false))
    }

    async fn close(&self, repository: &Repository, number: u64) -> Result<ForgePull, PortError> {
        let _alone = self.alone(number).await;
        let pull = self.found(repository, number).await?;
        match pull.state {
            PullState::Closed => return Ok(shown(pull, false)),
            PullState::Merged => {
                return Err(PortError::conflict(format!("pull request #{number} was merged")));
            }
            PullState::Draft | PullState::Open => {}
        }
        let change = PullChange { state: Some(PullState::Closed), ..PullChange::default() };
        Ok(shown(self.change(number, change).await?, false))
    }

    async fn comment(&self, _: &Repository, number: u64, _: Comment<'_>) -> Result<String, PortError> {
        Err(missing(number, "comments"))
    }
}
