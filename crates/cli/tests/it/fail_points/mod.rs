//! The server is ended at every fail point that a session passes on its way to its pull request, started again, and what
//! is there in the end is compared with an undisturbed run.
//!
//! No point is named here: the undisturbed run writes down which there are.

mod drive;
mod left;
mod stories;
mod sweep;

use stories::Story;

#[test]
fn a_task_with_a_second_turn_survives_its_end_at_every_point() {
    sweep::sweep(Story::Local);
}

#[test]
fn a_task_on_a_forge_survives_its_end_at_every_point() {
    sweep::sweep(Story::Forge);
}

#[test]
fn a_task_on_a_pull_request_of_others_survives_its_end_at_every_point() {
    sweep::sweep(Story::Pull);
}

#[test]
fn a_stop_survives_the_servers_end_at_every_point() {
    sweep::sweep(Story::Stopped);
}
