//! Steps (layer 1): one file each, in this order. A step reads what the store says, does one thing and records the result;
//! run twice, it has the effect of once. What it leaves behind it records before it makes it.

mod complete;
pub(crate) mod create_sandbox;
mod outcome;
pub(crate) mod prepare_workspace;
pub(crate) mod publish;
pub(crate) mod release;
mod review;
mod start_agent;
pub(crate) mod take_over;
mod turn;

use crate::worker::failure::WorkError;
use crate::worker::work::Work;
use async_trait::async_trait;

/// One idempotent unit of work.
#[async_trait]
pub(crate) trait Step: Send + Sync {
    /// Does it, or finds that it is done.
    async fn run(&self, work: &mut Work) -> Result<(), WorkError>;
}

/// The way of a task. `release` follows whatever the end.
pub(crate) fn all() -> &'static [&'static dyn Step] {
    &[
        &prepare_workspace::PrepareWorkspace,
        &create_sandbox::CreateSandbox,
        &start_agent::StartAgent,
        &turn::Turn,
        &take_over::TakeOver,
        &review::Review,
        &outcome::Outcome,
        &publish::Publish,
        &complete::Complete,
    ]
}

/// Measures how long a step takes, by the clock port.
pub(crate) struct Stopwatch {
    clock: std::sync::Arc<dyn telecoder_model::port::clock::Clock>,
    start: std::time::Duration,
}

impl Stopwatch {
    pub(crate) fn start(work: &Work) -> Self {
        let clock = work.desk.engine.ports().clock.clone();
        let start = clock.monotonic();
        Self { clock, start }
    }
    /// Milliseconds since the start.
    pub(crate) fn millis(&self) -> u64 {
        u64::try_from(self.clock.monotonic().saturating_sub(self.start).as_millis()).unwrap_or(u64::MAX)
    }
}

/// Waits for a future within a time; `None` if the time is over first.
pub(crate) async fn within<T>(
    clock: std::sync::Arc<dyn telecoder_model::port::clock::Clock>,
    wait: std::time::Duration,
    future: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        value = future => Some(value),
        () = clock.sleep(wait) => None,
    }
}
