//! `logs`.

use crate::world::World;
use expect_test::expect;
use std::io::Read;

const EVERYTHING: &str = r#"GYM{"do":[
    {"think":"First I think."},{"plan":["look",["write","high","completed"]]},
    {"say":"One message ","chunks":3},{"say":"goes on."},
    {"tool":"Reads a file","kind":"read","text":"1\n2\n3\n4\n5\n6\n7\n8\n9\n10","path":"README.md"},
    {"tool":"Fails","kind":"execute","statuses":["in_progress","failed"],"text":"no"},
    {"stderr":"a complaint"},{"unknownUpdate":true},
    {"ask":"May I?","kind":"edit"},
    {"write":["a.txt","x"]},{"say":"Did everything."}]}"#;

#[test]
fn everything_that_happens_has_its_line() {
    let world = World::new();
    let id = world.ran(EVERYTHING);
    let shown = world.cli(["logs", &id]).run().shown();
    // Standard error comes at a time of its own.
    let (complaints, rest): (Vec<&str>, Vec<&str>) =
        shown.lines().partition(|line| line.starts_with("[stderr]"));
    assert_eq!(complaints, ["[stderr] a complaint"]);
    expect![[r#"
        exit 0
        ● pending
        ● preparing
        prepare workspace …
        prepare workspace: main at [COMMIT] ([N] s)
        git base main [COMMIT]
        create sandbox ([N] s)
        start agent ([N] s)
        you: GYM{"do":[
            {"think":"First I think."},{"plan":["look",["write","high","completed"]]},
            {"say":"One message ","chunks":3},{"say":"goes on."},
            {"tool":"Reads a file","kind":"read","text":"1\n2\n3\n4\n5\n6\n7\n8\n9\n10","path":"README.md"},
            {"tool":"Fails","kind":"execute","statuses":["in_progress","failed"],"text":"no"},
            {"stderr":"a complaint"},{"unknownUpdate":true},
            {"ask":"May I?","kind":"edit"},
            {"write":["a.txt","x"]},{"say":"Did everything."}]}
        ● running
        First I think.
          · look
          ✓ write
        One message goes on.
        ▸ read Reads a file
          1
          2
          3
          4
          5
          6
          7
          8
          … 2 more lines
        ▸ execute Fails
          failed
          no
        [update] {"sessionUpdate":"weather_report","sky":"grey"}
        ▸ edit May I?
        permission allowed by policy: May I?
        The permission was allowed. 
        ▸ edit write /workspace/a.txt
          write /workspace/a.txt: done
        Did everything.
        take over ([N] s)
        git commit telecoder/[ID] [COMMIT]  1 file +1 −0
        outcome Did everything
        git push telecoder/[ID] [COMMIT]  1 file +1 −0
        pull request #1 opened  http://[ADDRESS]/pulls/1
        ● complete"#]]
    .assert_eq(&rest.join("\n"));
}

#[test]
fn following_ends_with_the_session_and_tells_how() {
    let world = World::new();
    let id = world.detached(&[r#"GYM{"do":[{"waitFor":"/home/agent/go"},{"exit":1}]}"#]);
    world.until_status(&id, "running");
    let mut follower = world.cli(["logs", "-f", &id]).spawn();
    let so_far = world.cli(["logs", &id]).run();
    assert!(so_far.code == 0 && so_far.stdout.ends_with("● running\n"), "{so_far:?}");
    world.release(&id, "go");
    assert_eq!(follower.wait().unwrap().code(), Some(1));
    let mut text = String::new();
    follower.stdout.unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, world.cli(["logs", &id]).run().stdout);
    let json = world.cli(["logs", "--output", "json", &id]).run();
    assert_eq!(json.stdout, world.cli(["events", &id]).run().stdout);
    expect![[r#"
        exit 1
        ! error: no session begins with `zzz`
        !  hint: `telecoder list` shows all sessions
    "#]]
    .assert_eq(&world.cli(["logs", "zzz"]).run().shown());
}
