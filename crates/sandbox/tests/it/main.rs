//! The sandbox in earnest: real namespaces, overlays, cgroups and processes, as root and as an ordinary user.
//!
//! Run as root, the whole suite is run once more by [`ordinary`] under an unprivileged uid.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests fail by panicking, and those that stand in for a server speak to the test that started them"
)]

mod basics;
mod conformance;
mod escape;
mod exactly_once;
mod ground;
mod launch;
mod lifetime;
mod limits;
mod listeners;
mod ordinary;
mod server;
mod tools;
mod trees;
