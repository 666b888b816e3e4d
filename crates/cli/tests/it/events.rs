//! `events`.

use crate::world::World;
use expect_test::expect;
use std::io::{BufRead, BufReader};

#[test]
fn events_are_an_array_and_followed_they_are_lines() {
    let world = World::new();
    let prompt = r#"GYM{"do":[{"say":"Waiting."},{"waitFor":"/home/agent/go"},{"write":["a.txt","x\n"]},{"say":"Done."}]}"#;
    let id = world.detached(&[prompt]);
    let mut follower = world.cli(["events", "-f", &id]).spawn();
    let lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    let mut followed: Vec<serde_json::Value> = Vec::new();
    let mut released = false;
    for line in lines {
        let event: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        if event["type"] == "message" && event["data"]["author"] == "agent" && !released {
            released = true;
            world.release(&id, "go");
        }
        followed.push(event);
    }
    assert_eq!(follower.wait().unwrap().code(), Some(0));
    let all = world.events(&id);
    assert_eq!(followed, all);
    let kinds: Vec<&str> = all.iter().map(|event| event["type"].as_str().unwrap()).collect();
    expect!["status status step step git step step message status message tool_call tool_update message step git outcome git pull_request status done"].assert_eq(&kinds.join(" "));
    let last = u64::try_from(all.len()).unwrap();
    let after = |number: u64| world.cli(["events", "--after", &number.to_string(), &id]).run();
    assert_eq!(after(last - 2).json().as_array().unwrap().as_slice(), &all[all.len() - 2..]);
    assert_eq!(after(last).stdout, "[]\n");
    assert_eq!(after(last + 1000).stdout, "[]\n");
    let followed_late = world.cli(["events", "-f", "--after", &(last - 1).to_string(), &id]).run();
    assert_eq!(followed_late.stdout.lines().count(), 1);
    expect![[r#"{"seq":20,"sessionId":"[ID]","type":"done","at":"[TIME]","data":{"status":"complete"}}"#]]
        .assert_eq(&world.filtered(followed_late.stdout.trim()));
    expect![[r#"
        exit 2
        ! error: invalid value 'x' for '--after <N>': a whole number was expected
        ! 
        ! For more information, try '--help'.
    "#]]
    .assert_eq(&world.cli(["events", "--after", "x", &id]).run().shown());
    expect![[r#"
        exit 1
        ! error: no session begins with `zzz`
        !  hint: `telecoder list` shows all sessions
    "#]]
    .assert_eq(&world.cli(["events", "-f", "zzz"]).run().shown());
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let world = World::new();
    let id = world.ran(r#"GYM{"do":[{"flood":2000000}]}"#);
    let mut command = world.cli(["events", &id]).into_command();
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "[\n");
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
}
