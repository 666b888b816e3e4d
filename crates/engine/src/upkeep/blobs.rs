//! Blobs that no session names (layer 1). One that was put a moment ago is about to be named, and stays.

use crate::engine::Engine;
use std::time::Duration;
use telecoder_model::PortError;

/// Blobs that are looked at together.
const BATCH: usize = 500;
/// What was put so recently may be named by a commit that is under way.
const QUIET: Duration = Duration::from_secs(10 * 60);

/// Removes what nothing names.
pub(super) async fn run(engine: &Engine) -> Result<(), PortError> {
    let mut after: Option<String> = None;
    loop {
        let page = engine.ports().blobs.list(after.as_deref(), BATCH).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.clone());
        remove_unnamed(engine, &page).await?;
    }
}

/// Removes those of these that no session names; gives whether nothing that is unnamed is left.
pub(super) async fn remove_unnamed(engine: &Engine, digests: &[String]) -> Result<bool, PortError> {
    let _files = engine.upkeep().files.lock().await;
    let quiet = QUIET.min(engine.options().orphan_patience);
    let mut all = true;
    for some in digests.chunks(BATCH) {
        for digest in engine.ports().store.unnamed_blobs(some).await? {
            all &= engine.ports().blobs.remove(&digest, quiet).await?;
        }
    }
    Ok(all)
}
