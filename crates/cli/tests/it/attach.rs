//! `attach`; and what Ctrl-C does to whoever follows.

use crate::world::{World, signal};
use expect_test::expect;
use rustix::process::Signal;
use std::io::{BufRead, BufReader, Read};

#[test]
fn a_session_at_work_is_followed_from_its_beginning() {
    let world = World::new();
    let id =
        world.detached(&[r#"GYM{"do":[{"say":"Waiting."},{"waitFor":"/home/agent/go"},{"say":"Done."}]}"#]);
    let mut child = world.cli(["attach", &id]).spawn();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    while !text.contains("Waiting.") {
        let mut byte = [0];
        lines.read_exact(&mut byte).unwrap();
        text.push(char::from(byte[0]));
    }
    world.release(&id, "go");
    lines.read_to_string(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(text.contains("Waiting.Done.\n"), "{text}");
    expect![[r#"
        exit 1
        ! error: no session begins with `zzz`
        !  hint: `telecoder list` shows all sessions
    "#]]
    .assert_eq(&world.cli(["attach", "zzz"]).run().shown());
}

#[test]
fn ctrl_c_ends_the_following_and_never_the_session() {
    let world = World::new();
    let script = r#"GYM{"do":[{"say":"Waiting.\n"},{"waitFor":"/home/agent/go"},{"say":"Done."}]}"#;
    let mut child = world.cli(["run", script]).spawn();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "Waiting."));
    let id = world.cli(["list"]).run().json()[0]["id"].as_str().unwrap().to_owned();
    signal(child.id(), Signal::INT);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let mut said = String::new();
    child.stderr.unwrap().read_to_string(&mut said).unwrap();
    let last = said.lines().last().unwrap();
    expect!["The session goes on. Follow it: telecoder attach [ID]   stop it: telecoder stop [ID]"]
        .assert_eq(&world.filtered(last));
    let mut logs = world.cli(["logs", "-f", &id]).spawn();
    let mut lines = BufReader::new(logs.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "Waiting."));
    signal(logs.id(), Signal::INT);
    assert_eq!(logs.wait().unwrap().code(), Some(130));
    assert_eq!(world.session(&id)["status"], "running");
    world.release(&id, "go");
    world.until_status(&id, "complete");
}
