//! Tasks on repositories of a forge: where they start, how they are published, and what becomes of their pull requests.

use crate::world::forge::ForgeSide;
use crate::world::ports::digest;
use crate::world::{Running, World};
use expect_test::expect;
use std::time::Duration;
use telecoder_engine::EngineError;
use telecoder_engine::request::{NewSession, PublishRequest};
use telecoder_model::PortError;
use telecoder_model::policy::PublishRule;
use telecoder_model::port::forge::{
    ForgeCheck, ForgeCheckState, ForgeRepository, ForgeReview, Mergeable, PullReport, PullSource, ReviewState,
};
use telecoder_model::principal::Principal;
use telecoder_model::pull::PullState;
use telecoder_model::repository::Repository;
use telecoder_model::session::{FailureKind, ForgeChoice, Status};
use telecoder_model::time::Timestamp;

pub(crate) const WORK: &str = "write a.rs; say Fixed the thing.";

pub(crate) fn demo() -> Repository {
    "octo/demo".parse().unwrap()
}

pub(crate) fn on_forge(new: &mut NewSession) {
    new.repository = Some(demo());
}

pub(crate) async fn world(forge: ForgeSide) -> World {
    let world = World::new().await;
    world.lock().forge = forge;
    world
}

pub(crate) async fn refusal(running: &Running, change: impl FnOnce(&mut NewSession)) -> String {
    let mut new = NewSession { prompt: WORK.to_owned(), repository: Some(demo()), ..NewSession::default() };
    change(&mut new);
    let error: EngineError = running.engine.submit(&Principal::local(), new).await.unwrap_err();
    format!("{:?} {}: {}\n  {}\n", error.fault, error.code, error.message, error.hint.unwrap_or_default())
}

pub(crate) fn source() -> PullSource {
    PullSource {
        number: 5,
        title: "Add sums".to_owned(),
        body: "By alice.".to_owned(),
        url: "/pulls/5".to_owned(),
        state: PullState::Open,
        author: "alice".to_owned(),
        base: "main".parse().unwrap(),
        head: "feature/sums".parse().unwrap(),
        head_repository: demo(),
        head_commit: digest("their head"),
        may_push: true,
        outsider: false,
    }
}

#[tokio::test]
async fn conflicts_are_told_before_anything_is_pushed() {
    let world =
        world(ForgeSide { conflicts: vec!["a.rs".to_owned(), "b.rs".to_owned()], ..ForgeSide::default() })
            .await;
    let running = world.start().await;
    let id = running.submit_with(WORK, on_forge).await;
    let session = running.end(&id, &world).await;
    expect![[r#"
        step take_over
        git commit
        outcome Fixed the thing
        step publish Started: the change conflicts with `main` in a.rs, b.rs
        git push
        pull request 1 opened
        status complete
        done complete
    "#]]
    .assert_eq(&tail(&running.log(&id).await, "step take_over\n"));
    assert_eq!(session.pull_repository().unwrap(), &demo());
    let opened = world.lock().forge.opened.clone();
    assert_eq!(opened.len(), 1);
    let body = &opened[0].body;
    for part in [
        "### Request\n\n> write a.rs; say Fixed the thing.",
        "### Outcome\n\nFixed the thing",
        "**Changed:**\n\n- a.rs (+1 −0)",
        "**Verified:** nothing was checked by TeleCoder",
        "**Uncertain:**",
        "**Conflicts with the base:**\n\n- a.rs\n- b.rs",
        "<details><summary>Steps</summary>\n\n- prepare workspace",
        "- turn 1: 1 tool call\n- take over",
        &format!("/sessions/{id}"),
        &format!("<!-- telecoder:session={id} -->"),
    ] {
        assert!(body.contains(part), "{part}\n{body}");
    }
}

pub(crate) fn tail(log: &str, from: &str) -> String {
    log.split_once(from).map(|(_, rest)| format!("{from}{rest}")).unwrap_or_else(|| log.to_owned())
}

#[tokio::test]
async fn a_local_clone_publishes_to_its_origin() {
    let world = world(ForgeSide::default()).await;
    world.lock().origin = Some(demo());
    let running = world.start().await;
    let id = running.submit(WORK).await;
    let session = running.end(&id, &world).await;
    assert_eq!(session.repository.unwrap().to_string(), "/repo");
    assert_eq!((session.target.unwrap(), world.lock().forge.opened[0].repository.clone()), (demo(), demo()));
    // A word of the person, or no credentials: a local one.
    let id = running.submit_with(WORK, |new| new.forge = ForgeChoice::Local).await;
    assert_eq!(running.end(&id, &world).await.target, None);
    world.lock().forge.no_credentials = true;
    let id = running.submit(WORK).await;
    let session = running.end(&id, &world).await;
    assert_eq!((session.target, session.origin), (None, Some(demo())));
    let said = refusal(&running, |new| new.forge = ForgeChoice::Local).await;
    expect![[r#"
        Invalid forge_needs_local_repository: octo/demo is not on this host: a local pull request needs a local clone
          clone it and give the clone's path, or leave `forge` out
    "#]]
    .assert_eq(&said);
}

#[tokio::test]
async fn a_branch_that_the_forge_has_not_gives_way_to_its_default_branch() {
    let world = world(ForgeSide { missing: vec!["feature".parse().unwrap()], ..ForgeSide::default() }).await;
    world.lock().origin = Some(demo());
    let running = world.start().await;
    let base = |new: &mut NewSession| new.base = Some("feature".parse().unwrap());
    let id = running.submit_with(WORK, base).await;
    running.end(&id, &world).await;
    expect![[r#"
        step publish Started: the branch `feature` is not at octo/demo: the pull request goes to `main` and holds its commits too
        git push
        pull request 1 opened
        status complete
        done complete
    "#]]
    .assert_eq(&tail(&running.log(&id).await, "step publish"));
    assert_eq!(world.lock().forge.opened[0].base.as_str(), "main");
    // One that a person named is not replaced, nor one of a clone made from the forge.
    let ask = PublishRequest { base: Some("feature".parse().unwrap()), ..PublishRequest::default() };
    let error = running.engine.publish(&Principal::local(), &id, ask).await.unwrap_err();
    assert_eq!((error.code, error.hint.as_deref()), ("publish_failed", Some("Push it.")));
    let id = running
        .submit_with(WORK, |new| {
            on_forge(new);
            base(new)
        })
        .await;
    let session = running.end(&id, &world).await;
    assert_eq!((session.status, session.failure), (Status::Error, Some(FailureKind::ForgeError)));
    assert_eq!(session.error.unwrap(), "publishing failed: there is no branch `feature`");
    // With the branch there, the same session is published.
    world.lock().forge.missing.clear();
    let done = running.engine.publish(&Principal::local(), &id, PublishRequest::default()).await.unwrap();
    assert!(done.created);
}

#[tokio::test]
async fn what_cannot_be_published_is_refused_before_any_work() {
    let world = world(ForgeSide::default()).await;
    let running = world.start().await;
    let mut all = String::new();
    world.lock().forge.about =
        Some(ForgeRepository { archived: true, may_push: true, ..ForgeRepository::default() });
    all.push_str(&refusal(&running, |_| {}).await);
    world.lock().forge.about = Some(ForgeRepository::default());
    all.push_str(&refusal(&running, |_| {}).await);
    expect![[r#"
        Unprocessable repository_archived: octo/demo is archived: nothing can be published there
          unarchive it in its settings, or keep the change here: --publish manual
        Denied push_forbidden: the server's account may not push to octo/demo
          give it write access, or keep the change here: --publish manual
    "#]]
    .assert_eq(&all);
    // To look, nothing of that is needed.
    let id = running
        .submit_with("say Hello.", |new| {
            on_forge(new);
            new.policy = Some("observe".to_owned());
        })
        .await;
    assert_eq!(running.end(&id, &world).await.status, Status::Complete);
}

#[tokio::test]
async fn a_rate_limit_is_waited_out_and_told() {
    let limit = || PortError::transient("GitHub's rate limit is reached").after(Duration::from_secs(1));
    let world = world(ForgeSide { refusals: vec![limit()], ..ForgeSide::default() }).await;
    let running = world.start().await;
    let id = running.submit_with(WORK, on_forge).await;
    assert_eq!(running.end(&id, &world).await.status, Status::Complete);
    expect![[r#"
        step publish Started: GitHub's rate limit is reached; it is tried again in 1 s
        git push
        pull request 1 opened
        status complete
        done complete
    "#]]
    .assert_eq(&tail(&running.log(&id).await, "step publish"));
    // Whoever asks by hand is not left hanging.
    let id = running
        .submit_with(WORK, |new| {
            on_forge(new);
            new.publish = Some(PublishRule::Manual);
        })
        .await;
    running.end(&id, &world).await;
    world.lock().forge.refusals =
        vec![PortError::transient("GitHub's rate limit is reached").after(Duration::from_secs(9))];
    let error =
        running.engine.publish(&Principal::local(), &id, PublishRequest::default()).await.unwrap_err();
    assert_eq!((error.code, error.message.as_str()), ("publish_waits", "GitHub's rate limit is reached"));
}

#[tokio::test]
async fn a_stop_ends_publishing_that_waits() {
    let limit = PortError::transient("GitHub's rate limit is reached").after(Duration::from_secs(2));
    let world = world(ForgeSide { refusals: vec![limit], ..ForgeSide::default() }).await;
    let running = world.start().await;
    let id = running.submit_with(WORK, on_forge).await;
    let waits = async {
        while !running.log(&id).await.contains("rate limit") {
            running.engine.subscribe(&id).changed().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waits).await.unwrap();
    running.engine.stop(&Principal::local(), &id).await.unwrap();
    running.end(&id, &world).await;
    let told = async {
        while !running.log(&id).await.contains("was stopped before") {
            running.engine.subscribe(&id).changed().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), told).await.unwrap();
    assert!(world.lock().branches.is_empty() && world.lock().pulls.is_empty());
}

pub(crate) fn report(seen: &str) -> PullReport {
    PullReport {
        state: PullState::Open,
        head: digest("head"),
        mergeable: Mergeable::Clean,
        checks: Vec::new(),
        reviews: Vec::new(),
        comments: Vec::new(),
        seen: seen.to_owned(),
    }
}

#[tokio::test]
async fn a_published_pull_request_is_followed_across_restarts_until_it_is_merged() {
    let world = world(ForgeSide { report: Some(report("1")), ..ForgeSide::default() }).await;
    let fast = |options: &mut telecoder_engine::EngineOptions| {
        options.follow_interval = Duration::from_millis(10);
        options.follow_at_most = Duration::from_millis(40);
    };
    let running = world.start_with(fast).await;
    let id = running.submit_with(WORK, on_forge).await;
    running.end(&id, &world).await;
    let check =
        ForgeCheck { name: "test".to_owned(), state: ForgeCheckState::Failed, url: None, summary: None };
    let review = ForgeReview {
        author: "alice".to_owned(),
        state: ReviewState::ChangesRequested,
        body: "No.".to_owned(),
        at: Timestamp::from_micros(1),
    };
    world.lock().forge.report = Some(PullReport { checks: vec![check.clone()], ..report("2") });
    running
        .until(&id, |session| session.pull.as_ref().is_some_and(|pull| !pull.news.checks.is_empty()))
        .await;
    running.crash().await;
    world.lock().forge.report =
        Some(PullReport { checks: vec![check.clone()], reviews: vec![review.clone()], ..report("3") });
    let running = world.start_with(fast).await;
    running
        .until(&id, |session| session.pull.as_ref().is_some_and(|pull| !pull.news.reviews.is_empty()))
        .await;
    let state = PullState::Merged;
    world.lock().forge.report =
        Some(PullReport { checks: vec![check], reviews: vec![review], state, ..report("4") });
    let session =
        running.until(&id, |session| session.pull.as_ref().unwrap().state == PullState::Merged).await;
    expect![[r#"
        pull request 1 opened
        status complete
        done complete
        pull request 1 check test failed
        pull request 1 review alice changes_requested
        pull request 1 merged
    "#]]
    .assert_eq(&tail(&running.log(&id).await, "pull request 1 opened"));
    assert!(session.pull.unwrap().news.looked_at.is_some());
}
