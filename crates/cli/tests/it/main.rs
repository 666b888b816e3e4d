//! End to end: the real binary as server and as command line, real git, the real local sandbox and the scripted agent.
//!
//! A module for each command, and some for what concerns them all. Each test has a world of its own.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests start programs and fail by panicking; clippy knows only functions that are tests themselves"
)]

mod beside;
mod cli;
mod figures;
mod shown;
mod world;

mod agents;
mod all_agents;
mod apply;
mod approvals;
mod attach;
mod backup;
mod chat;
mod completions;
mod config;
mod connect;
mod crash;
mod diff;
mod doctor;
mod drain;
mod events;
mod fail_points;
mod github;
mod help;
mod hostile;
mod hostile_host;
mod inbox;
mod list;
mod logs;
mod message;
mod open;
mod openapi;
mod ordinary;
mod policies;
mod policy;
mod postgres;
mod pr;
mod prompts;
mod publish;
mod real_agents;
mod rename;
mod rerun;
mod rm;
mod run;
mod serve;
mod service;
mod start;
mod status;
mod stop;
mod streams;
mod survival;
mod terminal;
mod token;
