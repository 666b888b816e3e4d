//! Ends other than the good one.

use crate::world::World;
use std::time::Duration;
use telecoder_engine::Fault;
use telecoder_engine::request::{NewSession, Once};
use telecoder_model::ErrorClass;
use telecoder_model::principal::{Principal, Scope};
use telecoder_model::session::{FailureKind, Status};
use telecoder_testkit::fakes::Blow;

#[tokio::test]
async fn stop_ends_the_work_and_keeps_the_partial_change() {
    let world = World::new().await;
    let running = world.start().await;
    let id = running.submit("write a.rs; hang").await;
    running.until(&id, |session| session.status == Status::Running).await;
    let mut changed = world.changed.subscribe();
    changed.wait_for(|_| world.lock().received.len() == 2).await.unwrap();
    running.engine.stop(&Principal::local(), &id).await.unwrap();
    running.end(&id, &world).await;
    let session = running.until(&id, |session| session.head.is_some()).await;
    assert_eq!(session.status, Status::Stopped);
    let log = running.log(&id).await;
    assert!(log.ends_with("status stopped\ndone stopped\ngit keep\n"), "{log}");
    assert!(world.lock().pulls.is_empty());
}

#[tokio::test]
async fn an_agent_that_exits_in_a_turn_is_an_agent_error() {
    let world = World::new().await;
    let running = world.start().await;
    let id = running.submit("write a.rs; exit").await;
    let session = running.end(&id, &world).await;
    assert_eq!(session.failure, Some(FailureKind::AgentError));
    assert!(session.error.unwrap().contains("exited with code 3"));
    assert!(session.head.is_some(), "the partial change is kept");
    assert!(world.lock().pulls.is_empty());
}

#[tokio::test]
async fn a_turn_has_the_time_that_its_policy_gives() {
    let world = World::new().await;
    let running = world.start_with(|options| options.prompt_timeout = Some(Duration::from_millis(100))).await;
    let id = running.submit("say Hm.; hang").await;
    let session = running.end(&id, &world).await;
    assert_eq!(session.failure, Some(FailureKind::Timeout));
}

#[tokio::test]
async fn ports_that_fail_end_the_session_with_their_kind() {
    for (call, kind) in [
        ("workspaces.prepare", FailureKind::SetupError),
        ("driver.create", FailureKind::SandboxError),
        ("workspaces.import", FailureKind::GitError),
        ("forge.push", FailureKind::ForgeError),
    ] {
        let world = World::new().await;
        world.faults.hit(call, 1, Blow::Fail(ErrorClass::Permanent));
        let running = world.start().await;
        let id = running.submit("write a.rs; say Done.").await;
        let session = running.end(&id, &world).await;
        assert_eq!(session.failure, Some(kind), "{call}");
        assert!(running.log(&id).await.ends_with("status error\ndone error\n"), "{call}");
    }
}

#[tokio::test]
async fn a_forge_that_fails_for_a_while_is_tried_again() {
    let world = World::new().await;
    world.faults.hit("forge.open", 1, Blow::FailAfter(ErrorClass::Transient));
    let running = world.start().await;
    let id = running.submit("write a.rs; say Done.").await;
    let session = running.end(&id, &world).await;
    assert_eq!(session.status, Status::Complete);
    assert_eq!(world.lock().pulls.len(), 1);
}

#[tokio::test]
async fn bad_requests_are_refused_in_words() {
    let world = World::new().await;
    let running = world.start().await;
    let who = Principal::local();
    let task = |change: fn(&mut NewSession)| {
        let mut new = NewSession { prompt: "x".to_owned(), ..NewSession::default() };
        change(&mut new);
        new
    };
    for (new, code) in [
        (task(|new| new.prompt = "  ".to_owned()), "prompt_invalid"),
        (task(|new| new.policy = Some("yolo".to_owned())), "policy_unknown"),
        (task(|new| new.agent = Some("nobody".parse().unwrap())), "agent_unknown"),
        (task(|new| new.base = Some("main".parse().unwrap())), "base_without_repository"),
        (task(|new| new.model = Some("--x".to_owned())), "model_invalid"),
    ] {
        assert_eq!(running.engine.submit(&who, new).await.unwrap_err().code, code);
    }
    let reader = Principal { scope: Scope::Read, ..Principal::local() };
    let error = running.engine.submit(&reader, task(|_| {})).await.unwrap_err();
    assert_eq!((error.fault, error.code), (Fault::Denied, "scope_missing"));
}

#[tokio::test]
async fn what_belongs_to_another_does_not_exist() {
    let world = World::new().await;
    let running = world.start().await;
    let id = running.submit("say Hi.").await;
    running.end(&id, &world).await;
    let other = Principal { user: "somebody".parse().unwrap(), ..Principal::local() };
    assert_eq!(running.engine.session(&other, &id).await.unwrap_err().fault, Fault::NotFound);
    assert_eq!(running.engine.stop(&other, &id).await.unwrap_err().fault, Fault::NotFound);
    assert_eq!(running.engine.events(&other, &id, 0, 10).await.unwrap_err().fault, Fault::NotFound);
}

#[tokio::test]
async fn an_idempotency_key_makes_one_session() {
    let world = World::new().await;
    let running = world.start().await;
    let who = Principal::local();
    let new = |prompt: &str, digest: &str| NewSession {
        prompt: prompt.to_owned(),
        once: Some(Once { key: "key".to_owned(), request: digest.to_owned() }),
        ..NewSession::default()
    };
    let (first, created) = running.engine.submit(&who, new("say a", "1")).await.unwrap();
    let (again, repeated) = running.engine.submit(&who, new("say a", "1")).await.unwrap();
    assert_eq!((first.id == again.id, created, repeated), (true, true, false));
    let error = running.engine.submit(&who, new("say b", "2")).await.unwrap_err();
    assert_eq!(error.code, "idempotency_key_reused");
}
