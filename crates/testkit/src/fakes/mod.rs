//! Fakes of ports (dev layer): fast, deterministic, and able to fail when a test wants them to.
//!
//! Each one passes its port's conformance suite. Failures are planned in [`Faults`], which several fakes may share, so
//! that "the N-th call of any port" can be named.

mod blobs;
mod bus;
mod clock;
mod faults;
mod ids;
mod settings;

pub use blobs::MemoryBlobs;
pub use bus::MemoryBus;
pub use clock::FakeClock;
pub use faults::{Blow, Faults};
pub use ids::SeededIds;
pub use settings::NoSettings;
