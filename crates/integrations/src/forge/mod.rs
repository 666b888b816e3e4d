//! Layer 1: forges. Invariant: an adapter knows ports only, never another adapter.

pub mod github;
mod local;
mod local_reader;

pub use local::LocalForge;
