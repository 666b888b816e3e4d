//! Publishing after a person's word, brought up to date with the base, and what is told when it fails.

use crate::forge::{WORK, demo, on_forge, report, source, tail, world};
use crate::world::forge::ForgeSide;
use crate::world::ports::digest;
use crate::world::{Running, World};
use expect_test::expect;
use std::time::Duration;
use telecoder_engine::request::{Answer, NewSession, PublishRequest};
use telecoder_model::PortError;
use telecoder_model::id::SessionId;
use telecoder_model::policy::PublishRule;
use telecoder_model::port::forge::{Attempt, Mergeable, PullReport};
use telecoder_model::principal::Principal;
use telecoder_model::pull::PullState;
use telecoder_model::session::{FailureKind, Session, Status};
use telecoder_testkit::fakes::Blow;

fn ask(new: &mut NewSession) {
    on_forge(new);
    new.publish = Some(PublishRule::Ask);
}

fn manual(new: &mut NewSession) {
    on_forge(new);
    new.publish = Some(PublishRule::Manual);
}

/// Waits until a person is asked, and nothing of the work is left.
async fn asked(running: &Running, world: &World, id: &SessionId) -> Session {
    let session = running.until(id, |session| session.status == Status::Waiting).await;
    let mut changed = world.changed.subscribe();
    let gone = changed.wait_for(|_| world.lock().sandboxes.is_empty());
    tokio::time::timeout(Duration::from_secs(20), gone).await.unwrap().unwrap();
    session
}

async fn decide(running: &Running, answer: Answer) {
    let local = Principal::local();
    let decision = running.engine.decisions(&local).await.unwrap().remove(0);
    running.engine.answer(&local, &decision.id, answer, None).await.unwrap();
}

#[tokio::test]
async fn a_session_waits_for_the_word_that_lets_its_change_out() {
    let world = world(ForgeSide::default()).await;
    let running = world.start().await;
    let id = running.submit_with(WORK, ask).await;
    let session = asked(&running, &world, &id).await;
    assert_eq!((session.pull, session.finished_at), (None, None));
    let local = Principal::local();
    let first = running.engine.decisions(&local).await.unwrap();
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].title, "Publish to octo/demo (main): Fixed the thing");
    let inbox = running.engine.inbox(&local, 20).await.unwrap();
    assert_eq!((inbox.waiting.len(), inbox.finished.len()), (1, 0));
    // More work takes the question back, and asks anew about what is there then.
    running.engine.message(&local, &id, "write b.rs".into()).await.unwrap();
    running.until(&id, |session| session.status == Status::Waiting && session.turns == 2).await;
    let late = running.engine.answer(&local, &first[0].id, Answer::Approve, None).await.unwrap_err();
    assert_eq!(late.code, "approval_answered");
    decide(&running, Answer::Approve).await;
    let session = running.end(&id, &world).await;
    assert!(session.status == Status::Complete && session.pull.is_some() && session.finished_at.is_some());
    expect![[r#"
        permission Publish to octo/demo (main): Fixed the thing asked -
        status waiting
        permission Publish to octo/demo (main): Fixed the thing cancelled message
        status pending
        status preparing
    "#]]
    .assert_eq(&until(&tail(&running.log(&id).await, "permission"), "status preparing\n"));
    expect![[r#"
        permission Publish to octo/demo (main): Changed 2 files asked -
        status waiting
        permission Publish to octo/demo (main): Changed 2 files allowed local
        status running
        git push
        pull request 1 opened
        status complete
        done complete
    "#]]
    .assert_eq(&tail(&running.log(&id).await, "permission Publish to octo/demo (main): Changed 2"));
    assert_eq!(world.lock().forge.opened.len(), 1);
}

fn until(log: &str, to: &str) -> String {
    log.split_once(to).map(|(before, _)| format!("{before}{to}")).unwrap_or_else(|| log.to_owned())
}

#[tokio::test]
async fn what_is_denied_or_published_by_hand_is_done() {
    let world = world(ForgeSide::default()).await;
    let running = world.start().await;
    let local = Principal::local();
    let denied = running.submit_with(WORK, ask).await;
    asked(&running, &world, &denied).await;
    decide(&running, Answer::Deny).await;
    let session = running.end(&denied, &world).await;
    assert_eq!((session.status, session.pull), (Status::Complete, None));
    let by_hand = running.submit_with(WORK, ask).await;
    asked(&running, &world, &by_hand).await;
    let preview = running.engine.preview(&local, &by_hand, PublishRequest::default()).await.unwrap();
    assert_eq!(preview.title, "Fixed the thing");
    running.engine.publish(&local, &by_hand, PublishRequest::default()).await.unwrap();
    assert_eq!(running.engine.decisions(&local).await.unwrap(), []);
    assert_eq!(running.end(&by_hand, &world).await.status, Status::Complete);
    // A stop answers too.
    let stopped = running.submit_with(WORK, ask).await;
    asked(&running, &world, &stopped).await;
    running.engine.stop(&local, &stopped).await.unwrap();
    assert_eq!(running.engine.decisions(&local).await.unwrap(), []);
    assert_eq!(world.lock().forge.opened.len(), 1);
    // One that waits for something else is not published by hand.
    let busy = running.submit_with("ask; write c.rs", |new| {
        ask(new);
        new.policy = Some("standard".to_owned());
    });
    running.engine.stop(&local, &busy.await).await.unwrap();
}

#[tokio::test]
async fn an_approval_outlives_a_crash_and_a_failure_ends_the_session() {
    let world = world(ForgeSide::default()).await;
    let running = world.start().await;
    let id = running.submit_with(WORK, ask).await;
    asked(&running, &world, &id).await;
    running.crash().await;
    let running = world.start().await;
    world.lock().forge.refusals = vec![PortError::denied("the branch is protected").remedy("Let us in.")];
    decide(&running, Answer::Approve).await;
    let session = running.end(&id, &world).await;
    assert_eq!((session.status, session.failure), (Status::Error, Some(FailureKind::ForgeError)));
    assert_eq!(session.hint.as_deref(), Some("Let us in."));
    let log = running.log(&id).await;
    assert_eq!(
        log.matches("error forge_error: publishing failed: the branch is protected").count(),
        1,
        "{log}"
    );
    let done = running.engine.publish(&Principal::local(), &id, PublishRequest::default()).await.unwrap();
    assert!(done.created);
}

#[tokio::test]
async fn what_nobody_answers_in_time_stays_unpublished() {
    let world = world(ForgeSide::default()).await;
    let running = world.start_with(|options| options.publish_patience = Duration::ZERO).await;
    let id = running.submit_with(WORK, ask).await;
    running.until(&id, |session| session.status == Status::Waiting || session.status.has_ended()).await;
    // Another one's publishing makes the outbox look.
    let other = running.submit_with(WORK, on_forge).await;
    running.end(&other, &world).await;
    running.end(&id, &world).await;
    let log = running.log(&id).await;
    assert!(log.contains("Fixed the thing cancelled expiry"), "{log}");
    assert!(log.ends_with("status complete\ndone complete\n"), "{log}");
    assert_eq!(running.engine.decisions(&Principal::local()).await.unwrap(), []);
    // By hand it can be published still.
    let done = running.engine.publish(&Principal::local(), &id, PublishRequest::default()).await.unwrap();
    assert!(done.created);
}

#[tokio::test]
async fn a_failure_at_the_moment_of_a_stop_is_told_once() {
    let refusal = || vec![PortError::denied("the branch is protected")];
    // How many commits there are until the outbox records the failure.
    let calm = world(ForgeSide { refusals: refusal(), ..ForgeSide::default() }).await;
    let running = calm.start().await;
    let id = running.submit_with(WORK, on_forge).await;
    assert_eq!(running.end(&id, &calm).await.status, Status::Error);
    assert_eq!(running.log(&id).await.matches("publishing failed").count(), 1);
    let calls = calm.faults.calls();
    let push = calls.iter().position(|call| *call == "forge.push").unwrap();
    let commits = calls[..push].iter().filter(|call| **call == "store.commit").count() as u64;
    let world = world(ForgeSide { refusals: refusal(), ..ForgeSide::default() }).await;
    world.faults.hit("store.commit", commits + 1, Blow::HangAfter);
    let running = world.start().await;
    let id = running.submit_with(WORK, on_forge).await;
    world.faults.wait_for_hang().await;
    running.engine.stop(&Principal::local(), &id).await.unwrap();
    let session = running.end(&id, &world).await;
    let log = running.log(&id).await;
    assert_eq!(session.status, Status::Stopped);
    assert_eq!(log.matches("publishing failed: the branch is protected").count(), 1, "{log}");
}

#[tokio::test]
async fn a_change_that_nobody_has_seen_is_rebased_and_one_that_others_see_is_merged_with_its_base() {
    let world = world(ForgeSide::default()).await;
    let running = world.start().await;
    let local = Principal::local();
    let id = running.submit_with(WORK, manual).await;
    let head = running.end(&id, &world).await.head.unwrap();
    let rebase = || PublishRequest { rebase: true, ..PublishRequest::default() };
    let done = running.engine.publish(&local, &id, rebase()).await.unwrap();
    assert!(done.created);
    let pull = running.engine.session(&local, &id).await.unwrap().pull.unwrap();
    let rebased = digest(&format!("{head} on {}", digest("tip")));
    assert_eq!((&pull.head, pull.pushed.as_ref()), (&head, Some(&rebased)));
    assert_eq!(world.lock().forge.opened[0].commit, rebased);
    // A further turn's commit goes on top of what is there.
    running.engine.message(&local, &id, "write b.rs".into()).await.unwrap();
    let second =
        running.until(&id, |session| session.turns == 2 && session.status.has_ended()).await.head.unwrap();
    running.engine.publish(&local, &id, PublishRequest::default()).await.unwrap();
    let added = digest(&format!("{second} on {rebased}"));
    assert_eq!(world.lock().branches[&format!("telecoder/{id}")], added.to_string());
    // And by now it can be seen: the base is merged into it.
    running.engine.publish(&local, &id, rebase()).await.unwrap();
    let merged = digest(&format!("{added} with {}", digest("tip")));
    assert_eq!(world.lock().branches[&format!("telecoder/{id}")], merged.to_string());
    let tip = &digest("tip").to_string()[..12];
    let log = running.log(&id).await;
    let told: Vec<&str> = log.lines().filter(|line| line.starts_with("step publish")).collect();
    assert_eq!(
        told,
        [
            format!(
                "step publish Started: the change is rebased onto `main` at {tip}; TeleCoder ran no check on the result"
            ),
            format!(
                "step publish Started: `main` at {tip} is merged into the branch, which others can see already; TeleCoder ran no check on the result"
            )
        ]
    );
}

#[tokio::test]
async fn a_rebase_that_conflicts_names_the_files_and_pushes_nothing() {
    let conflicts = vec!["a.rs".to_owned(), "b.rs".to_owned()];
    let world = world(ForgeSide { conflicts, ..ForgeSide::default() }).await;
    let running = world.start().await;
    let id = running.submit_with(WORK, manual).await;
    running.end(&id, &world).await;
    let rebase = PublishRequest { rebase: true, ..PublishRequest::default() };
    let error = running.engine.publish(&Principal::local(), &id, rebase).await.unwrap_err();
    assert_eq!(
        error.message,
        "the change cannot be brought up to date with `main`: conflicts in a.rs, b.rs; nothing was pushed"
    );
    assert!(error.hint.unwrap().contains(&format!("telecoder publish {id}")));
    assert!(world.lock().branches.is_empty() && world.lock().pulls.is_empty());
    assert_eq!(running.engine.session(&Principal::local(), &id).await.unwrap().status, Status::Complete);
}

#[tokio::test]
async fn a_comment_that_may_be_there_already_is_looked_for_as_such() {
    let world = world(ForgeSide { source: Some(source()), ..ForgeSide::default() }).await;
    world.faults.hit("forge.comment", 1, Blow::HangAfter);
    let running = world.start().await;
    let id = running
        .submit_with(WORK, |new| {
            on_forge(new);
            new.pull = Some(5);
        })
        .await;
    world.faults.wait_for_hang().await;
    // It was written; nobody knows.
    running.crash().await;
    let running = world.start().await;
    running.until(&id, |session| session.pull.is_some()).await;
    let state = world.lock();
    assert_eq!(state.forge.attempts, [Attempt::First, Attempt::Again]);
    assert_eq!((state.forge.comments.len(), demo().to_string()), (1, "octo/demo".to_owned()));
}

#[tokio::test]
async fn a_pull_request_that_was_closed_is_followed_when_it_is_reopened() {
    let world = world(ForgeSide { report: Some(report("1")), ..ForgeSide::default() }).await;
    let running = world
        .start_with(|options| {
            options.follow_interval = Duration::from_millis(10);
            options.follow_at_most = Duration::from_millis(20);
        })
        .await;
    let id = running.submit_with(WORK, on_forge).await;
    running.end(&id, &world).await;
    for (number, state) in [(2, PullState::Closed), (3, PullState::Open), (4, PullState::Merged)] {
        let mergeable = Mergeable::Clean;
        world.lock().forge.report = Some(PullReport { state, mergeable, ..report(&number.to_string()) });
        running.until(&id, |session| session.pull.as_ref().is_some_and(|pull| pull.state == state)).await;
    }
    expect![[r#"
        pull request 1 opened
        status complete
        done complete
        pull request 1 closed
        pull request 1 reopened
        pull request 1 merged
    "#]]
    .assert_eq(&tail(&running.log(&id).await, "pull request 1 opened"));
}
