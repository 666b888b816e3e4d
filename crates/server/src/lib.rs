//! Layer 2: the HTTP API, event streams and access rules. The only product crate that knows axum.
//!
//! Invariants: every route stands in one list (`routes::all`), with the scope that it needs, and the `OpenAPI` document is made
//! of that list; no domain type goes over the wire; a reader of events holds a cursor, never a buffer; every failed request
//! is answered by the same JSON; `Host` and `Origin` are checked before anything else.

mod access;
mod app;
mod controllers;
mod convert;
mod errors;
mod extract;
mod feed;
mod hosts;
mod identity;
mod once;
pub mod openapi;
mod pages;
mod request_log;
mod route;
mod routes;
mod server;
mod sse;
mod tail;
mod web;

pub use server::{BoundServer, Server, ServerError, ServerOptions};
pub use web::{Asset, WebUi};
