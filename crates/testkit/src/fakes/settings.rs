//! A server without a configuration (dev layer).

use async_trait::async_trait;
use telecoder_model::PortError;
use telecoder_model::port::settings::{Changed, Row, Settings, Wishes};

/// Settings of which there are none, and none can be changed.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSettings;

#[async_trait]
impl Settings for NoSettings {
    async fn rows(&self) -> Result<Vec<Row>, PortError> {
        Ok(Vec::new())
    }
    async fn change(&self, _: Wishes) -> Result<Changed, PortError> {
        Err(PortError::permanent("there are no settings here"))
    }
}
