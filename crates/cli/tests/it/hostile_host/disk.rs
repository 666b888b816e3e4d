//! The disk of the data folder: full while the server runs, and read-only.

use super::{SAYS, WAITS, fill, has_own_mounts, is_ready, mount, remount};
use crate::world::World;
use expect_test::expect;
use telecoder_testkit::wait::until_blocking;

#[test]
fn on_a_full_disk_the_server_stays_and_work_goes_on_when_there_is_room() {
    if !has_own_mounts("disk::on_a_full_disk_the_server_stays_and_work_goes_on_when_there_is_room") {
        return;
    }
    let mut world = World::without_server(&[]);
    mount(&world, "", "200m");
    world.start();
    assert!(is_ready(&world), "{}", world.get("/health/ready"));
    let before = world.ran(SAYS);
    let id = world.detached(&[WAITS]);
    world.until_written(&id, "begun");
    let make_room = fill(&world.data());
    let ready = world.get("/health/ready");
    assert!(ready.starts_with("HTTP/1.1 503"), "{ready}");
    assert!(ready.ends_with(r#"{"status":"unavailable","failing":["disk","data folder"]}"#), "{ready}");
    let doctor = world.cli(["doctor", "--output", "text"]).run();
    for part in ["0 MB free", "No space left on device", "free some space"] {
        assert!(doctor.stdout.contains(part), "{part}: {doctor:?}");
    }
    // What cannot be kept is refused; nothing is acknowledged and lost.
    let mut accepted = Vec::new();
    let refused = (0..400).find_map(|_| {
        let run = world.cli(["run", "--detach", SAYS]).run();
        if run.code == 0 {
            accepted.push(run.stdout.trim().to_owned());
        }
        (run.code != 0).then_some(run)
    });
    let refused = refused.unwrap();
    assert!(refused.stderr.contains("full") && refused.stderr.contains("hint: "), "{refused:?}");
    assert_eq!(world.session(&before)["status"], "complete", "reads go on");
    assert_eq!(world.session(&id)["status"], "running");
    make_room();
    until_blocking("the server is ready", || is_ready(&world).then_some(()));
    world.release(&id, "go");
    world.until_status(&id, "complete");
    let after = world.ran(SAYS);
    let listed = world.cli(["list", "--limit", "1000"]).run().json();
    let ids: Vec<&str> = listed.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    for acknowledged in accepted.iter().chain([&before, &id, &after]) {
        assert!(ids.contains(&acknowledged.as_str()), "{acknowledged} is lost");
        until_blocking("its end", || {
            let session = world.session(acknowledged);
            match session["status"].as_str().unwrap() {
                "complete" => Some(()),
                "error" => {
                    assert_eq!(session["failureKind"], "disk_full", "{session}");
                    Some(())
                }
                _ => None,
            }
        });
        world.events(acknowledged);
    }
}

#[test]
fn a_data_folder_that_cannot_be_written_is_told_at_the_start() {
    if !has_own_mounts("disk::a_data_folder_that_cannot_be_written_is_told_at_the_start") {
        return;
    }
    let mut world = World::without_server(&[]);
    mount(&world, "", "200m");
    world.start();
    let before = world.ran(SAYS);
    assert_eq!(world.cli(["stop-server"]).run().code, 0);
    world.ended();
    remount(&world, "ro");
    expect![[r#"
        exit 1
        ! error: cannot open [FOLDER]/data/lock: Read-only file system (os error 30)
        !  hint: The server's user must be able to write the data folder, and its disk must not be read-only.
    "#]]
    .assert_eq(&world.cli(["serve"]).run().shown());
    remount(&world, "rw");
    world.start();
    assert_eq!(world.session(&before)["status"], "complete");
}

/// The user knows where to find room for a backup, and no half of one is left.
#[test]
fn a_backup_that_finds_no_room_says_so_and_leaves_nothing() {
    if !has_own_mounts("disk::a_backup_that_finds_no_room_says_so_and_leaves_nothing") {
        return;
    }
    let mut world = World::without_server(&[]);
    mount(&world, "", "200m");
    mount(&world, "../small", "64k");
    world.start();
    world.ran(SAYS);
    let small = world.path("small");
    let file = small.join("backup.tar").display().to_string();
    expect![[r#"
        exit 1
        ! error: cannot write [FOLDER]/small/backup.tar: No space left on device (os error 28)
        !  hint: there is no room on its disk; nothing was kept: name a file elsewhere
    "#]]
    .assert_eq(&world.cli(["backup", &file]).run().shown());
    assert_eq!(std::fs::read_dir(&small).unwrap().count(), 0);
    // The server's own disk is full: it cannot put one together.
    let make_room = fill(&world.data());
    let file = world.path("backup.tar").display().to_string();
    let refused = world.cli(["backup", &file]).run();
    assert!(refused.code == 1 && refused.stderr.contains("full"), "{refused:?}");
    assert!(!world.data().join(".backup").exists() && !world.path("backup.tar").exists());
    make_room();
    until_blocking("there is room", || (world.cli(["backup", &file]).run().code == 0).then_some(()));
    // Nor can a restore go where there is no room, and it leaves nothing behind.
    let data = small.display().to_string();
    let restored = world.cli(["restore", &file, "--data-dir", &data]).run();
    assert!(restored.code == 1 && restored.stderr.contains("there is no room in"), "{restored:?}");
    let left: Vec<_> = std::fs::read_dir(&small).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["lock"]);
}
