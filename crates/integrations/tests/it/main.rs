//! Tests of the adapters: with fakes of the ports that they use, and of their port's suite with the real ones.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failing test may panic; clippy knows only functions that are tests themselves"
)]

mod conformance;
mod github;
mod local_forge;
