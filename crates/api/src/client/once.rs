//! Requests that create (layer 0). Each carries an `Idempotency-Key`, so that one whose answer was lost is sent again and done
//! once.

use super::{Client, ClientError, Created};
use reqwest::RequestBuilder;
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long a lost answer is asked for again: longer than a server takes to be started anew.
const PATIENCE: Duration = Duration::from_secs(10);
const BETWEEN: Duration = Duration::from_millis(250);

impl Client {
    /// Sends a request until its answer has arrived, with this key or one of its own. Where nobody answers from the beginning,
    /// that is told at once.
    pub(super) async fn create_once<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        key: Option<&str>,
    ) -> Result<Created<T>, ClientError> {
        let key = key.map_or_else(fresh_key, |key| Ok(key.to_owned()))?;
        let request = request.header("Idempotency-Key", key);
        let until = Instant::now() + PATIENCE;
        let mut lost = false;
        loop {
            let Some(attempt) = request.try_clone() else { return self.json_created(request).await };
            match self.json_created(attempt).await {
                Err(ClientError::Unreachable { connected, .. })
                    if (lost || connected) && Instant::now() < until =>
                {
                    lost = true;
                    sleep(BETWEEN).await;
                }
                outcome => return outcome,
            }
        }
    }
}

/// A key that nobody else has: 128 random bits.
fn fresh_key() -> Result<String, ClientError> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits)
        .map_err(|error| ClientError::Invalid { what: format!("this host gives no random bits: {error}") })?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bits)))
}
