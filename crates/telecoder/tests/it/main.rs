//! The examples as programs: each is started and does what it says.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests start programs and fail by panicking; clippy knows only functions that are tests themselves"
)]

mod examples;
