//! The engine is killed at every call of a port, before and after its effect; the next one must end the session as if
//! nothing had happened.

use crate::forge::{report, source};
use crate::world::{Running, World};
use futures::StreamExt;
use std::time::Duration;
use telecoder_engine::request::NewSession;
use telecoder_model::id::SessionId;
use telecoder_model::port::forge::PullReport;
use telecoder_model::pull::PullState;
use telecoder_testkit::fakes::Blow;

const PROMPT: &str = "say I fix it.; write a.rs; say Fixed.";

/// The log, without what tells of the interruption itself.
fn told(place: Place, log: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = log.lines().collect();
    if place != Place::Local {
        // The pull request may be merged before the session's work has ended, if that took a second start.
        lines.sort_unstable();
    }
    // A step whose record was lost is done and told again.
    lines.dedup();
    lines
}

/// What the task works on.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// A repository of this host.
    Local,
    /// One of a forge, with a conflict on the way and a pull request that is merged in the end.
    Forge,
    /// A pull request of a forge.
    Pull,
}

impl Place {
    fn set(self, new: &mut NewSession) {
        if self != Self::Local {
            new.repository = Some("octo/demo".parse().unwrap());
        }
        new.pull = (self == Self::Pull).then_some(5);
    }

    fn prepare(self, world: &World) {
        let forge = &mut world.lock().forge;
        forge.conflicts = vec!["a.rs".to_owned()];
        forge.source = (self == Self::Pull).then(source);
        forge.report = Some(PullReport { state: PullState::Merged, ..report("1") });
    }

    async fn start(self, world: &World) -> Running {
        world.start_with(|options| options.follow_interval = Duration::from_millis(300)).await
    }

    /// Waits until nothing more will happen.
    async fn end(self, running: &Running, id: &SessionId, world: &World) {
        running.end(id, world).await;
        if self != Self::Local {
            running.until(id, |session| session.pull.as_ref().unwrap().state == PullState::Merged).await;
        }
    }
}

/// Runs the task, kills the engine at the N-th call, and goes on with another. Gives the log and the number of calls.
async fn run(place: Place, kill: Option<(u64, Blow)>) -> (String, usize, World) {
    let world = World::new().await;
    place.prepare(&world);
    if let Some((number, blow)) = kill {
        world.faults.hit_call(number, blow);
    }
    let running = place.start(&world).await;
    // The first call is the acceptance itself: what was not acknowledged may be lost.
    let id = running.submit_with(PROMPT, |new| place.set(new)).await;
    let running = if kill.is_some() {
        let ended = tokio::select! {
            () = world.faults.wait_for_hang() => false,
            () = place.end(&running, &id, &world) => true,
        };
        if ended {
            running
        } else {
            running.crash().await;
            place.start(&world).await
        }
    } else {
        running
    };
    place.end(&running, &id, &world).await;
    let log = running.log(&id).await;
    let calls = world.faults.calls().len();
    (log, calls, world)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_run_twice_has_the_effect_of_once() {
    for place in [Place::Local, Place::Forge, Place::Pull] {
        let (undisturbed, _, once) = run(place, None).await;
        let world = World::new().await;
        place.prepare(&world);
        let running = world
            .start_with(|options| {
                options.follow_interval = Duration::from_millis(300);
                options.steps_twice = true;
            })
            .await;
        let id = running.submit_with(PROMPT, |new| place.set(new)).await;
        place.end(&running, &id, &world).await;
        assert_eq!(told(place, &running.log(&id).await), told(place, &undisturbed));
        let (once, twice) = (once.lock(), world.lock());
        assert_eq!(twice.received, once.received);
        let effects = |state: &crate::world::State| {
            (state.pulls.len(), state.forge.comments.len(), state.branches.len(), state.commits.len())
        };
        assert_eq!(effects(&twice), effects(&once));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_call_the_log_is_the_same() {
    sweep(Place::Local, 40).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_call_a_forge_sees_everything_once() {
    sweep(Place::Forge, 50).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_call_a_pull_request_of_others_gets_one_comment() {
    sweep(Place::Pull, 50).await;
}

async fn sweep(place: Place, least: usize) {
    let (undisturbed, calls, _) = run(place, None).await;
    let undisturbed = told(place, &undisturbed);
    let points = (2..=u64::try_from(calls).unwrap())
        .flat_map(|number| [(number, Blow::Hang), (number, Blow::HangAfter)]);
    let runs = points.map(|point| async move { (point, run(place, Some(point)).await) });
    let killed = futures::stream::iter(runs).buffer_unordered(8).collect::<Vec<_>>().await;
    assert!(killed.len() >= least, "only {} points were killed", killed.len());
    for ((number, blow), (log, _, world)) in killed {
        let call = world.faults.calls().get(usize::try_from(number).unwrap() - 1).copied();
        let what = format!("killed at call {number} ({call:?}), {blow:?}");
        assert_eq!(told(place, &log), undisturbed, "{what}\n{log}");
        let state = world.lock();
        let (pulls, comments) = if place == Place::Pull { (0, 1) } else { (1, 0) };
        assert_eq!((state.pulls.len(), state.forge.comments.len()), (pulls, comments), "{what}");
        assert_eq!(state.branches.len(), 1, "{what}");
        let prompts = state.received.iter().filter(|line| line.starts_with("prompt")).count();
        assert_eq!(prompts, 1, "{what}: {:?}", state.received);
    }
}
