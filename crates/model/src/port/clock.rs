//! Port: clock (layer 0).
//!
//! Contract: `monotonic` never goes back and does not jump with the wall clock; `sleep` waits by the same clock as
//! `monotonic`; a manual clock (tests) wakes every sleeper whose time has come before `advance` returns.

use crate::time::Timestamp;
use async_trait::async_trait;
use std::fmt;
use std::time::Duration;

/// Tells the time and waits.
#[async_trait]
pub trait Clock: Send + Sync + fmt::Debug {
    /// The wall clock, for records. No decision about leases or deadlines rests on it.
    fn now(&self) -> Timestamp;
    /// Time since an arbitrary fixed point of this process.
    fn monotonic(&self) -> Duration;
    /// Waits for a duration.
    async fn sleep(&self, duration: Duration);
}
