//! Layer 1: adapters for forges, channels and trackers.

pub mod forge;
