//! What the forge was asked (dev layer), for tests to look at.
//!
//! Invariant: no secret is kept, only the label of its owner; at most [`MAX_REQUESTS`] requests are kept.

use serde::Serialize;
use serde_json::Value;
use std::collections::VecDeque;

/// The most requests that are kept; older ones are dropped.
pub const MAX_REQUESTS: usize = 4096;

/// One request.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// Its number, from 1 in the order of arrival.
    pub number: u64,
    /// GitHub's id of the operation (`pulls/create`), or `git/info-refs`, `git/upload-pack`, `git/receive-pack`,
    /// `graphql`, `logs`, `unknown`.
    pub operation: String,
    /// Its method.
    pub method: String,
    /// Its path, without the query, as it was sent.
    pub path: String,
    /// Its query.
    pub query: String,
    /// Its headers in small letters, without the credential.
    pub headers: Vec<(String, String)>,
    /// Whose credential it carried: `ghp:octo`, `ghs:12`, `jwt:1`, `none`, or `bad`.
    pub token: String,
    /// Its body, where it is JSON.
    pub body: Value,
    /// The answer's status; nothing where the connection was closed without one.
    pub status: Option<u16>,
}

/// Headers that carry secrets.
const SECRET: &[&str] = &["authorization", "cookie", "proxy-authorization"];

/// The headers that may be kept.
pub(super) fn headers(all: &axum::http::HeaderMap) -> Vec<(String, String)> {
    all.iter()
        .filter(|(name, _)| !SECRET.contains(&name.as_str()))
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect()
}

/// The requests so far.
#[derive(Debug, Default)]
pub(super) struct Record {
    kept: VecDeque<Request>,
    count: u64,
}

impl Record {
    /// Keeps a request, which gets its number.
    pub(super) fn add(&mut self, request: Request) -> u64 {
        self.count += 1;
        if self.kept.len() == MAX_REQUESTS {
            self.kept.pop_front();
        }
        self.kept.push_back(Request { number: self.count, ..request });
        self.count
    }

    /// Notes how a request was answered.
    pub(super) fn answered(&mut self, number: u64, status: u16) {
        if let Some(request) = self.kept.iter_mut().rev().find(|request| request.number == number) {
            request.status = Some(status);
        }
    }

    pub(super) fn all(&self) -> Vec<Request> {
        self.kept.iter().cloned().collect()
    }

    pub(super) fn clear(&mut self) {
        self.kept.clear();
    }
}
