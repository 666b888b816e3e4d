//! Layer 1: the only place that runs git: mirrors, warm bases, layers, export, diffs, and the transport to repositories
//! of this host and of others.
//!
//! Invariants: git runs only through the `Processes` port and only in repositories that `TeleCoder` made, or, to read
//! refs and to move objects, in a repository of a person with everything switched off that could start a program there
//! (as that repository's owner where the server is root). It never runs in a tree that an agent can write: there it is
//! the export script inside the sandbox, and what comes out is checked into a quarantine of that session.

mod base;
mod call;
mod collect;
mod commit;
mod copy;
mod diff;
mod diff_parse;
mod export;
mod folder;
mod import;
mod layer;
mod layout;
mod local;
mod lock;
mod merge;
mod mirror;
mod options;
mod origin;
mod pack;
mod publish;
mod push_refusal;
mod quarantine;
mod rebase;
mod record;
mod remote;
mod remote_push;
mod tree;
mod upkeep;
mod whisper;
mod work_tree;
mod workspace;

pub use options::{Git, GitOptions};
