//! Ports (layer 0): what the engine needs from the outside, each with its contract. Adapters live in layer 1.

pub mod sandbox;
