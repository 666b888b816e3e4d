//! Layer 1: forges. Invariant: an adapter knows ports only, never another adapter.

mod local;

pub use local::LocalForge;
