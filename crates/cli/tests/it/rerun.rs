//! `rerun`.

use crate::world::World;
use expect_test::expect;

#[test]
fn a_rerun_is_a_new_session_with_the_old_one_as_its_parent() {
    let world = World::new();
    let first = world.ran(r#"GYM{"do":[{"write":["a.txt","x"]},{"say":"Made it."}]}"#);
    let output = world.cli(["rerun", &first]).run();
    expect![[r#"
        exit 0
        ● pending
        ● preparing
        prepare workspace …
        prepare workspace: main at [COMMIT] ([N] s)
        git base main [COMMIT]
        create sandbox ([N] s)
        start agent ([N] s)
        you: GYM{"do":[{"write":["a.txt","x"]},{"say":"Made it."}]}
        ● running
        ▸ edit write /workspace/a.txt
          write /workspace/a.txt: done
        Made it.
        take over ([N] s)
        git commit telecoder/[ID] [COMMIT]  1 file +1 −0
        outcome Made it
        git push telecoder/[ID] [COMMIT]  1 file +1 −0
        pull request #2 opened  http://[ADDRESS]/pulls/2
        ● complete

        complete  Made it
          Changed    a.txt (+1 −0)
          Uncertain  No check was run by TeleCoder on this change.

          Pull request #2 (open)  http://[ADDRESS]/pulls/2
        ! Session [ID]
        !   See the change: telecoder diff [ID]
        !   See it whole: telecoder pr show 2   merge it: telecoder pr merge 2
    "#]]
    .assert_eq(&output.shown());
    let rows = world.cli(["list"]).run().json();
    assert_eq!(rows[0]["parentSessionId"], first.as_str());
    assert_eq!((&rows[0]["prompt"], &rows[0]["policy"]), (&rows[1]["prompt"], &rows[1]["policy"]));
    assert_eq!(rows[0]["prNumber"], 2);
    let json = world.cli(["rerun", "--detach", "--output", "json", &first]).run().json();
    assert_eq!((&json["parentSessionId"], &json["status"]), (&first.into(), &"pending".into()));
}

#[test]
fn what_is_at_work_or_unknown_cannot_be_run_again() {
    let world = World::new();
    let id = world.detached(&[r#"GYM{"do":[{"hang":true}]}"#]);
    world.until_status(&id, "running");
    expect![[r#"
        exit 1
        ! error: session `[ID]` is running
        !  hint: wait for its end, or stop it first: telecoder stop [ID]
    "#]]
    .assert_eq(&world.cli(["rerun", &id]).run().shown());
    expect![[r#"
        exit 1
        ! error: no session begins with `zzz`
        !  hint: `telecoder list` shows all sessions
    "#]]
    .assert_eq(&world.cli(["rerun", "zzz"]).run().shown());
}
