//! Tests of the engine on fakes of its ports and a real store: a task goes in, the whole log comes out.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a failing test may panic; clippy knows only functions that are tests themselves"
)]

mod answers;
mod crash;
mod endings;
mod ends;
mod forge;
mod publishing;
mod sources;
mod tasks;
mod world;
