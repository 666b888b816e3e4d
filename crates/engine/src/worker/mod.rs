//! x
use crate::engine::Engine;
use telecoder_model::PortError;
use tokio::sync::watch;
pub(crate) async fn run(engine: &Engine, shutdown: watch::Receiver<bool>) -> Result<(), PortError> {
    crate::outbox::run(engine.clone(), shutdown).await; Ok(())
}
