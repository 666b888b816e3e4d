//! Ports (layer 0): what the engine needs from the outside, each with its contract. Adapters live in layer 1.

pub mod agent;
pub mod blobs;
pub mod bus;
pub mod clock;
pub mod forge;
pub mod gateway;
pub mod git;
pub mod ids;
pub mod process;
pub mod rebase;
pub mod sandbox;
pub mod settings;
pub mod stage;
pub mod store;
pub mod tree;
pub mod upkeep;
