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
