//! What the policies `observe` and `locked` do to a session.

use crate::world::World;
use expect_test::expect;

#[test]
fn under_observe_everything_written_is_listed_and_discarded() {
    let world = World::new();
    let prompt = r#"GYM{"do":[{"write":["a.txt","x\n"]},{"shell":"mkdir out && echo y > out/b && rm README.md"},{"ask":"Edit it","kind":"edit"},{"ask":"Read it","kind":"read"},{"say":"Looked."}]}"#;
    let output = world.cli(["run", "--policy", "observe", prompt]).run();
    expect![[r#"
        exit 0
        ● pending
        ● preparing
        prepare workspace …
        prepare workspace: main at [COMMIT] ([N] s)
        git base main [COMMIT]
        create sandbox ([N] s)
        start agent ([N] s)
        you: GYM{"do":[{"write":["a.txt","x\n"]},{"shell":"mkdir out && echo y > out/b && rm README.md"},{"ask":"Edit it","kind":"edit"},{"ask":"Read it","kind":"read"},{"say":"Looked."}]}
        ● running
        ▸ edit write /workspace/a.txt
          write /workspace/a.txt: done
        ▸ execute mkdir out && echo y > out/b && rm README.md
          {"exitCode":0}
        ▸ edit Edit it
        permission denied by policy: Edit it
        The permission was rejected. 
        ▸ read Read it
        permission allowed by policy: Read it
        The permission was allowed. Looked.
        discarded 3 paths: README.md, a.txt, out/b
        outcome The permission was allowed
        ● complete

        complete  The permission was allowed
        ! Working on [REPO]/repository (main at [COMMIT]); no change will leave the sandbox.
        ! Session [ID] · agent gym · policy observe
    "#]].assert_eq(&output.shown());
    let id = world.cli(["list"]).run().json()[0]["id"].as_str().unwrap().to_owned();
    let discarded: Vec<serde_json::Value> =
        world.events(&id).into_iter().filter(|event| event["type"] == "file_change").collect();
    assert_eq!(discarded.len(), 1);
    expect![[r#"{"paths":["README.md","a.txt","out/b"],"total":3,"action":"discarded"}"#]]
        .assert_eq(&discarded[0]["data"].to_string());
    assert_eq!(world.cli(["diff", &id]).run().stdout, "");
    assert_eq!(world.session(&id)["headSha"], serde_json::Value::Null);
    assert_eq!(world.repo.git(&["branch", "--list", "telecoder/*"]), "");
}

#[test]
fn under_locked_the_tree_cannot_be_written() {
    let world = World::new();
    let prompt = r#"GYM{"do":[{"write":["a.txt","x\n"]},{"shell":"echo y >> README.md; cat README.md; echo z > /tmp/z && cat /tmp/z"},{"ask":"Read it","kind":"read"},{"say":" Looked."}]}"#;
    let output = world.cli(["run", "--policy", "locked", prompt]).run();
    expect![[r#"
        exit 0
        ● pending
        ● preparing
        prepare workspace …
        prepare workspace: main at [COMMIT] ([N] s)
        git base main [COMMIT]
        create sandbox ([N] s)
        start agent ([N] s)
        you: GYM{"do":[{"write":["a.txt","x\n"]},{"shell":"echo y >> README.md; cat README.md; echo z > /tmp/z && cat /tmp/z"},{"ask":"Read it","kind":"read"},{"say":" Looked."}]}
        ● running
        ▸ edit write /workspace/a.txt
          failed
          write /workspace/a.txt: Read-only file system (os error 30)
        write /workspace/a.txt: Read-only file system (os error 30)
        ▸ execute echo y >> README.md; cat README.md; echo z > /tmp/z && cat /tmp/z
          sh: 2: cannot create README.md: Read-only file system
          # Sample
          z
        ▸ read Read it
        permission denied by policy: Read it
        The permission was rejected.  Looked.
        outcome The permission was rejected
        ● complete

        complete  The permission was rejected
        ! Working on [REPO]/repository (main at [COMMIT]); no change will leave the sandbox.
        ! Session [ID] · agent gym · policy locked
    "#]].assert_eq(&output.shown());
}
