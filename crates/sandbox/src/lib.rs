//! Layer 1: sandbox drivers, the in-sandbox supervisor and the protocol between them.
//!
//! The way of a sandbox: [`LocalDriver`] prepares a run folder and a cgroup and executes `telecoder supervise
//! launch`; the launcher builds a root from nothing in namespaces of its own and becomes the supervisor, which
//! listens on a unix socket in the run folder; the driver attaches to it, as often as it likes. Each process inside
//! goes through `supervise exec`, which takes every right away before the program starts.
//!
//! Invariants: nothing here links a database, TLS or HTTP; `unsafe` stands only below `launcher`.

mod cgroup;
mod driver;
mod failure;
#[cfg(any(test, feature = "fuzzing"))]
mod frames;
mod launcher;
mod mux;
mod owner;
mod process;
mod proof;
mod protocol;
pub mod supervise;
mod supervisor;
pub mod toolchains;

pub use cgroup::CgroupChoice;
pub use driver::{LocalDriver, LocalOptions};
pub use owner::{HostOwner, host_owner};
pub use process::HostProcesses;

/// What must hold for any bytes, for `cargo xtask fuzz`.
#[cfg(feature = "fuzzing")]
pub mod fuzzing {
    /// Tries what a sandbox could send; panics where something does not hold.
    pub fn supervisor_frames(bytes: &[u8]) {
        crate::frames::supervisor_frames(bytes);
    }
}
