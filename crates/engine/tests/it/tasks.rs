//! Tasks that go well.

use crate::world::World;
use expect_test::expect;
use telecoder_engine::request::{NewMessage, PublishRequest};
use telecoder_model::policy::PublishRule;
use telecoder_model::port::store::Queueing;
use telecoder_model::principal::Principal;
use telecoder_model::session::{Mode, ResultKind, Status};

#[tokio::test]
async fn a_change_becomes_a_pull_request() {
    let world = World::new().await;
    let running = world.start().await;
    let id = running.submit("say I fix it.; write a.rs; say Fixed the thing.").await;
    let session = running.end(&id, &world).await;
    expect![[r#"
        status pending
        status preparing
        step prepare_workspace Started
        step prepare_workspace
        git base
        step create_sandbox
        step start_agent
        message 1 User: say I fix it.; write a.rs; say Fixed the thing.
        status running
        message 1 Agent: I fix it.
        tool write a.rs
        message 1 Agent: Fixed the thing.
        step take_over
        git commit
        outcome Fixed the thing
        git push
        pull request 1 opened
        status complete
        done complete
    "#]]
    .assert_eq(&running.log(&id).await);
    assert_eq!((session.result, session.turns, session.attempt), (ResultKind::Pr, 1, 1));
    assert_eq!(session.outcome.unwrap().changed, ["a.rs (+1 −0)"]);
    assert_eq!(world.lock().pulls, [(format!("telecoder/{id}"), "Fixed the thing".to_owned())]);
}

#[tokio::test]
async fn a_question_ends_as_text_without_git() {
    let world = World::new().await;
    let running = world.start().await;
    let id = running.submit("say It is a calculator.").await;
    let session = running.end(&id, &world).await;
    assert_eq!(session.result, ResultKind::Text);
    assert_eq!(session.result_text.as_deref(), Some("It is a calculator."));
    assert!(session.head.is_none());
    let calls = world.faults.calls();
    assert!(
        !calls.iter().any(|call| call.starts_with("forge.") || *call == "workspaces.import"),
        "{calls:?}"
    );
}

#[tokio::test]
async fn a_message_to_an_ended_session_updates_its_pull_request() {
    let world = World::new().await;
    let running = world.start().await;
    let id = running.submit("write a.rs; say One.").await;
    running.end(&id, &world).await;
    let who = Principal::local();
    running.engine.message(&who, &id, "write b.rs; say Two.".into()).await.unwrap();
    running.until(&id, |session| session.turns == 2 && session.status.has_ended()).await;
    let session = running.end(&id, &world).await;
    assert_eq!(session.diff.unwrap().files, 2);
    assert_eq!(world.lock().pulls.len(), 1);
    assert!(running.log(&id).await.contains("pull request 1 updated"));
}

#[tokio::test]
async fn messages_wait_for_the_turn_and_steering_cancels_it() {
    let world = World::new().await;
    let running = world.start().await;
    let id = running.submit("say Working.; hang").await;
    running.until(&id, |session| session.status == Status::Running).await;
    let who = Principal::local();
    running
        .engine
        .message(&who, &id, NewMessage { queue: Queueing::Steer, .."say Changed my mind.".into() })
        .await
        .unwrap();
    running.end(&id, &world).await;
    let log = running.log(&id).await;
    assert!(log.contains("message 2 User: say Changed my mind.\n"), "{log}");
    assert!(log.ends_with("status complete\ndone complete\n"), "{log}");
    assert_eq!(log.matches("done").count(), 1);
}

#[tokio::test]
async fn manual_publishing_is_done_by_hand_once() {
    let world = World::new().await;
    let running = world.start().await;
    let id =
        running.submit_with("write a.rs; say Done.", |new| new.publish = Some(PublishRule::Manual)).await;
    running.end(&id, &world).await;
    assert!(world.lock().pulls.is_empty());
    let who = Principal::local();
    let first = running.engine.publish(&who, &id, PublishRequest::default()).await.unwrap();
    let again = running.engine.publish(&who, &id, PublishRequest::default()).await.unwrap();
    assert_eq!((first.number, first.created), (1, true));
    assert_eq!((again.number, again.created), (1, false));
    assert_eq!(world.lock().pulls.len(), 1);
}

#[tokio::test]
async fn observe_tells_what_it_throws_away() {
    let world = World::new().await;
    let running = world.start().await;
    let id =
        running.submit_with("write a.rs; say Looked.", |new| new.policy = Some("observe".to_owned())).await;
    let session = running.end(&id, &world).await;
    assert!(running.log(&id).await.contains("discarded a.rs\n"));
    assert!(session.head.is_none() && session.pull.is_none());
}

#[tokio::test]
async fn a_chat_rests_between_messages_and_keeps_its_sandbox() {
    let world = World::new().await;
    let running = world.start().await;
    let id = running.submit_with("say Hello.", |new| new.mode = Mode::Chat).await;
    running.until(&id, |session| session.status == Status::Idle).await;
    let who = Principal::local();
    running.engine.message(&who, &id, "say Again.".into()).await.unwrap();
    running.until(&id, |session| session.turns == 2 && session.status == Status::Idle).await;
    assert_eq!(world.lock().received, ["open", "prompt say Hello.", "prompt say Again."]);
    assert_eq!(world.lock().sandboxes.len(), 1);
    running.engine.stop(&who, &id).await.unwrap();
    running.end(&id, &world).await;
}

#[tokio::test]
async fn complaints_are_told_by_whole_lines_and_the_last_ones_are_in_the_reason() {
    let world = World::new().await;
    let running = world.start().await;
    let id = running.submit("complain die Größe ist 3 €; say Hm.; complain no room; exit").await;
    let session = running.end(&id, &world).await;
    let error = session.error.unwrap();
    assert!(error.ends_with("it exited with code 3; it said: die Größe ist 3 €\nno room"), "{error}");
    let log = running.log(&id).await;
    let (before, _) = log.split_once("error agent_error").unwrap();
    for line in ["die Größe ist 3 €", "no room"] {
        let told = before.lines().filter(|told| told.trim_start_matches("output stderr ") == line).count();
        assert_eq!(told, 1, "{line} in:\n{log}");
    }
}
