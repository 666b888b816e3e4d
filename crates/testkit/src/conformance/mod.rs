//! One suite for each port (dev layer): what every adapter must do.
//!
//! An adapter's tests hold one line a port, such as `telecoder_testkit::clock_conformance!(make);`, where `make` is an
//! async function that gives a fresh [`Subject`]; each case then is a test of its own.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::field_reassign_with_default,
    reason = "a case is a test: it ends where the contract is broken"
)]

#[macro_use]
mod cases;
pub mod agent;
pub mod blobs;
pub mod bus;
pub mod clock;
pub mod forge;
pub mod ids;
pub mod process;
pub mod sandbox;
pub mod stage;
pub mod store;

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// An adapter to try, and what must live as long as it does (a temporary folder, a server).
pub struct Subject<P: ?Sized> {
    /// The adapter.
    pub port: Arc<P>,
    /// Dropped after the case.
    pub keep: Box<dyn Any + Send>,
}

impl<P: ?Sized> Subject<P> {
    /// An adapter that needs nothing around it.
    pub fn alone(port: Arc<P>) -> Self {
        Self { port, keep: Box::new(()) }
    }

    /// An adapter and what must live as long.
    pub fn with(port: Arc<P>, keep: impl Any + Send) -> Self {
        Self { port, keep: Box::new(keep) }
    }
}

impl<P: ?Sized + fmt::Debug> fmt::Debug for Subject<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").field("port", &self.port).finish_non_exhaustive()
    }
}
