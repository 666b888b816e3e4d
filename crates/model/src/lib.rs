//! Layer 0: ids, domain types, pure rules and ports of `TeleCoder`.
//!
//! Nothing here does IO, reads a clock or looks at the environment.

pub mod error;
pub mod id;
pub mod port;

pub use error::{ErrorClass, PortError};
