//! A backup of everything, from a server at work.

use crate::command::read::allow;
use crate::engine::Engine;
use crate::error::{EngineError, Fault};
use bytes::Bytes;
use futures::stream::BoxStream;
use telecoder_model::PortError;
use telecoder_model::principal::{Principal, Scope};

impl Engine {
    /// Puts a backup together and gives it as a stream. While it is put together nothing is removed; sessions go on.
    pub async fn backup(
        &self,
        who: &Principal,
    ) -> Result<BoxStream<'static, Result<Bytes, PortError>>, EngineError> {
        allow(who, Scope::Admin)?;
        let Some(source) = &self.options().backup else {
            return Err(EngineError::new(
                Fault::Unprocessable,
                "no_backup",
                "this server's database is not kept in its data folder, so that it makes no backup",
            )
            .hint("back the database up with its own tools, and the data folder with a copy while the server is stopped"));
        };
        let _files = self.upkeep().files.lock().await;
        Ok(source.stage().await?)
    }
}
