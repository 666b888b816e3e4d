//! Tests of the model gateway, over in-memory connections from inside and real ones to a provider on loopback.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests are tests")]

mod bounds;
mod check;
mod cuts;
mod endings;
mod formats;
mod hostile;
mod inside;
mod keys;
mod mutated;
mod recorder;
mod scripted;
mod streaming;
mod transcripts;
mod upstream;
