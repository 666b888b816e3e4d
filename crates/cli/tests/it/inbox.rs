//! `inbox`.

use crate::world::World;
use expect_test::expect;

#[test]
fn what_has_finished_is_unread_until_it_is_marked_as_seen() {
    let world = World::new();
    expect![[r#"
        exit 0
        ! Nothing yet. Begin with: telecoder run "…"
    "#]]
    .assert_eq(&world.cli(["inbox", "--output", "table"]).run().shown());
    world.ran(r#"GYM{"do":[{"write":["a.txt","x"]},{"say":"Made a file."}]}"#);
    let failed = world.detached(&[r#"GYM{"do":[{"exit":1}]}"#]);
    world.until_status(&failed, "error");
    let hanging = world.detached(&[r#"GYM{"do":[{"hang":true}]}"#]);
    world.until_status(&hanging, "running");
    expect![[r#"
        exit 0
        Finished
        ● [ID]  error  GYM{"do":[{"exit":1}]}
        ● [ID]  complete  Made a file  #1
    "#]]
    .assert_eq(&world.cli(["inbox", "--output", "table"]).run().shown());
    let unread = |words: &[&str]| {
        let inbox = world.cli(["inbox"].into_iter().chain(words.iter().copied())).run().json();
        assert_eq!(inbox["waiting"], serde_json::json!([]));
        let marks: Vec<bool> = inbox["finished"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["unread"].as_bool().unwrap())
            .collect();
        marks
    };
    // Looking changes nothing.
    assert_eq!(unread(&[]), [true, true]);
    assert_eq!(unread(&["--limit", "1"]), [true]);
    expect![[r#"
        exit 0
        ! Everything is marked as seen.
    "#]]
    .assert_eq(&world.cli(["inbox", "--seen"]).run().shown());
    assert_eq!(unread(&[]), [false, false]);
    world.cli(["stop", &hanging]).run();
    assert_eq!(unread(&[]), [true, false, false]);
    expect![[r#"
        exit 2
        ! error: invalid value '201' for '--limit <N>': a number from 1 to 200 was expected
        ! 
        ! For more information, try '--help'.
    "#]]
    .assert_eq(&world.cli(["inbox", "--limit", "201"]).run().shown());
}
