//! Tests of telecoder-git with real repositories and the real git.
#![expect(
    clippy::unwrap_used,
    reason = "a failing test may panic; clippy knows only functions that are tests themselves"
)]

mod collect;
mod diffs;
mod export;
mod hostile;
mod import;
mod kinds;
mod layer;
mod merge;
mod owner;
mod prepare;
mod processes;
mod push;
mod rebase;
mod remote;
mod trees;
mod world;
