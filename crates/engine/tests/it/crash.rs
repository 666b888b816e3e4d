//! The engine is killed at every call of a port, before and after its effect; the next one must end the session as if
//! nothing had happened.

use crate::world::World;
use futures::StreamExt;
use telecoder_testkit::fakes::Blow;

const PROMPT: &str = "say I fix it.; write a.rs; say Fixed.";

/// The log, without what tells of the interruption itself.
fn told(log: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = log.lines().collect();
    // A step whose record was lost is done and told again.
    lines.dedup();
    lines
}

/// Runs the task, kills the engine at the N-th call, and goes on with another. Gives the log and the number of calls.
async fn run(kill: Option<(u64, Blow)>) -> (String, usize, World) {
    let world = World::new().await;
    if let Some((number, blow)) = kill {
        world.faults.hit_call(number, blow);
    }
    let running = world.start().await;
    // The first call is the acceptance itself: what was not acknowledged may be lost.
    let id = running.submit(PROMPT).await;
    let running = if kill.is_some() {
        let ended = tokio::select! {
            () = world.faults.wait_for_hang() => false,
            _ = running.end(&id, &world) => true,
        };
        if ended {
            running
        } else {
            running.crash().await;
            world.start().await
        }
    } else {
        running
    };
    running.end(&id, &world).await;
    let log = running.log(&id).await;
    let calls = world.faults.calls().len();
    (log, calls, world)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_call_the_log_is_the_same() {
    let (undisturbed, calls, _) = run(None).await;
    let undisturbed = told(&undisturbed);
    let points = (2..=u64::try_from(calls).unwrap())
        .flat_map(|number| [(number, Blow::Hang), (number, Blow::HangAfter)]);
    let runs = points.map(|point| async move { (point, run(Some(point)).await) });
    let killed = futures::stream::iter(runs).buffer_unordered(8).collect::<Vec<_>>().await;
    assert!(killed.len() >= 40, "only {} points were killed", killed.len());
    for ((number, blow), (log, _, world)) in killed {
        let call = world.faults.calls().get(usize::try_from(number).unwrap() - 1).copied();
        let what = format!("killed at call {number} ({call:?}), {blow:?}");
        assert_eq!(told(&log), undisturbed, "{what}\n{log}");
        let state = world.lock();
        assert_eq!(state.pulls.len(), 1, "{what}");
        assert_eq!(state.branches.len(), 1, "{what}");
        let prompts = state.received.iter().filter(|line| line.starts_with("prompt")).count();
        assert_eq!(prompts, 1, "{what}: {:?}", state.received);
    }
}
