//! The local forge, with a repository that is a map and a store that is a list.

use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use telecoder_integrations::forge::LocalForge;
use telecoder_model::PortError;
use telecoder_model::error::ErrorClass;
use telecoder_model::id::{SessionId, TenantId, UserId};
use telecoder_model::port::clock::Clock;
use telecoder_model::port::forge::{Forge, Keeps, PullRequest, PushTarget};
use telecoder_model::port::git::{LocalRemote, Merged};
use telecoder_model::port::store::{NewPull, Page, PullChange, PullQuery, PullStore};
use telecoder_model::principal::Principal;
use telecoder_model::pull::{Pull, PullState};
use telecoder_model::refs::{BranchName, ObjectId};
use telecoder_model::repository::Repository;
use telecoder_model::time::Timestamp;

/// Branches by name, and what was done.
#[derive(Debug, Default)]
struct Branches {
    heads: Mutex<BTreeMap<String, ObjectId>>,
    done: Mutex<Vec<String>>,
}

impl Branches {
    fn set(&self, branch: &str, commit: &ObjectId) {
        self.heads.lock().unwrap().insert(branch.to_owned(), commit.clone());
    }
    fn done(&self) -> Vec<String> {
        std::mem::take(&mut self.done.lock().unwrap())
    }
}

#[async_trait]
impl LocalRemote for Branches {
    async fn branch_head(&self, _: &Repository, branch: &BranchName) -> Result<Option<ObjectId>, PortError> {
        Ok(self.heads.lock().unwrap().get(branch.as_str()).cloned())
    }
    async fn push(
        &self,
        _: &SessionId,
        commit: &ObjectId,
        _: &Repository,
        branch: &BranchName,
        expected: Option<&ObjectId>,
    ) -> Result<(), PortError> {
        let mut heads = self.heads.lock().unwrap();
        if heads.get(branch.as_str()) != expected {
            return Err(PortError::conflict("elsewhere"));
        }
        heads.insert(branch.to_string(), commit.clone());
        self.done.lock().unwrap().push(format!("push {branch}"));
        Ok(())
    }
    async fn merge(
        &self,
        _: &Repository,
        base: &BranchName,
        head: &BranchName,
        message: &str,
        _: Timestamp,
    ) -> Result<Merged, PortError> {
        let commit = self.heads.lock().unwrap().get(head.as_str()).unwrap().clone();
        self.set(base.as_str(), &commit);
        self.done.lock().unwrap().push(format!("merge {message}"));
        Ok(Merged { commit })
    }
    async fn delete_branch(&self, _: &Repository, _: &BranchName, _: &ObjectId) -> Result<(), PortError> {
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Pulls(Mutex<Vec<Pull>>);

#[async_trait]
impl PullStore for Pulls {
    async fn open_pull(&self, new: NewPull) -> Result<(Pull, bool), PortError> {
        let mut pulls = self.0.lock().unwrap();
        if let Some(found) =
            pulls.iter().find(|p| p.state.is_open() && p.repository == new.repository && p.head == new.head)
        {
            return Ok((found.clone(), false));
        }
        let pull = Pull {
            number: u64::try_from(pulls.len()).unwrap() + 1,
            tenant: new.tenant,
            owner: new.owner,
            session: new.session,
            repository: new.repository,
            title: new.title,
            body: new.body,
            base: new.base,
            head: new.head,
            head_commit: new.head_commit,
            state: new.state,
            merge_commit: None,
            created_at: new.at,
            updated_at: new.at,
        };
        pulls.push(pull.clone());
        Ok((pull, true))
    }
    async fn change_pull(&self, number: u64, change: PullChange, at: Timestamp) -> Result<Pull, PortError> {
        let mut pulls = self.0.lock().unwrap();
        let pull = pulls.iter_mut().find(|p| p.number == number).unwrap();
        if change.state.is_some() && !pull.state.is_open() {
            return Err(PortError::conflict("ended"));
        }
        pull.title = change.title.unwrap_or_else(|| pull.title.clone());
        pull.body = change.body.unwrap_or_else(|| pull.body.clone());
        pull.head_commit = change.head_commit.unwrap_or_else(|| pull.head_commit.clone());
        pull.base = change.base.unwrap_or_else(|| pull.base.clone());
        pull.state = change.state.unwrap_or(pull.state);
        pull.merge_commit = change.merge_commit.or_else(|| pull.merge_commit.clone());
        pull.updated_at = at;
        Ok(pull.clone())
    }
    async fn pull(&self, number: u64) -> Result<Option<Pull>, PortError> {
        Ok(self.0.lock().unwrap().iter().find(|p| p.number == number).cloned())
    }
    async fn pulls(&self, _: &Principal, _: &PullQuery) -> Result<Page<Pull>, PortError> {
        Err(PortError::permanent("not asked here"))
    }
}

/// A clock that stands.
#[derive(Debug)]
struct Stands;

#[async_trait]
impl Clock for Stands {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_700_000_000_000_000)
    }
    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
    async fn sleep(&self, _: Duration) {}
}

struct World {
    branches: Arc<Branches>,
    pulls: Arc<Pulls>,
    forge: LocalForge,
}

fn world() -> World {
    let (branches, pulls) = (Arc::new(Branches::default()), Arc::new(Pulls::default()));
    branches.set("main", &commit('0'));
    let forge = LocalForge::new(branches.clone(), pulls.clone(), Arc::new(Stands));
    World { branches, pulls, forge }
}

fn commit(digit: char) -> ObjectId {
    digit.to_string().repeat(40).parse().unwrap()
}

fn repository() -> Repository {
    "/srv/demo".parse().unwrap()
}

fn session() -> SessionId {
    SessionId::from_random([1; 8])
}

fn request(digit: char) -> PullRequest {
    PullRequest {
        session: session(),
        tenant: TenantId::default_tenant(),
        owner: UserId::local(),
        repository: repository(),
        base: "main".parse().unwrap(),
        head: BranchName::of_session(&session()),
        commit: commit(digit),
        title: "Fix the sum".to_owned(),
        body: "Body".to_owned(),
        draft: false,
        keeps: Keeps::default(),
        labels: Vec::new(),
        reviewers: Vec::new(),
    }
}

async fn publish(world: &World, pull: &PullRequest) -> telecoder_model::port::forge::ForgePull {
    world.forge.push(&session(), &PushTarget::own(&repository(), &pull.head), &pull.commit).await.unwrap();
    world.forge.open(pull).await.unwrap()
}

#[tokio::test]
async fn publishing_twice_has_the_effect_of_once() {
    let world = world();
    let first = publish(&world, &request('1')).await;
    assert_eq!((first.number, first.url.as_str(), first.created), (1, "/pulls/1", true));
    let again = publish(&world, &request('1')).await;
    assert_eq!((again.number, again.created), (1, false));
    assert_eq!(world.branches.done(), [format!("push telecoder/{}", session())]);
}

#[tokio::test]
async fn a_further_publish_brings_the_open_one_up_to_date() {
    let world = world();
    publish(&world, &PullRequest { draft: true, ..request('1') }).await;
    assert_eq!(world.forge.merge(&repository(), 1).await.unwrap_err().class, ErrorClass::Conflict);
    world.branches.set("dev", &commit('0'));
    let next = PullRequest {
        base: "dev".parse().unwrap(),
        title: "Better".to_owned(),
        body: "More".to_owned(),
        ..request('2')
    };
    let pull = publish(&world, &next).await;
    assert_eq!((pull.number, pull.state, pull.created), (1, PullState::Open, false));
    let stored = world.pulls.0.lock().unwrap()[0].clone();
    assert_eq!(
        (stored.base.as_str(), stored.title.as_str(), stored.body.as_str(), stored.head_commit),
        ("dev", "Better", "More", commit('2'))
    );
}

#[tokio::test]
async fn a_pull_request_needs_both_branches_as_they_are_named() {
    let world = world();
    let class = |error: PortError| error.class;
    assert_eq!(class(world.forge.open(&request('1')).await.unwrap_err()), ErrorClass::NotFound);
    world.branches.set(BranchName::of_session(&session()).as_str(), &commit('9'));
    assert_eq!(class(world.forge.open(&request('1')).await.unwrap_err()), ErrorClass::Conflict);
    let nowhere = PullRequest { base: "nowhere".parse().unwrap(), ..request('9') };
    assert_eq!(class(world.forge.open(&nowhere).await.unwrap_err()), ErrorClass::NotFound);
    let itself = PullRequest { base: BranchName::of_session(&session()), ..request('9') };
    assert_eq!(class(world.forge.open(&itself).await.unwrap_err()), ErrorClass::Permanent);
}

#[tokio::test]
async fn merged_and_closed_are_ends() {
    let world = world();
    publish(&world, &request('1')).await;
    world.branches.done();
    for _ in 0..2 {
        let merged = world.forge.merge(&repository(), 1).await.unwrap();
        assert_eq!((merged.state, merged.merge_commit), (PullState::Merged, Some(commit('1'))));
    }
    assert_eq!(
        world.branches.done(),
        [format!("merge Merge local pull request #1: Fix the sum\n\nTeleCoder-Session: {}\n", session())]
    );
    assert_eq!(world.forge.close(&repository(), 1).await.unwrap_err().class, ErrorClass::Conflict);

    let second = publish(&world, &request('1')).await;
    assert_eq!((second.number, second.created), (2, true));
    for _ in 0..2 {
        let closed = world.forge.close(&repository(), 2).await.unwrap();
        assert_eq!(closed.state, PullState::Closed);
    }
    assert_eq!(world.forge.merge(&repository(), 2).await.unwrap_err().class, ErrorClass::Conflict);
}

#[tokio::test]
async fn a_number_belongs_to_one_repository() {
    let world = world();
    publish(&world, &request('1')).await;
    let other: Repository = "/srv/other".parse().unwrap();
    assert_eq!(world.forge.pull(&other, 1).await.unwrap(), None);
    assert!(world.forge.pull(&repository(), 1).await.unwrap().is_some());
    assert_eq!(world.forge.merge(&other, 1).await.unwrap_err().class, ErrorClass::NotFound);
    assert!(world.forge.serves(&other));
    assert!(!world.forge.serves(&"acme/api".parse().unwrap()));
    assert_eq!(world.forge.kind(), "local");
}
