//! Layer 0: wire types of the HTTP API and the typed client.
//!
//! Invariants: no domain type is a wire type, so this crate does not know `telecoder-model`. JSON is camelCase; an absent
//! value of an answer is `null`; a request with an unknown field is refused.

mod word;

pub mod agent;
pub mod approval;
pub mod change;
pub mod client;
pub mod config;
pub mod diff;
pub mod doctor;
pub mod error;
pub mod event;
pub mod file;
pub mod health;
pub mod inbox;
pub mod message;
pub mod page;
pub mod policy;
pub mod prune;
pub mod pull;
pub mod repository;
pub mod session;
pub mod sign_in;
pub mod sse;
#[cfg(test)]
mod sse_fuzzing;
pub mod token;
pub mod usage;

pub use client::{Client, ClientError};
pub use word::WordError;
