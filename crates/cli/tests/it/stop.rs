//! `stop`.

use crate::world::World;
use expect_test::expect;
use std::io::Read;
use telecoder_testkit::wait::until_blocking;

/// The processes of this host with a word in their argument vector.
fn processes(word: &str) -> usize {
    let all = std::fs::read_dir("/proc").unwrap();
    let lines = all.filter_map(|entry| std::fs::read(entry.ok()?.path().join("cmdline")).ok());
    lines.filter(|line| line.split(|b| *b == 0).any(|part| part == word.as_bytes())).count()
}

#[test]
fn stopping_in_the_middle_of_a_turn_ends_the_whole_tree() {
    let world = World::new();
    // A duration that nobody else sleeps.
    let long = format!("86399.{}", std::process::id());
    let script = format!(
        r#"GYM{{"do":[{{"write":["kept.txt","so far\n"]}},{{"ignoreCancel":true}},{{"ignoreSigterm":true}},
        {{"shell":"sleep {long} & setsid sleep {long} & (trap '' TERM HUP INT; sleep {long}) & sleep 0.01"}},
        {{"write":["/home/agent/started",""]}},{{"hang":true}}]}}"#
    );
    let id = world.detached(&[&script]);
    let mut follower = world.cli(["attach", &id]).spawn();
    world.until_written(&id, "started");
    assert_eq!(processes(&long), 3);
    expect![[r#"
        exit 0
        Session [ID] is stopped.
    "#]]
    .assert_eq(&world.cli(["stop", &id]).run().shown());
    until_blocking("the end of the tree", || (processes(&long) == 0).then_some(()));
    // Whoever followed is told by the exit code.
    assert_eq!(follower.wait().unwrap().code(), Some(4));
    let mut told = String::new();
    follower.stdout.unwrap().read_to_string(&mut told).unwrap();
    assert!(told.contains("● stopped"), "{told}");
    let session = world.session(&id);
    assert_eq!((&session["status"], &session["prNumber"]), (&"stopped".into(), &serde_json::Value::Null));
    assert_eq!(world.repo.git(&["branch", "--list", "telecoder/*"]), "");
    expect![[r#"
        exit 0
        Session [ID] is stopped.
    "#]]
    .assert_eq(&world.cli(["stop", &id]).run().shown());
    // What was done until then is kept, and a person may publish it.
    until_blocking("the partial change", || {
        world.cli(["diff", &id]).run().stdout.contains("+so far").then_some(())
    });
    assert_eq!(world.cli(["publish", &id]).run().code, 0);
    world.events(&id);
}

#[test]
fn what_has_ended_or_waits_can_be_stopped_without_harm() {
    let world = World::with(&[("TELECODER_MAX_SESSIONS", "1")]);
    let ended = world.ran(r#"GYM{"do":[{"say":"Done."}]}"#);
    expect![[r#"
        exit 0
        Session [ID] had ended already: complete.
    "#]]
    .assert_eq(&world.cli(["stop", &ended]).run().shown());
    let first = world.detached(&[r#"GYM{"do":[{"hang":true}]}"#]);
    let queued = world.detached(&["later"]);
    assert_eq!(world.session(&queued)["status"], "pending");
    let json = world.cli(["stop", "--output", "json", &queued]).run().json();
    assert_eq!(json["status"], "stopped");
    world.cli(["stop", &first]).run();
    expect![[r#"
        exit 1
        ! error: no session begins with `zzz`
        !  hint: `telecoder list` shows all sessions
    "#]]
    .assert_eq(&world.cli(["stop", "zzz"]).run().shown());
    assert_eq!(world.cli(["attach", &queued]).run().code, 4);
}
