//! Upkeep (layer 1): what is no longer needed goes: sessions and workspaces after their time, and whatever nothing owns.
//! Each part is idempotent and takes no input; the next pass is the retry.
//!
//! Invariants: what a session still needs stays; a session's rows go before its files, and its grave after them; files that
//! no session knows are removed only after they were seen for a while.

mod blobs;
pub(crate) mod graves;
mod quota;
mod retention;
mod workspaces;

pub(crate) use quota::OverQuota;
pub(crate) use retention::has_open_pull;
pub(crate) use workspaces::NAME as REMOVE_WORKSPACE;

use crate::engine::Engine;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use telecoder_model::PortError;
use telecoder_model::id::SessionId;
use tokio::sync::Notify;

/// Warm bases of a repository that are kept although no session is on them, so that the next task begins at once.
const SPARE_BASES: usize = 2;

/// What the parts remember between two passes.
#[derive(Debug, Default)]
pub(crate) struct UpkeepState {
    /// Held while files go, and while a backup is put together.
    pub(crate) files: tokio::sync::Mutex<()>,
    /// Asks for a pass.
    pub(crate) wake: Notify,
    /// Since when files of sessions that do not exist are seen, by the monotonic clock.
    strangers: Mutex<HashMap<SessionId, Duration>>,
    over: Mutex<Option<OverQuota>>,
}

impl UpkeepState {
    /// Whether the data folder is larger than it may be, and nothing more can go.
    pub(crate) fn over_quota(&self) -> Option<OverQuota> {
        *self.over.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn set_over_quota(&self, over: Option<OverQuota>) {
        *self.over.lock().unwrap_or_else(PoisonError::into_inner) = over;
    }
}

/// Passes now and then, and when asked, until it is dropped.
pub(crate) async fn run(engine: Engine) {
    loop {
        pass(&engine).await;
        tokio::select! {
            () = engine.ports().clock.sleep(engine.options().upkeep_interval) => {}
            () = engine.upkeep().wake.notified() => {}
        }
    }
}

async fn pass(engine: &Engine) {
    told("what removed sessions left", graves::clear_all(engine).await);
    told("workspaces", workspaces::run(engine).await);
    told("sessions after their time", retention::run(engine).await);
    told("the quota", quota::run(engine).await);
    told("blobs", blobs::run(engine).await);
    told("warm bases and mirrors", collect(engine, SPARE_BASES).await);
}

fn told(what: &str, done: Result<(), PortError>) {
    if let Err(error) = done {
        tracing::warn!(error = %error.chain(), "upkeep of {what} is left to the next pass");
    }
}

async fn collect(engine: &Engine, keep: usize) -> Result<(), PortError> {
    let _files = engine.upkeep().files.lock().await;
    let done = engine.ports().upkeep.collect(keep).await?;
    if done.bases + done.mirrors > 0 {
        tracing::info!(bases = done.bases, mirrors = done.mirrors, "what no session borrows was removed");
    }
    Ok(())
}
