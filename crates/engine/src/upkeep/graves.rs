//! What removed sessions left (layer 1): sandboxes, files, blobs. The grave is closed when nothing is left.

use crate::engine::Engine;
use telecoder_model::PortError;
use telecoder_model::port::store::Grave;

/// Graves that are read at once.
const BATCH: u32 = 100;

pub(super) async fn clear_all(engine: &Engine) -> Result<(), PortError> {
    for grave in engine.ports().store.graves(BATCH).await? {
        if let Err(error) = clear(engine, &grave).await {
            tracing::warn!(session = %grave.session, error = %error.chain(), "something of a removed session is left");
        }
    }
    Ok(())
}

/// Clears up after one; done twice, it has the effect of once.
pub(crate) async fn clear(engine: &Engine, grave: &Grave) -> Result<(), PortError> {
    let ports = engine.ports();
    for sandbox in ports.driver.list().await? {
        if sandbox.session == grave.session {
            ports.driver.destroy(&sandbox).await?;
        }
    }
    {
        let _files = engine.upkeep().files.lock().await;
        ports.workspaces.remove(&grave.session).await?;
    }
    if super::blobs::remove_unnamed(engine, &grave.blobs).await? {
        ports.store.close_grave(&grave.session).await?;
    }
    Ok(())
}
