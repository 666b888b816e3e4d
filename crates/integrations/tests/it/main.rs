//! Tests of the adapters with fakes of the ports that they use.
#![expect(
    clippy::unwrap_used,
    reason = "a failing test may panic; clippy knows only functions that are tests themselves"
)]

mod local_forge;
