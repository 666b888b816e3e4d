//! The scripted agent (dev layer): speaks ACP version 1 over standard input and output and does what its prompt says.
//!
//! The script stands in the prompt: `GYM{"do":[…]}`, the last one counts. Each action is an object whose first key is
//! its verb; the other keys are its options. [`act::all`] lists the verbs, each family's file documents its own.
//! Without a script the answer is one sentence. `--start '{"initialize":[…],"new":[…],"load":[…]}'` does actions before
//! the answer to that request.
//!
//! Invariants: no runtime, three threads and one for each turn; state only in `$HOME/.gym`, so that `session/load`
//! works after a restart; every harm that an action does has a bound that the script states.

pub mod act;
mod actor;
mod received;
mod script;
mod serve;
mod sessions;

mod wire;

pub use received::{Received, digest_of};
pub use script::{Action, MARKER, prompt};
pub use serve::{later_child, run};
