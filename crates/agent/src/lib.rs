//! Layer 1: the ACP connection, the catalogue of agents and their installation.
//!
//! Invariants: nothing here holds a secret (keys are placeholders, the gateway adds the real ones outside); programs start
//! only through the process port; an agent itself is never started here but for its version command, with an empty home.

mod catalogue;
mod command;
mod conversation;
mod install;
mod named;
mod runtime;
mod words;

pub use runtime::{AgentOptions, Agents};

/// What must hold for any bytes, for `cargo xtask fuzz`.
#[cfg(feature = "fuzzing")]
pub mod fuzzing {
    /// Tries lines of an agent; panics where something does not hold.
    pub fn acp_lines(bytes: &[u8]) {
        crate::conversation::fuzzing::acp_lines(bytes);
    }
}
