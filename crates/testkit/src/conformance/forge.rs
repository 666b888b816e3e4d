//! Conformance suite of the forge port (dev layer). An adapter brings a [`ForgeWorld`]: a repository with a base branch,
//! a way to make commits of a session, and eyes for the far side.

use async_trait::async_trait;
use futures::future::join_all;
use std::fmt;
use std::sync::Arc;
use telecoder_model::ErrorClass;
use telecoder_model::id::{SessionId, TenantId, UserId};
use telecoder_model::port::forge::{Forge, Keeps, PullRequest, PushTarget};
use telecoder_model::pull::PullState;
use telecoder_model::refs::{BranchName, ObjectId};
use telecoder_model::repository::Repository;

/// A forge with one repository on it.
#[async_trait]
pub trait ForgeWorld: Send + Sync + fmt::Debug {
    /// The adapter.
    fn forge(&self) -> Arc<dyn Forge>;
    /// A repository that it serves.
    fn repository(&self) -> Repository;
    /// A repository of another forge.
    fn foreign(&self) -> Repository;
    /// The branch that changes go to; it has at least one commit.
    fn base(&self) -> BranchName;
    /// Makes a commit of this session, where the adapter finds it for `push`: it changes only the file of this name, to a
    /// content that no other session gives it. Its parent is `parent`, or else the commit that the base branch had at the
    /// session's first commit.
    async fn commit(&self, session: &SessionId, parent: Option<&ObjectId>, file: &str) -> ObjectId;
    /// Where a branch stands on the forge; `None` if it is not there.
    async fn head(&self, branch: &BranchName) -> Option<ObjectId>;
}

cases! { $ forge, forge_conformance, dyn ForgeWorld {
    it_knows_what_it_serves
    a_push_makes_the_branch_and_a_second_does_nothing
    a_push_moves_the_branch_forward_only
    of_many_equal_pushes_at_once_all_succeed
    only_our_branches_are_written
    a_pull_request_is_opened_once
    of_many_who_open_at_once_one_does
    an_open_pull_request_is_brought_up_to_date
    an_open_pull_request_keeps_what_nobody_asked_to_change
    a_draft_becomes_ready_and_only_then_is_merged
    what_is_not_there_cannot_be_asked_for
    a_pull_request_is_found_by_its_number
    a_merge_brings_the_change_to_the_base_once
    a_merge_joins_what_has_diverged
    a_conflict_leaves_everything_as_it_was
    many_who_merge_at_once_all_see_the_one_merge
    many_who_close_at_once_all_see_it_closed
    a_merge_and_a_close_at_once_agree
    a_merged_one_cannot_be_closed
    a_closed_one_is_not_merged_and_a_new_one_may_follow
} }

fn session(number: u8) -> SessionId {
    SessionId::from_random([number; 8])
}

fn request(world: &dyn ForgeWorld, session: &SessionId, commit: &ObjectId) -> PullRequest {
    PullRequest {
        session: session.clone(),
        tenant: TenantId::default_tenant(),
        owner: UserId::local(),
        repository: world.repository(),
        base: world.base(),
        head: BranchName::of_session(session),
        commit: commit.clone(),
        title: "A change".to_owned(),
        body: "Why it is made.".to_owned(),
        draft: false,
        keeps: Keeps::default(),
        labels: Vec::new(),
        reviewers: Vec::new(),
    }
}

/// The place of a branch that is the session's own.
fn own(world: &dyn ForgeWorld, branch: &BranchName) -> PushTarget {
    PushTarget::own(&world.repository(), branch)
}

/// Pushes a commit of a session and forms its pull request.
async fn pushed(world: &Arc<dyn ForgeWorld>, number: u8) -> PullRequest {
    let session = session(number);
    let commit = world.commit(&session, None, &format!("file-{number}")).await;
    let pull = request(&**world, &session, &commit);
    world.forge().push(&session, &own(&**world, &pull.head), &commit).await.unwrap();
    pull
}

/// And it has a name.
pub async fn it_knows_what_it_serves(world: Arc<dyn ForgeWorld>) {
    let forge = world.forge();
    assert!(forge.serves(&world.repository()));
    assert!(!forge.serves(&world.foreign()));
    assert!(!forge.kind().is_empty());
}

/// The same commit on the same branch.
pub async fn a_push_makes_the_branch_and_a_second_does_nothing(world: Arc<dyn ForgeWorld>) {
    let session = session(1);
    let branch = BranchName::of_session(&session);
    assert_eq!(world.head(&branch).await, None);
    let commit = world.commit(&session, None, "a").await;
    for _ in 0..2 {
        world.forge().push(&session, &own(&*world, &branch), &commit).await.unwrap();
        assert_eq!(world.head(&branch).await.as_ref(), Some(&commit));
    }
}

/// A head that is no ancestor is a conflict, and the branch stays.
pub async fn a_push_moves_the_branch_forward_only(world: Arc<dyn ForgeWorld>) {
    let (forge, session) = (world.forge(), session(1));
    let branch = BranchName::of_session(&session);
    let first = world.commit(&session, None, "a").await;
    let second = world.commit(&session, Some(&first), "b").await;
    let aside = world.commit(&session, None, "c").await;
    for commit in [&first, &second] {
        forge.push(&session, &own(&*world, &branch), commit).await.unwrap();
    }
    let error = forge.push(&session, &own(&*world, &branch), &aside).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Conflict);
    assert_eq!(world.head(&branch).await, Some(second));
}

/// As one.
pub async fn of_many_equal_pushes_at_once_all_succeed(world: Arc<dyn ForgeWorld>) {
    let session = session(1);
    let branch = BranchName::of_session(&session);
    let commit = world.commit(&session, None, "a").await;
    let pushes = (0..6).map(|_| {
        let (forge, target) = (world.forge(), own(&*world, &branch));
        let (session, commit) = (session.clone(), commit.clone());
        tokio::spawn(async move { forge.push(&session, &target, &commit).await.unwrap() })
    });
    for push in join_all(pushes).await {
        push.unwrap();
    }
    assert_eq!(world.head(&branch).await, Some(commit));
}

/// Neither the base nor any other.
pub async fn only_our_branches_are_written(world: Arc<dyn ForgeWorld>) {
    let session = session(1);
    let commit = world.commit(&session, None, "a").await;
    let before = world.head(&world.base()).await;
    let other: BranchName = "feature/x".parse().unwrap();
    for branch in [world.base(), other.clone()] {
        assert!(world.forge().push(&session, &own(&*world, &branch), &commit).await.is_err(), "{branch}");
    }
    assert_eq!((world.head(&world.base()).await, world.head(&other).await), (before, None));
}

/// Asked twice, it is the same one.
pub async fn a_pull_request_is_opened_once(world: Arc<dyn ForgeWorld>) {
    let pull = pushed(&world, 1).await;
    let first = world.forge().open(&pull).await.unwrap();
    assert!(first.created && first.state == PullState::Open && !first.url.is_empty(), "{first:?}");
    let second = world.forge().open(&pull).await.unwrap();
    assert_eq!((second.number, second.created, second.url), (first.number, false, first.url));
    let other = world.forge().open(&pushed(&world, 2).await).await.unwrap();
    assert!(other.created && other.number != first.number);
}

/// The others get that one.
pub async fn of_many_who_open_at_once_one_does(world: Arc<dyn ForgeWorld>) {
    let pull = pushed(&world, 1).await;
    let opens = (0..8).map(|_| {
        let (forge, pull) = (world.forge(), pull.clone());
        tokio::spawn(async move { forge.open(&pull).await.unwrap() })
    });
    let opened: Vec<_> = join_all(opens).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(opened.iter().filter(|pull| pull.created).count(), 1, "{opened:?}");
    assert!(opened.iter().all(|pull| pull.number == opened[0].number));
}

/// Its commit; it stays the same pull request.
pub async fn an_open_pull_request_is_brought_up_to_date(world: Arc<dyn ForgeWorld>) {
    let pull = pushed(&world, 1).await;
    let first = world.forge().open(&pull).await.unwrap();
    let commit = world.commit(&pull.session, Some(&pull.commit), "more").await;
    world.forge().push(&pull.session, &own(&*world, &pull.head), &commit).await.unwrap();
    let newer = PullRequest { commit: commit.clone(), title: "A larger change".to_owned(), ..pull };
    let second = world.forge().open(&newer).await.unwrap();
    assert_eq!((second.number, second.created), (first.number, false));
    assert_eq!((second.title.as_str(), &second.base), ("A larger change", &Some(world.base())));
    assert_eq!(world.head(&newer.head).await, Some(commit));
}

/// It may have been changed over there meanwhile.
pub async fn an_open_pull_request_keeps_what_nobody_asked_to_change(world: Arc<dyn ForgeWorld>) {
    let pull = PullRequest { draft: true, ..pushed(&world, 1).await };
    let first = world.forge().open(&pull).await.unwrap();
    let keeps = Keeps { title: true, base: true, body: true, draft: true };
    let derived = PullRequest { title: "Another".to_owned(), draft: false, keeps, ..pull };
    let second = world.forge().open(&derived).await.unwrap();
    assert_eq!((second.number, second.title.as_str()), (first.number, "A change"));
    assert_eq!((second.state, second.base), (PullState::Draft, Some(world.base())));
}

/// It stays the same pull request.
pub async fn a_draft_becomes_ready_and_only_then_is_merged(world: Arc<dyn ForgeWorld>) {
    let (forge, before) = (world.forge(), world.head(&world.base()).await);
    let draft = PullRequest { draft: true, ..pushed(&world, 1).await };
    let opened = forge.open(&draft).await.unwrap();
    assert_eq!((opened.state, opened.created), (PullState::Draft, true));
    let error = forge.merge(&draft.repository, opened.number).await.unwrap_err();
    assert_eq!((error.class, world.head(&world.base()).await), (ErrorClass::Conflict, before));
    let ready = forge.open(&PullRequest { draft: false, ..draft }).await.unwrap();
    assert_eq!((ready.number, ready.state, ready.created), (opened.number, PullState::Open, false));
    let merged = forge.merge(&world.repository(), opened.number).await.unwrap();
    assert_eq!(merged.state, PullState::Merged);
}

/// A branch that was not pushed, another commit than its own, a base that nobody made; nothing is left of the try.
pub async fn what_is_not_there_cannot_be_asked_for(world: Arc<dyn ForgeWorld>) {
    let (forge, session) = (world.forge(), session(1));
    let commit = world.commit(&session, None, "a").await;
    let pull = request(&*world, &session, &commit);
    assert_eq!(forge.open(&pull).await.unwrap_err().class, ErrorClass::NotFound);
    forge.push(&session, &own(&*world, &pull.head), &commit).await.unwrap();
    let newer = world.commit(&session, Some(&commit), "b").await;
    let unpushed = PullRequest { commit: newer, ..pull.clone() };
    assert_eq!(forge.open(&unpushed).await.unwrap_err().class, ErrorClass::Conflict);
    let nowhere = PullRequest { base: "no-such-branch".parse().unwrap(), ..pull.clone() };
    assert_eq!(forge.open(&nowhere).await.unwrap_err().class, ErrorClass::NotFound);
    assert!(forge.open(&pull).await.unwrap().created);
}

/// Or it is not there.
pub async fn a_pull_request_is_found_by_its_number(world: Arc<dyn ForgeWorld>) {
    let opened = world.forge().open(&pushed(&world, 1).await).await.unwrap();
    let found = world.forge().pull(&world.repository(), opened.number).await.unwrap().unwrap();
    assert_eq!((found.number, found.state, found.created), (opened.number, PullState::Open, false));
    assert_eq!(world.forge().pull(&world.repository(), opened.number + 1000).await.unwrap(), None);
    let missing = world.forge().merge(&world.repository(), opened.number + 1000).await.unwrap_err();
    assert_eq!(missing.class, ErrorClass::NotFound);
}

/// Merging again gives the same merge.
pub async fn a_merge_brings_the_change_to_the_base_once(world: Arc<dyn ForgeWorld>) {
    let before = world.head(&world.base()).await;
    let opened = world.forge().open(&pushed(&world, 1).await).await.unwrap();
    let merged = world.forge().merge(&world.repository(), opened.number).await.unwrap();
    let after = world.head(&world.base()).await;
    assert_eq!((merged.state, &merged.merge_commit), (PullState::Merged, &after));
    assert_ne!(before, after);
    let again = world.forge().merge(&world.repository(), opened.number).await.unwrap();
    assert_eq!((again.state, again.merge_commit), (PullState::Merged, after.clone()));
    assert_eq!(world.head(&world.base()).await, after);
}

/// The base has both changes then.
pub async fn a_merge_joins_what_has_diverged(world: Arc<dyn ForgeWorld>) {
    let forge = world.forge();
    let (one, two) = (pushed(&world, 1).await, pushed(&world, 2).await);
    for pull in [&one, &two] {
        let number = forge.open(pull).await.unwrap().number;
        let merged = forge.merge(&pull.repository, number).await.unwrap();
        assert_eq!((merged.state, merged.merge_commit), (PullState::Merged, world.head(&pull.base).await));
    }
    let base = world.head(&world.base()).await;
    assert!(base != Some(one.commit) && base != Some(two.commit), "one change was lost");
}

/// Two sessions changed the same file; the second stays open.
pub async fn a_conflict_leaves_everything_as_it_was(world: Arc<dyn ForgeWorld>) {
    let (forge, repository) = (world.forge(), world.repository());
    let mut numbers = Vec::new();
    for number in [1, 2] {
        let session = session(number);
        let commit = world.commit(&session, None, "same").await;
        let pull = request(&*world, &session, &commit);
        forge.push(&session, &own(&*world, &pull.head), &commit).await.unwrap();
        numbers.push((forge.open(&pull).await.unwrap().number, pull));
    }
    forge.merge(&repository, numbers[0].0).await.unwrap();
    let before = world.head(&world.base()).await;
    let (number, pull) = &numbers[1];
    let error = forge.merge(&repository, *number).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Conflict);
    assert!(error.chain().contains("same"), "the conflict is not named: {}", error.chain());
    let left = forge.pull(&repository, *number).await.unwrap().unwrap();
    assert_eq!((left.state, left.merge_commit), (PullState::Open, None));
    assert_eq!(world.head(&world.base()).await, before);
    assert_eq!(world.head(&pull.head).await.as_ref(), Some(&pull.commit));
}

/// As if they had come one after the other.
pub async fn many_who_merge_at_once_all_see_the_one_merge(world: Arc<dyn ForgeWorld>) {
    let repository = world.repository();
    let number = world.forge().open(&pushed(&world, 1).await).await.unwrap().number;
    let merges = (0..6).map(|_| {
        let (forge, repository) = (world.forge(), repository.clone());
        tokio::spawn(async move { forge.merge(&repository, number).await.unwrap() })
    });
    let merges = join_all(merges).await;
    let base = world.head(&world.base()).await;
    for merged in merges {
        let merged = merged.unwrap();
        assert_eq!((merged.state, &merged.merge_commit), (PullState::Merged, &base));
    }
}

/// As if they had come one after the other.
pub async fn many_who_close_at_once_all_see_it_closed(world: Arc<dyn ForgeWorld>) {
    let number = world.forge().open(&pushed(&world, 1).await).await.unwrap().number;
    let closes = (0..6).map(|_| {
        let (forge, repository) = (world.forge(), world.repository());
        tokio::spawn(async move { forge.close(&repository, number).await.unwrap().state })
    });
    for closed in join_all(closes).await {
        assert_eq!(closed.unwrap(), PullState::Closed);
    }
}

/// One of them wins, and the base says the same as the pull request.
pub async fn a_merge_and_a_close_at_once_agree(world: Arc<dyn ForgeWorld>) {
    let repository = world.repository();
    for number in 1..=6 {
        let before = world.head(&world.base()).await;
        let number = world.forge().open(&pushed(&world, number).await).await.unwrap().number;
        let (merge, close) = (world.forge(), world.forge());
        let (here, there) = (repository.clone(), repository.clone());
        let (merged, closed) = tokio::join!(
            tokio::spawn(async move { merge.merge(&here, number).await }),
            tokio::spawn(async move { close.close(&there, number).await }),
        );
        let found = world.forge().pull(&repository, number).await.unwrap().unwrap();
        let moved = world.head(&world.base()).await != before;
        let won = (merged.unwrap().is_ok(), closed.unwrap().is_ok());
        match found.state {
            PullState::Merged => assert_eq!((moved, won), (true, (true, false))),
            PullState::Closed => assert_eq!((moved, won), (false, (false, true))),
            PullState::Open | PullState::Draft => panic!("nobody won: {found:?}"),
        }
    }
}

/// And stays merged.
pub async fn a_merged_one_cannot_be_closed(world: Arc<dyn ForgeWorld>) {
    let (forge, repository) = (world.forge(), world.repository());
    let number = forge.open(&pushed(&world, 1).await).await.unwrap().number;
    forge.merge(&repository, number).await.unwrap();
    assert_eq!(forge.close(&repository, number).await.unwrap_err().class, ErrorClass::Conflict);
    assert_eq!(forge.pull(&repository, number).await.unwrap().unwrap().state, PullState::Merged);
}

/// Closing twice does nothing.
pub async fn a_closed_one_is_not_merged_and_a_new_one_may_follow(world: Arc<dyn ForgeWorld>) {
    let before = world.head(&world.base()).await;
    let pull = pushed(&world, 1).await;
    let opened = world.forge().open(&pull).await.unwrap();
    for _ in 0..2 {
        let closed = world.forge().close(&world.repository(), opened.number).await.unwrap();
        assert_eq!(closed.state, PullState::Closed);
    }
    assert!(world.forge().merge(&world.repository(), opened.number).await.is_err());
    assert_eq!(world.head(&world.base()).await, before);
    let next = world.forge().open(&pull).await.unwrap();
    assert!(next.created && next.number != opened.number, "{next:?}");
}
