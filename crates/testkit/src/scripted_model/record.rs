//! What the scripted model was asked (dev layer), for tests to look at.
//!
//! Invariant: at most [`MAX_REQUESTS`] requests are kept; the oldest are dropped, their numbers are not used again.

use serde::Serialize;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;

/// The most requests that are kept.
pub const MAX_REQUESTS: usize = 4096;

/// One request.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedRequest {
    /// Its number, from 1 in the order of arrival.
    pub number: u64,
    /// Its method.
    pub method: String,
    /// Its path, without the query.
    pub path: String,
    /// Its query, as it was sent.
    pub query: Option<String>,
    /// Its headers in the order of the wire, names in small letters.
    pub headers: Vec<(String, String)>,
    /// The key it carried and where.
    pub key: Option<SeenKey>,
    /// Its body: parsed if it is JSON, else as text.
    pub body: Value,
}

/// A key that a request carried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SeenKey {
    /// The header or the query parameter: `authorization`, `x-api-key`, `x-goog-api-key` or `?key`.
    pub place: &'static str,
    /// The key itself, without `Bearer`.
    pub value: String,
}

impl RecordedRequest {
    /// The first header of a name (in small letters).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// The key that the headers or the query carry.
    pub(super) fn find_key(&self) -> Option<SeenKey> {
        let bearer = self.header("authorization").and_then(|value| value.split_once(' '));
        if let Some((scheme, value)) = bearer
            && scheme.eq_ignore_ascii_case("bearer")
        {
            return Some(SeenKey { place: "authorization", value: value.trim().to_owned() });
        }
        for place in ["x-api-key", "x-goog-api-key"] {
            if let Some(value) = self.header(place) {
                return Some(SeenKey { place, value: value.to_owned() });
            }
        }
        let mut pairs = self.query.as_deref().unwrap_or_default().split('&');
        let value = pairs.find_map(|pair| pair.strip_prefix("key="))?;
        Some(SeenKey { place: "?key", value: value.to_owned() })
    }
}

/// All requests of one server.
#[derive(Debug)]
pub(super) struct Record {
    kept: Mutex<VecDeque<RecordedRequest>>,
    count: watch::Sender<u64>,
}

impl Default for Record {
    fn default() -> Self {
        Self { kept: Mutex::default(), count: watch::Sender::new(0) }
    }
}

impl Record {
    /// Adds a request and numbers it.
    pub(super) fn add(&self, mut request: RecordedRequest) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        self.count.send_modify(|count| {
            *count += 1;
            request.number = *count;
        });
        if kept.len() == MAX_REQUESTS {
            kept.pop_front();
        }
        kept.push_back(request);
    }

    /// What is kept, oldest first.
    pub(super) fn all(&self) -> Vec<RecordedRequest> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Forgets what is kept; numbers go on.
    pub(super) fn clear(&self) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// How many requests have come, as it changes.
    pub(super) fn count(&self) -> watch::Receiver<u64> {
        self.count.subscribe()
    }
}
