//! Tests of the crate through its port: installs with a stand-in for npm, launches, configured commands, the port's suite.

#![expect(clippy::unwrap_used, reason = "what is shared by tests fails like a test")]

mod command;
mod conformance;
mod install;
mod launch;
mod place;
