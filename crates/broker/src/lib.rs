//! Layer 1: the model gateway, through which every model call of a sandbox leaves.
//!
//! Invariants: a key is added outside and never goes in; only a provider's model paths are passed on, and only to that
//! provider; every model call is announced before a byte leaves, and its end is told exactly once; an answer that broke
//! off never looks whole to the agent.
//!
//! A request walks through `connection` (bounds), `route` (what is allowed), `request` (what goes out), `exchange`
//! (the call itself) and `meter` (what came back).

mod answer;
mod check;
mod connection;
mod exchange;
mod gateway;
mod lane;
mod ledger;
mod meter;
mod options;
mod outgoing;
mod refusal;
mod relay;
mod request;
mod route;
mod scrub;
mod upstream;

pub mod secret;

pub use gateway::Gateway;
pub use options::{GatewayOptions, ProviderOptions, default_base_url, default_key_setting};
pub use secret::Secret;
