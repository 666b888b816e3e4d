//! No room for one kind of thing at a time: each folder of the data folder has a disk of its own, which is full.

use super::{SAYS, fill, has_own_mounts, mount};
use crate::world::World;
use telecoder_testkit::wait::until_blocking;

const WRITES: &str = r#"GYM{"do":[{"write":["a.txt","x\n"]},{"say":"Made it."}]}"#;

fn world(folders: &[(&str, &str)]) -> World {
    let mut world = World::without_server(&[]);
    std::fs::create_dir(world.data()).unwrap();
    for (name, size) in folders {
        mount(&world, name, size);
    }
    world.start();
    world
}

/// A script that goes on to say much when it is let, and tells when it has.
fn says_much(bytes: usize) -> String {
    let words = "w".repeat(bytes);
    format!(
        r#"GYM{{"do":[{{"say":"Before. "}},{{"write":["/home/agent/begun",""]}},{{"waitFor":"/home/agent/go"}},{{"say":"{words}"}},{{"say":"After."}}]}}"#
    )
}

fn shown(world: &World, id: &str) -> String {
    world.cli(["logs", id]).run().stdout
}

#[test]
fn without_room_for_repositories_and_workspaces_a_session_ends_as_disk_full() {
    if !has_own_mounts("room::without_room_for_repositories_and_workspaces_a_session_ends_as_disk_full") {
        return;
    }
    let world = world(&[("git", "16m"), ("sessions", "16m")]);
    for name in ["git", "sessions"] {
        let make_room = fill(&world.data().join(name));
        let run = world.cli(["run", "--output", "json", WRITES]).run();
        let failed = run.json();
        assert_eq!(
            (run.code, &failed["status"], &failed["failureKind"]),
            (1, &"error".into(), &"disk_full".into()),
            "{name}: {failed}"
        );
        assert!(failed["hint"].as_str().unwrap().contains("telecoder rerun"), "{name}: {failed}");
        let id = failed["id"].as_str().unwrap();
        world.events(id);
        make_room();
        let again = world.cli(["rerun", id, "--output", "json"]).run().json();
        assert_eq!(again["status"], "complete", "{name}: {again}");
    }
}

#[test]
fn an_agent_that_fills_the_disk_ends_as_disk_full_and_goes_on_when_there_is_room() {
    if !has_own_mounts("room::an_agent_that_fills_the_disk_ends_as_disk_full_and_goes_on_when_there_is_room")
    {
        return;
    }
    let world = world(&[("sessions", "24m")]);
    let fills = r#"GYM{"do":[{"write":["a.txt","x\n"]},{"shell":"cat /dev/urandom >big 2>/dev/null; true"},{"say":"Done."}]}"#;
    let failed = world.cli(["run", "--output", "json", fills]).run().json();
    assert_eq!(
        (&failed["status"], &failed["failureKind"]),
        (&"error".into(), &"disk_full".into()),
        "{failed}"
    );
    let id = failed["id"].as_str().unwrap().to_owned();
    // Its files are still there: when there is room, it goes on with them.
    let layer = world.data().join("sessions").join(&id).join("layer/upper");
    std::fs::remove_file(layer.join("big")).unwrap();
    let told = world.cli(["message", &id, SAYS]).run();
    assert_eq!(told.code, 0, "{told:?}");
    world.until_status(&id, "complete");
    assert!(world.cli(["diff", &id]).run().stdout.contains("+x"));
    world.events(&id);
}

#[test]
fn without_room_for_its_journal_a_supervisor_waits_and_loses_nothing() {
    if !has_own_mounts("room::without_room_for_its_journal_a_supervisor_waits_and_loses_nothing") {
        return;
    }
    let world = world(&[("run", "8m")]);
    let id = world.detached(&[&says_much(20_000)]);
    world.until_written(&id, "begun");
    let make_room = fill(&world.data().join("run"));
    world.release(&id, "go");
    // One after it finds no room for a sandbox of its own, and says so.
    let failed = world.cli(["run", "--output", "json", SAYS]).run().json();
    assert_eq!(
        (&failed["status"], &failed["failureKind"]),
        (&"error".into(), &"disk_full".into()),
        "{failed}"
    );
    assert_eq!(world.session(&id)["status"], "running");
    assert!(!shown(&world, &id).contains("After."));
    make_room();
    world.until_status(&id, "complete");
    let told = shown(&world, &id);
    assert!(told.contains(&"w".repeat(20_000)) && told.contains("After."), "{}", told.len());
    world.events(&id);
}

#[test]
fn without_room_for_large_output_work_waits_and_loses_nothing() {
    if !has_own_mounts("room::without_room_for_large_output_work_waits_and_loses_nothing") {
        return;
    }
    let world = world(&[("blobs", "8m")]);
    let id = world.detached(&[&says_much(90_000)]);
    world.until_written(&id, "begun");
    let make_room = fill(&world.data().join("blobs"));
    world.release(&id, "go");
    until_blocking("work is held up", || world.log().contains("work is held up by the store").then_some(()));
    // What is small goes on beside it.
    world.ran(SAYS);
    assert_eq!(world.session(&id)["status"], "running");
    make_room();
    world.until_status(&id, "complete");
    assert!(shown(&world, &id).contains("After."));
    world.events(&id);
}
