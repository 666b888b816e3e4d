//! For tests (dev layer): the scripted model, the scripted agent, fakes, conformance suites and fixtures.
//!
//! Nothing of this crate is part of the product; only tests and `xtask` may depend on it.

/// Where the workspace's binaries are: `bin::path("telecoder")`.
pub mod bin;
#[macro_use]
pub mod conformance;
pub mod corpus;
pub mod environment;
pub mod export;
pub mod fake_forge;
pub mod fakes;
pub mod git_fixture;
pub mod gym;
pub mod plain_http;
pub mod postgres;
pub mod scripted_model;
mod surroundings;
pub mod wait;
