//! The server is ended at every fail point that a session passes on its way to its pull request, started again, and what
//! is there in the end is compared with an undisturbed run.
//!
//! No point is named here: the undisturbed run writes down which there are.

mod drive;
mod left;
mod stories;
mod sweep;

use std::collections::BTreeSet;
use std::path::Path;
use stories::Story;

/// What stands before a point's name in the source.
const REACH: &str = "fail_point::reach(\"";

#[test]
fn each_point_of_the_source_stands_once_and_a_story_reaches_it() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut written = Vec::new();
    for folder in std::fs::read_dir(crates).unwrap().flatten() {
        names(&folder.path().join("src"), &mut written);
    }
    let all: BTreeSet<String> = written.iter().cloned().collect();
    assert_eq!(all.len(), written.len(), "a name stands twice: {written:?}");
    let reached: BTreeSet<String> = Story::ALL
        .into_iter()
        .flat_map(sweep::points)
        .filter_map(|point| Some(point.split_once('#')?.0.to_owned()))
        .collect();
    assert_eq!(all, reached);
}

/// The names of the points in the files below a folder.
fn names(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            names(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.extend(
                text.split(REACH).skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())),
            );
        }
    }
}

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
fn a_task_whose_state_is_in_postgres_survives_its_end_at_every_point() {
    sweep::sweep(Story::Postgres);
}

#[test]
fn a_stop_survives_the_servers_end_at_every_point() {
    sweep::sweep(Story::Stopped);
}
