//! Sandboxes that no session owns are destroyed (layer 1). Input-free and idempotent.

use super::run_state::RunState;
use crate::engine::Engine;
use std::time::Duration;
use telecoder_model::PortError;
use telecoder_model::port::sandbox::SandboxRef;

/// How often it is looked for.
const PERIOD: Duration = Duration::from_secs(60);

/// Sweeps now and then until it is dropped.
pub(crate) async fn run(engine: Engine) {
    loop {
        engine.ports().clock.sleep(PERIOD).await;
        sandboxes(&engine).await;
    }
}

/// Destroys every sandbox that its session does not name any more.
pub(crate) async fn sandboxes(engine: &Engine) {
    let found = match engine.ports().driver.list().await {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(error = %error.chain(), "sandboxes could not be listed");
            return;
        }
    };
    for reference in found {
        match is_owned(engine, &reference).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::info!(sandbox = %reference, "a sandbox that nothing owns is removed");
                if let Err(error) = engine.ports().driver.destroy(&reference).await {
                    tracing::warn!(sandbox = %reference, error = %error.chain(), "it could not be removed");
                }
            }
            Err(error) => {
                tracing::warn!(sandbox = %reference, error = %error.chain(), "its owner could not be looked for")
            }
        }
    }
}

async fn is_owned(engine: &Engine, reference: &SandboxRef) -> Result<bool, PortError> {
    let Some(value) = engine.ports().store.run(&reference.session).await? else {
        return Ok(false);
    };
    let run: RunState = serde_json::from_value(value)
        .map_err(|error| PortError::permanent("the run state is unreadable").because(error))?;
    Ok(run.sandbox.as_ref() == Some(reference))
}
