//! Layer 0: ids, domain types, pure rules and ports of `TeleCoder`.
//!
//! Nothing here does IO, reads a clock or looks at the environment.

pub mod decision;
pub mod error;
pub mod event;
pub mod fail_point;
pub mod id;
pub mod outcome;
pub mod policy;
pub mod port;
pub mod principal;
pub mod pull;
pub mod refs;
pub mod repository;
pub mod session;
pub mod status;
pub mod text;
pub mod time;
pub mod usage;

pub use error::{ErrorClass, PortError};
