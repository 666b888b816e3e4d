//! A backup, piece by piece (layer 0).

use super::{Client, ClientError, Method};
use bytes::Bytes;
use reqwest::Response;

/// A backup on its way.
#[derive(Debug)]
pub struct BackupStream {
    client: Client,
    response: Response,
}

impl BackupStream {
    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// If the connection breaks: what came so far is not whole.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ClientError> {
        self.response.chunk().await.map_err(|error| self.client.unreachable(&error))
    }
}

impl Client {
    /// Takes a backup of the server.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn backup(&self) -> Result<BackupStream, ClientError> {
        let response = self.send(self.request(Method::GET, &["api", "backup"], None)?).await?;
        Ok(BackupStream { client: self.clone(), response })
    }
}
