//! Layer 1: forges. Invariant: an adapter knows ports only, never another adapter.

mod local;
mod local_reader;

pub use local::LocalForge;
