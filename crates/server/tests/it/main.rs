//! The server's tests: the real router over real TCP, the real engine and store, and fakes for what lies behind them.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of tests fail the test they help"
)]

mod access;
mod app;
mod client;
mod events;
mod fake_forge;
mod fake_settings;
mod fakes;
mod feed;
mod malformed;
mod once;
mod openapi;
mod overview;
mod people;
mod platform;
mod sessions;
mod sign_in;
mod trouble;
mod web;
