//! `run --chat`.

use crate::world::World;
use expect_test::expect;

#[test]
fn a_chat_answers_each_line_and_rests_between() {
    let world = World::new();
    let input = "\nGYM{\"do\":[{\"write\":[\"a.txt\",\"x\\n\"]},{\"say\":\"Wrote it.\"}]}\nGYM{\"do\":[{\"read\":\"a.txt\"}]}\n";
    let output = world.cli(["run", "--chat", r#"GYM{"do":[{"say":"Hello."}]}"#]).input(input).run();
    expect![[r#"
        exit 0
        ● pending
        ● preparing
        prepare workspace …
        prepare workspace: main at [COMMIT] ([N] s)
        git base main [COMMIT]
        create sandbox ([N] s)
        start agent ([N] s)
        you: GYM{"do":[{"say":"Hello."}]}
        ● running
        Hello.
        outcome Hello
        ● idle
        ● pending (a message came)
        ● preparing
        you: GYM{"do":[{"write":["a.txt","x\n"]},{"say":"Wrote it."}]}
        ● running
        ▸ edit write /workspace/a.txt
          write /workspace/a.txt: done
        Wrote it.
        take over ([N] s)
        git commit telecoder/[ID] [COMMIT]  1 file +1 −0
        outcome Wrote it
        ● idle
        ● pending (a message came)
        ● preparing
        you: GYM{"do":[{"read":"a.txt"}]}
        ● running
        x

        outcome x
        ● idle
        ! Working on [REPO]/repository (main at [COMMIT]); no pull request until you publish.
        ! Session [ID] · agent gym · policy standard
        ! The chat rests. Go on: telecoder message [ID] "…"
    "#]]
    .assert_eq(&output.shown());
    let id = world.cli(["list"]).run().json()[0]["id"].as_str().unwrap().to_owned();
    let session = world.session(&id);
    assert_eq!((&session["mode"], &session["status"]), (&"chat".into(), &"idle".into()));
    // Nothing is published until a person says so, and the chat can go on.
    assert_eq!(session["prNumber"], serde_json::Value::Null);
    assert_eq!(world.cli(["publish", &id]).run().code, 0);
    let more = world.cli(["message", &id, r#"GYM{"do":[{"say":"Still here."}]}"#]).run();
    assert!(more.code == 0 && more.stdout.contains("Still here."), "{more:?}");
    assert_eq!(world.cli(["stop", &id]).run().code, 0);
}
