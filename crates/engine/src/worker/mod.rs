//! Work (layer 1): claims jobs within the limits, keeps the server's lease alive, and runs the reconcilers.

pub(crate) mod actions;
pub(crate) mod attachment;
pub(crate) mod bound;
mod calls;
pub(crate) mod desk;
pub(crate) mod drain;
pub(crate) mod failure;
mod lines;
mod metering;
mod outgoing;
pub(crate) mod pump;
pub(crate) mod redact;
pub(crate) mod run_state;
mod stderr;
mod sweep;
pub(crate) mod work;

use crate::engine::Engine;
use crate::{following, outbox, upkeep};
use std::time::Duration;
use telecoder_model::port::bus::Topic;
use telecoder_model::{ErrorClass, PortError};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The queue is looked at by itself at least this often.
const PERIOD: Duration = Duration::from_secs(2);

/// Works until `shutdown` turns true. Model calls that are under way then may finish for a while, and so may effects outside
/// and the end of what was stopped; all other work is left as a kill would leave it, and its jobs go back to the queue: the next server attaches to the
/// sandboxes, which go on.
pub(crate) async fn run(engine: &Engine, shutdown: watch::Receiver<bool>) -> Result<(), PortError> {
    join(engine).await?;
    sweep::sandboxes(engine).await;
    // A set, so that dropping this future ends it as well.
    let mut reconcilers = JoinSet::new();
    reconcilers.spawn(sweep::run(engine.clone()));
    reconcilers.spawn(upkeep::run(engine.clone()));
    // These end by themselves, between two effects.
    let mut effects = JoinSet::new();
    effects.spawn(outbox::run(engine.clone(), shutdown.clone()));
    effects.spawn(following::run(engine.clone(), shutdown.clone()));
    let mut workers = JoinSet::new();
    // Whoever was declared dead, because it was paused or cut off, has lost its work; it begins anew like a server that starts.
    while claim_until(engine, &mut workers, shutdown.clone()).await {
        workers.shutdown().await;
        join_again(engine, shutdown.clone()).await;
    }
    drain(engine, &mut workers, &mut effects).await;
    workers.shutdown().await;
    effects.shutdown().await;
    reconcilers.shutdown().await;
    engine.ports().store.leave(engine.instance()).await.map(drop)
}

async fn join(engine: &Engine) -> Result<(), PortError> {
    let adopted = engine.ports().store.register(engine.instance()).await?;
    if adopted > 0 {
        tracing::info!(jobs = adopted, "work of an earlier server is adopted");
    }
    Ok(())
}

async fn join_again(engine: &Engine, mut shutdown: watch::Receiver<bool>) {
    while let Err(error) = join(engine).await {
        tracing::warn!(error = %error.chain(), "this server cannot join again");
        tokio::select! {
            () = engine.ports().clock.sleep(PERIOD) => {}
            _ = shutdown.wait_for(|down| *down) => return,
        }
    }
    tracing::info!("this server has joined again");
    // Another one may have taken over what is at work here.
    sweep::sandboxes(engine).await;
}

/// Claims and works; gives whether the lease was lost.
async fn claim_until(
    engine: &Engine,
    workers: &mut JoinSet<()>,
    mut shutdown: watch::Receiver<bool>,
) -> bool {
    let mut news = engine.ports().bus.subscribe(&Topic::Jobs);
    let clock = engine.ports().clock.clone();
    let mut beat = clock.monotonic();
    loop {
        claim_all(engine, workers).await;
        let next_beat = beat.saturating_add(engine.options().heartbeat).saturating_sub(clock.monotonic());
        tokio::select! {
            () = news.changed() => {}
            Some(ended) = workers.join_next() => tell_panic(ended),
            () = clock.sleep(next_beat.min(PERIOD)) => {}
            _ = shutdown.wait_for(|down| *down) => return false,
        }
        if clock.monotonic().saturating_sub(beat) >= engine.options().heartbeat {
            beat = clock.monotonic();
            if heartbeat(engine).await {
                return true;
            }
        }
    }
}

/// Lets model calls, effects outside and what was stopped come to their end, within a bound. Sessions go on meanwhile, but begin no new call.
async fn drain(engine: &Engine, workers: &mut JoinSet<()>, effects: &mut JoinSet<()>) {
    engine.drain().begin();
    let finished = async {
        tokio::join!(engine.drain().quiet(), async { while effects.join_next().await.is_some() {} });
    };
    let ended = async {
        while let Some(ended) = workers.join_next().await {
            tell_panic(ended);
        }
        std::future::pending::<()>().await;
    };
    let limit = engine.ports().clock.sleep(engine.options().drain);
    tokio::select! {
        () = finished => {}
        () = ended => {}
        () = limit => tracing::warn!("model calls, effects outside or agents that were stopped are cut off: they took too long to end"),
    }
}

async fn claim_all(engine: &Engine, workers: &mut JoinSet<()>) {
    let limits = engine.options().limits;
    while workers.len() < usize::try_from(limits.server).unwrap_or(usize::MAX) {
        match engine.ports().store.claim(engine.instance(), limits).await {
            Ok(Some(claim)) => {
                workers.spawn(work::work(engine.clone(), claim));
            }
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(error = %error.chain(), "no job could be claimed");
                return;
            }
        }
    }
}

/// Says that this server lives; gives whether it was declared dead.
async fn heartbeat(engine: &Engine) -> bool {
    let store = &engine.ports().store;
    match store.heartbeat(engine.instance()).await {
        Ok(()) => {}
        Err(error) if error.class == ErrorClass::Conflict => {
            tracing::error!("this server was declared dead; its work went to others");
            return true;
        }
        Err(error) => {
            // Whoever cannot speak for itself does not judge others.
            tracing::warn!(error = %error.chain(), "the heartbeat was not recorded");
            return false;
        }
    }
    match store.reap(engine.options().lease_expiry).await {
        Ok(0) => {}
        Ok(jobs) => {
            tracing::info!(jobs, "work of dead servers is back in the queue");
            engine.ports().bus.wake(&Topic::Jobs);
        }
        Err(error) => tracing::warn!(error = %error.chain(), "dead servers could not be looked for"),
    }
    false
}

fn tell_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "a worker panicked; its session goes on after a restart");
    }
}
