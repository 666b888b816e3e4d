//! `apply`.

use crate::world::World;
use expect_test::expect;

#[test]
fn the_change_lands_in_the_working_tree_and_nothing_is_committed() {
    let world = World::new();
    let prompt = r##"GYM{"do":[{"write":["README.md","# Changed\n"]},{"write":["src/new.rs","// new\n"]},{"shell":"printf '\\000\\001' > blob"}]}"##;
    let id = world.ran(prompt);
    let head = world.repo.head();
    // From a folder below, what lies beside it is changed all the same.
    expect![[r#"
        exit 0
        Applied. Nothing was committed: see git diff.
    "#]]
    .assert_eq(&world.cli(["apply", &id]).dir(world.repo.path().join("src")).run().shown());
    assert_eq!(world.repo.git(&["status", "--short"]), " M README.md\n?? blob\n?? src/new.rs\n");
    assert_eq!(world.repo.head(), head);
    assert_eq!(std::fs::read(world.repo.path().join("blob")).unwrap(), b"\0\x01");
    // A second time it does not fit, and nothing is half done.
    let again = world.cli(["apply", &id]).run();
    assert_eq!(again.code, 1);
    let told = "error: the change does not apply here: patch failed: README.md:1\n";
    assert!(again.stderr.starts_with(told), "{again:?}");
    assert!(again.stderr.contains(" hint: commit or stash your own changes"), "{again:?}");
    assert_eq!(world.repo.git(&["status", "--short"]), " M README.md\n?? blob\n?? src/new.rs\n");
}

#[test]
fn where_nothing_changed_nothing_is_applied() {
    let world = World::new();
    let id = world.ran(r#"GYM{"do":[{"say":"Nothing to do."}]}"#);
    expect![[r#"
        exit 0
        The session changed nothing.
    "#]]
    .assert_eq(&world.cli(["apply", &id]).run().shown());
    expect![[r#"
        exit 1
        ! error: no session begins with `zzz`
        !  hint: `telecoder list` shows all sessions
    "#]]
    .assert_eq(&world.cli(["apply", "zzz"]).run().shown());
}
