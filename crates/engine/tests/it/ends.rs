//! The end of sessions: removed by hand, after their time, and what was left by a server that died in between.

use crate::world::{Running, World};
use std::time::Duration;
use telecoder_engine::request::Prune;
use telecoder_engine::{EngineError, EngineOptions};
use telecoder_model::ErrorClass;
use telecoder_model::event::EventBody;
use telecoder_model::id::SessionId;
use telecoder_model::policy::PublishRule;
use telecoder_model::port::blobs::Blobs;
use telecoder_model::principal::Principal;
use telecoder_model::session::{Session, Status};
use telecoder_testkit::fakes::Blow;
use telecoder_testkit::wait::until;

const PROMPT: &str = "write a.rs; say Done.";

fn brisk(options: &mut EngineOptions) {
    options.upkeep_interval = Duration::from_millis(5);
    options.orphan_patience = Duration::ZERO;
}

/// Runs a session to its end, without a pull request.
async fn ended(running: &Running, world: &World) -> SessionId {
    let id = running.submit_with(PROMPT, |new| new.publish = Some(PublishRule::Manual)).await;
    running.end(&id, world).await;
    at_rest(running).await;
    id
}

/// Waits until no server clears up after a session.
async fn at_rest(running: &Running) {
    let depth = || async { running.engine.queue_depth().await.unwrap() };
    until("no job is left", || async { (depth().await.leased == 0).then_some(()) }).await;
}

async fn exists(running: &Running, id: &SessionId) -> bool {
    running.engine.session(&Principal::local(), id).await.is_ok()
}

fn code(error: &EngineError) -> &'static str {
    error.code
}

#[tokio::test]
async fn a_removed_session_leaves_nothing() {
    let world = World::new().await;
    let running = world.start().await;
    let (id, other) = (ended(&running, &world).await, ended(&running, &world).await);
    running.engine.remove(&Principal::local(), &id).await.unwrap();
    assert!(!exists(&running, &id).await && exists(&running, &other).await);
    assert_eq!(world.lock().trees.keys().collect::<Vec<_>>(), [&other]);
    let again = running.engine.remove(&Principal::local(), &id).await.unwrap_err();
    assert_eq!(code(&again), "session_not_found");
    let stranger = Principal { user: "ann".parse().unwrap(), ..Principal::local() };
    let refused = running.engine.remove(&stranger, &other).await.unwrap_err();
    assert_eq!(code(&refused), "session_not_found");
}

#[tokio::test]
async fn a_session_at_work_is_not_removed() {
    let world = World::new().await;
    let running = world.start().await;
    let id = running.submit("hang").await;
    running.until(&id, |session| session.turns == 1).await;
    let refused = running.engine.remove(&Principal::local(), &id).await.unwrap_err();
    assert_eq!(code(&refused), "session_active");
    assert_eq!(refused.hint.unwrap(), format!("wait for its end, or stop it first: telecoder stop {id}"));
    // Stopped, it goes as soon as it was cleared up.
    running.engine.stop(&Principal::local(), &id).await.unwrap();
    running.engine.remove(&Principal::local(), &id).await.unwrap();
    assert!(world.lock().sandboxes.is_empty() && world.lock().trees.is_empty());
}

/// At every call of the removal, before and after its effect: the session is whole, or the next server finishes it.
#[tokio::test(flavor = "multi_thread")]
async fn a_removal_that_is_cut_short_is_finished_by_the_next_server() {
    for (name, number) in [("store.bury", 1), ("store.close_grave", 1)] {
        for blow in [Blow::Hang, Blow::HangAfter] {
            let world = World::new().await;
            let running = world.start().await;
            let id = ended(&running, &world).await;
            world.faults.hit(name, number, blow);
            let engine = running.engine.clone();
            let removed = id.clone();
            let removal = tokio::spawn(async move { engine.remove(&Principal::local(), &removed).await });
            world.faults.wait_for_hang().await;
            removal.abort();
            drop(removal.await);
            running.crash().await;
            let next = world.start_with(brisk).await;
            if (name, blow) == ("store.bury", Blow::Hang) {
                assert!(exists(&next, &id).await, "it was never removed");
                next.engine.remove(&Principal::local(), &id).await.unwrap();
            }
            assert!(!exists(&next, &id).await);
            until("its files are gone", || async { world.lock().trees.is_empty().then_some(()) }).await;
        }
    }
}

#[tokio::test]
async fn old_sessions_are_told_and_pruned() {
    let world = World::new().await;
    let running = world.start().await;
    let kept = running.submit(PROMPT).await;
    running.end(&kept, &world).await;
    let id = ended(&running, &world).await;
    let prune = |older, dry_run| Prune { older: Some(Duration::from_secs(older)), dry_run, after: None };
    let who = Principal::local();
    assert_eq!(running.engine.prune(&who, prune(3600, false)).await.unwrap().sessions, []);
    let told = |rows: Vec<telecoder_engine::request::PrunedSession>| -> Vec<(SessionId, Option<String>)> {
        rows.into_iter().map(|row| (row.session.id, row.kept)).collect()
    };
    let expected = [(kept.clone(), Some("its pull request is open".to_owned())), (id.clone(), None)];
    for dry_run in [true, false] {
        let pruned = running.engine.prune(&who, prune(0, dry_run)).await.unwrap();
        assert_eq!(told(pruned.sessions), expected);
        assert_eq!(exists(&running, &id).await, dry_run);
    }
    assert!(exists(&running, &kept).await);
}

#[tokio::test]
async fn after_its_time_a_session_goes_unless_its_pull_request_is_open() {
    let world = World::new().await;
    let running = world.start().await;
    let (open, plain) = (running.submit(PROMPT).await, ended(&running, &world).await);
    running.end(&open, &world).await;
    at_rest(&running).await;
    let asked = running.submit_with(PROMPT, |new| new.publish = Some(PublishRule::Ask)).await;
    running.until(&asked, |session| session.status == Status::Waiting).await;
    at_rest(&running).await;
    running.crash().await;
    let next = world.start_with(|options| (brisk(options), options.retention = Some(Duration::ZERO)).1).await;
    until("the plain one is gone", || async { (!exists(&next, &plain).await).then_some(()) }).await;
    assert!(exists(&next, &open).await && exists(&next, &asked).await);
}

#[tokio::test]
async fn after_its_time_a_workspace_goes_and_the_session_says_so() {
    let world = World::new().await;
    let running = world.start().await;
    let id = ended(&running, &world).await;
    running.crash().await;
    let change = |options: &mut EngineOptions| {
        brisk(options);
        options.workspace_retention = Duration::ZERO;
    };
    let next = world.start_with(change).await;
    let gone = |session: &Session| session.workspace_removed_at.is_some();
    let session = next.until(&id, gone).await;
    assert!(session.diff.is_some() && session.head.is_some(), "what it made is kept");
    assert!(next.log(&id).await.ends_with("done complete\nstep remove_workspace\n"));
    until("its files are gone", || async { world.lock().trees.is_empty().then_some(()) }).await;
    let who = Principal::local();
    let refused = next.engine.message(&who, &id, "more".into()).await.unwrap_err();
    assert_eq!(code(&refused), "workspace_gone");
    assert!(refused.hint.unwrap().contains(&format!("telecoder rerun {id}")));
    assert_eq!(next.engine.diff_patch(&who, &id).await.unwrap(), "patch");
    // One that is at work keeps its own.
    let busy = next.submit("hang").await;
    next.until(&busy, |session| session.turns == 1).await;
    assert!(world.lock().trees.contains_key(&busy));
}

#[tokio::test]
async fn files_that_no_session_knows_go_and_others_stay() {
    let world = World::new().await;
    let running = world.start_with(brisk).await;
    let id = ended(&running, &world).await;
    let stranger = SessionId::from_random([9; 8]);
    world.lock().trees.entry(stranger.clone()).or_default();
    until("the stranger is gone", || async { (!world.lock().trees.contains_key(&stranger)).then_some(()) })
        .await;
    assert!(world.lock().trees.contains_key(&id));
    running.crash().await;
    // With patience they are only looked at.
    world.lock().trees.entry(stranger.clone()).or_default();
    let patient = world.start_with(|options| options.upkeep_interval = Duration::from_millis(1)).await;
    let second = ended(&patient, &world).await;
    assert!(world.lock().trees.contains_key(&stranger) && world.lock().trees.contains_key(&second));
}

#[tokio::test]
async fn blobs_that_no_session_names_go_and_others_stay() {
    let world = World::new().await;
    let running = world.start().await;
    let blobs = world.blobs.clone();
    let long = format!("say {}", "word ".repeat(19_000));
    let id = running.submit_with(&long, |new| new.publish = Some(PublishRule::Manual)).await;
    running.end(&id, &world).await;
    let named = blobs.list(None, 10).await.unwrap();
    assert!(!named.is_empty());
    running.crash().await;
    let running = world.start_with(brisk).await;
    let planted = blobs.put(bytes::Bytes::from_static(b"nobody names this")).await.unwrap().digest;
    until("the planted one is gone", || async { blobs.get(&planted).await.err() }).await;
    assert_eq!(blobs.list(None, 10).await.unwrap(), named);
    let events = running.engine.events(&Principal::local(), &id, 0, 1000).await.unwrap().events;
    let told = events
        .iter()
        .any(|event| matches!(&event.body, EventBody::Message { text, .. } if text.contains(&named[0])));
    assert!(told);
    running.engine.remove(&Principal::local(), &id).await.unwrap();
    until("its own is gone", || async { blobs.list(None, 10).await.unwrap().is_empty().then_some(()) }).await;
}

#[tokio::test]
async fn a_removal_that_fails_is_told_and_changes_nothing() {
    let world = World::new().await;
    let running = world.start().await;
    let id = ended(&running, &world).await;
    world.faults.hit("store.bury", 1, Blow::Fail(ErrorClass::Full));
    let failed = running.engine.remove(&Principal::local(), &id).await.unwrap_err();
    assert_eq!(code(&failed), "no_room");
    assert!(exists(&running, &id).await);
    running.engine.remove(&Principal::local(), &id).await.unwrap();
}
