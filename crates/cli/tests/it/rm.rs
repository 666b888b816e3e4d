//! `rm` and `prune`.

use crate::world::World;
use expect_test::expect;
use std::path::PathBuf;
use telecoder_testkit::wait::until_blocking;

const WRITES: &str = r#"GYM{"do":[{"write":["a.txt","x\n"]},{"say":"Made it."}]}"#;

/// Everything in the data folder whose name holds an id.
fn named(world: &World, id: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![world.data()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().contains(id) {
                found.push(entry.path());
            } else if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            }
        }
    }
    found
}

#[test]
fn a_removed_session_is_gone_with_everything_that_was_its() {
    let world = World::new();
    let output = "x".repeat(90_000);
    let script =
        format!(r#"GYM{{"do":[{{"write":["a.txt","x\n"]}},{{"say":"{output}"}},{{"say":"Made it."}}]}}"#);
    let run = world.cli(["run", "--publish", "manual", "--output", "json", "-"]).input(script).run();
    let id = run.json()["id"].as_str().unwrap().to_owned();
    let other = world.ran(WRITES);
    assert_eq!(named(&world, &id), [world.data().join("sessions").join(&id)]);
    let blobs = || walk(&world.data().join("blobs"));
    assert_eq!(blobs().len(), 2, "the prompt's and the agent's: {:?}", blobs());
    expect![[r#"
        exit 0
        Session [ID] is removed.
    "#]]
    .assert_eq(&world.cli(["rm", &id[..8]]).run().shown());
    assert_eq!((named(&world, &id), blobs()), (Vec::new(), Vec::new()));
    for words in [["status", &id], ["rm", &id], ["logs", &id], ["diff", &id]] {
        expect![[r#"
            exit 1
            ! error: there is no session `[ID]`
            !  hint: `telecoder list` shows all sessions
        "#]]
        .assert_eq(&world.cli(words).run().shown());
    }
    let listed = world.cli(["list"]).run().json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["id"], other);
    // The other still shows what it did, and so does its branch.
    assert!(world.cli(["diff", &other]).run().stdout.contains("+x"));
    assert_eq!(world.repo.git(&["show", &format!("telecoder/{other}:a.txt")]), "x\n");
}

fn walk(folder: &std::path::Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files
}

#[test]
fn what_is_needed_is_not_removed_and_says_why() {
    let world = World::new();
    let published = world.ran(WRITES);
    let id =
        world.detached(&[r#"GYM{"do":[{"write":["/home/agent/begun",""]},{"waitFor":"/home/agent/go"}]}"#]);
    world.until_written(&id, "begun");
    expect![[r#"
        exit 1
        ! error: session `[ID]` cannot be removed: its work has not ended
        !  hint: wait for its end, or stop it first: telecoder stop [ID]
    "#]]
    .assert_eq(&world.cli(["rm", &id]).run().shown());
    // One of several that stays does not keep the others.
    let both = world.cli(["rm", "zzz", &published]).run();
    expect![[r#"
        exit 1
        ! error: no session begins with `zzz`
        !  hint: `telecoder list` shows all sessions
        ! error: session `[ID]` cannot be removed: its local pull request 1 is open
        !  hint: merge or close it first: telecoder pr merge 1, or telecoder pr close 1
    "#]]
    .assert_eq(&both.shown());
    assert_eq!(world.cli(["stop", &id]).run().code, 0);
    assert_eq!(world.cli(["pr", "merge", "1"]).run().code, 0);
    expect![[r#"
        exit 0
        Session [ID] is removed.
        Session [ID] is removed.
    "#]]
    .assert_eq(&world.cli(["rm", &id, &published]).run().shown());
    assert_eq!(world.cli(["list"]).run().stdout, "[]\n");
    assert_eq!(world.repo.git(&["show", "main:a.txt"]), "x\n");
}

#[test]
fn old_sessions_are_pruned_after_a_look() {
    let world = World::new();
    let kept = world.ran(WRITES);
    let id = world.ran(r#"GYM{"do":[{"say":"Hello."}]}"#);
    let table = |words: &[&str]| {
        let all = ["prune", "--output", "table"].into_iter().chain(words.iter().copied());
        world.cli(all).run().shown()
    };
    expect![[r#"
        exit 0
        ID  WHAT  LAST CHANGE  TITLE
        ! 0 would be removed, 0 kept
    "#]]
    .assert_eq(&table(&["--dry-run"]));
    // A session that ended just now is cleared up for a moment.
    let told = until_blocking("no sandbox is cleared up", || {
        let told = table(&["--older", "0s", "--dry-run"]);
        told.ends_with("! 1 would be removed, 1 kept\n").then_some(told)
    });
    assert!(told.contains("kept: its pull request is open") && told.contains("would be removed"), "{told}");
    let json = world.cli(["prune", "--older", "0s"]).run().json();
    assert_eq!(json["dryRun"], false);
    let rows: Vec<_> = json["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (&row["session"]["id"], &row["kept"]))
        .collect();
    assert_eq!(rows.len(), 2);
    for (row, kept_for) in rows {
        assert_eq!(kept_for.is_null(), *row == *id, "{json}");
    }
    let left = world.cli(["list"]).run().json();
    assert_eq!(
        left.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect::<Vec<_>>(),
        [kept]
    );
    expect![[r#"
        exit 2
        ! error: invalid value '30' for '--older <AGE>': an age such as 30d, 12h or 15m was expected
        ! 
        ! For more information, try '--help'.
    "#]]
    .assert_eq(&world.cli(["prune", "--older", "30"]).run().shown());
}

#[test]
fn beyond_the_quota_what_is_not_needed_goes_and_new_work_is_refused() {
    let mut world = World::new();
    let kept = world.ran(WRITES);
    let plain = world.ran(r#"GYM{"do":[{"say":"Hello."}]}"#);
    assert_eq!(world.cli(["stop-server"]).run().code, 0);
    // Less than an empty data folder takes.
    world.set("TELECODER_DISK_QUOTA", Some("1000"));
    world.start();
    until_blocking("the session is gone", || (world.cli(["status", &plain]).run().code == 1).then_some(()));
    // The open pull request keeps its session, and nothing keeps the workspace.
    let session = world.session(&kept);
    assert!(session["workspaceRemovedAt"].is_string(), "{session}");
    assert!(!world.data().join("sessions").join(&kept).join("layer").exists());
    assert!(world.cli(["diff", &kept]).run().stdout.contains("+x"));
    until_blocking("work is refused", || {
        let refused = world.cli(["run", "--detach", "hi"]).run();
        refused.stderr.contains("TELECODER_DISK_QUOTA").then_some(())
    });
    expect![[r#"
        exit 1
        ! error: the workspace of session `[ID]` was removed some time after its end, so no agent can go on in it
        !  hint: its change is kept (telecoder diff [ID]); begin anew with: telecoder rerun [ID]
    "#]]
    .assert_eq(&world.cli(["message", &kept, "more"]).run().shown());
    let ready = world.get("/health/ready");
    assert!(ready.starts_with("HTTP/1.1 503") && ready.contains("disk quota"), "{ready}");
    // With room, work goes on.
    assert_eq!(world.cli(["stop-server"]).run().code, 0);
    world.set("TELECODER_DISK_QUOTA", Some("50G"));
    world.start();
    world.ran(r#"GYM{"do":[{"say":"Hello."}]}"#);
}

/// The server dies at each point of a removal in turn, and the next one finishes what is begun.
#[test]
fn a_removal_that_is_cut_short_is_finished_by_the_next_server() {
    const POINT: &str = "TELECODER_FAIL_POINT";
    const TRACE: &str = "TELECODER_FAIL_TRACE";
    let mut world = World::new();
    let script = format!(r#"GYM{{"do":[{{"write":["a.txt","x\n"]}},{{"say":"{}"}}]}}"#, "x".repeat(90_000));
    // A session that has ended, and a server that has nothing else to do.
    let ended = |world: &mut World, name: &'static str, value: &str| {
        let run =
            world.cli(["run", "--publish", "manual", "--output", "json", "-"]).input(script.clone()).run();
        let id = run.json()["id"].as_str().unwrap().to_owned();
        until_blocking("it is cleared up", || {
            let json = world.cli(["prune", "--older", "0s", "--dry-run"]).run().json();
            (json["sessions"][0]["session"]["id"] == *id && json["sessions"][0]["kept"].is_null())
                .then_some(())
        });
        assert_eq!(world.cli(["stop-server"]).run().code, 0);
        world.ended();
        world.set(name, Some(value));
        id
    };
    let trace = world.path("trace");
    let id = ended(&mut world, TRACE, trace.to_str().unwrap());
    world.start();
    let before = std::fs::read_to_string(&trace).unwrap_or_default().len();
    assert_eq!(world.cli(["rm", &id]).run().code, 0);
    let points = std::fs::read_to_string(&trace).unwrap()[before..].to_owned();
    let points: Vec<&str> = points.lines().collect();
    // At least its rows go, and then its grave.
    assert!(points.len() >= 4, "{points:?}");
    world.set(TRACE, None);
    let mut died = 0_usize;
    for point in &points {
        assert_eq!(world.cli(["stop-server"]).run().code, 0);
        world.ended();
        world.start();
        let id = ended(&mut world, POINT, point);
        // Without an answer the server has ended, or is about to.
        let lost = !world.try_start() || world.cli(["rm", &id]).run().code != 0;
        world.set(POINT, None);
        if lost {
            until_blocking("its end", || world.died().then_some(()));
            died += 1;
            world.start();
        }
        // What was not acknowledged may have to be said again; what was begun goes on by itself.
        if world.cli(["status", &id]).run().code == 0 {
            assert_eq!(world.cli(["rm", &id]).run().code, 0, "{point}");
        }
        until_blocking("nothing is left", || {
            let left = named(&world, &id).len() + walk(&world.data().join("blobs")).len();
            (left == 0).then_some(())
        });
        assert_eq!(world.cli(["list"]).run().stdout, "[]\n", "{point}");
    }
    // The heartbeat's writes are counted too, so that a point may come a little earlier or later.
    assert!(died + 1 >= points.len(), "{died} of {points:?}");
}
