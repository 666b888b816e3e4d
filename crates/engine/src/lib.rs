//! Layer 1: what happens to a task. It knows ports only: no adapter, no HTTP, no environment, and every wait goes through
//! the clock port.

pub mod command;
pub mod engine;
pub mod error;
mod fence;
mod following;
mod look_ahead;
pub mod options;
mod outbox;
pub mod ports;
mod publish_decision;
mod publishing;
mod pull_body;
mod pull_news;
pub mod request;
pub mod restored;
mod step;
mod steps;
mod upkeep;
mod worker;

pub use engine::Engine;
pub use error::{EngineError, Fault};
pub use options::{BackupSource, EngineOptions, HostCheck, Secrets};
pub use ports::Ports;
