//! What the old server did after the backup was taken.

use super::{WAITS, WRITES, elsewhere, file};
use crate::world::World;
use telecoder_testkit::wait::until_blocking;

/// Ends a server that none will follow, once it has cleared up.
fn end(world: &mut World) {
    until_blocking("no sandbox is left", || {
        let left = std::fs::read_dir(world.data().join("run")).unwrap().count();
        (left == 0).then_some(())
    });
    assert_eq!(world.cli(["stop-server"]).run().code, 0);
    world.ended();
}

/// The data folder that the backup was taken from is gone, as after the loss of a disk.
#[test]
fn a_restored_copy_needs_nothing_of_the_folder_that_it_was_taken_from() {
    let mut world = World::new();
    let published = world.ran(WRITES);
    let unpublished = world.cli(["run", "--publish", "manual", "--output", "json", WRITES]).run().json();
    let unpublished = unpublished["id"].as_str().unwrap();
    let chat = world.cli(["run", "--chat", r#"GYM{"do":[{"say":"Hello."}]}"#]).input("").run();
    assert_eq!(chat.code, 0, "{chat:?}");
    let chat = world.cli(["list"]).run().json()[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(world.session(&chat)["status"], "idle");
    assert_eq!(world.cli(["backup", &file(&world)]).run().code, 0);
    let mut copy = elsewhere(&world);
    assert_eq!(world.cli(["stop", &chat]).run().code, 0);
    end(&mut world);
    std::fs::rename(world.data(), world.path("lost")).unwrap();
    let restored = copy.cli(["restore", &file(&world)]).run();
    assert!(
        restored.stdout.ends_with("Sessions: 2 had ended, 1 were chats at rest and are closed.\n"),
        "{restored:?}"
    );
    copy.start();
    assert!(copy.cli(["diff", &published]).run().stdout.contains("+x"));
    assert_eq!(copy.session(&chat)["status"], "stopped");
    copy.events(&chat);
    let told = copy.cli(["publish", unpublished]).run();
    assert_eq!(told.code, 0, "{told:?}");
    for number in ["1", "2"] {
        assert!(copy.cli(["pr", "diff", number]).run().stdout.contains("+x"));
    }
    assert_eq!(copy.cli(["pr", "merge", "1"]).run().code, 0);
    assert_eq!(world.repo.git(&["show", "main:a.txt"]), "x\n");
    let again = copy.cli(["rerun", &published, "--output", "json"]).run().json();
    assert_eq!(again["status"], "complete", "{again}");
}

/// Does it otherwise each time, so that two runs within one second are two commits.
const OTHER: &str = r#"GYM{"do":[{"shell":"date +%s%N > a.txt"},{"say":"Made it."}]}"#;

/// A task that waited when the backup was taken, and was done afterwards, is done again; its branch stands already.
#[test]
fn what_was_done_after_the_backup_is_not_overwritten() {
    let mut world = World::with(&[("TELECODER_MAX_SESSIONS", "1")]);
    let running = world.detached(&[WAITS]);
    world.until_written(&running, "begun");
    let waiting = world.detached(&[OTHER]);
    assert_eq!(world.cli(["backup", &file(&world)]).run().code, 0);
    world.release(&running, "go");
    world.until_status(&waiting, "complete");
    let branch = format!("telecoder/{waiting}");
    let done = world.repo.git(&["rev-parse", &branch]);
    end(&mut world);
    let mut copy = elsewhere(&world);
    assert_eq!(copy.cli(["restore", &file(&world)]).run().code, 0);
    copy.start();
    let ended = until_blocking("its end", || {
        let session = copy.session(&waiting);
        matches!(session["status"].as_str(), Some("complete" | "error")).then_some(session)
    });
    assert_eq!(
        (&ended["status"], &ended["failureKind"]),
        (&"error".into(), &"forge_error".into()),
        "{ended}"
    );
    assert!(
        ended["error"].as_str().unwrap().contains("has commits that the session does not have"),
        "{ended}"
    );
    assert!(copy.cli(["diff", &waiting]).run().stdout.contains("+++ b/a.txt"));
    assert_eq!(world.repo.git(&["rev-parse", &branch]), done);
    assert_eq!(world.repo.git(&["branch", "--list", "telecoder/*"]).lines().count(), 2);
    copy.events(&waiting);
}
