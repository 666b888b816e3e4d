//! `rename`.

use crate::world::World;
use expect_test::expect;

#[test]
fn a_session_gets_the_title_of_a_person() {
    let world = World::new();
    let id = world.ran(r#"GYM{"do":[{"write":["a","x"]},{"say":"Made it."}]}"#);
    assert_eq!(world.session(&id)["title"], "Made it");
    expect![[r#"
        exit 0
        Session [ID] is now called: Another title [2J
    "#]]
    .assert_eq(&world.cli(["rename", &id, "Another", "title \u{1b}[2J"]).run().shown());
    assert_eq!(world.session(&id)["title"], "Another title [2J");
    let json = world.cli(["rename", &id, "Third", "--output", "json"]).run().json();
    assert_eq!(json["title"], "Third");
    for title in ["", " "] {
        let output = world.cli(["rename", &id, title]).run();
        assert_eq!(output.shown(), "exit 2\n! error: the title is empty\n");
    }
    expect![[r#"
        exit 1
        ! error: no session begins with `zzz`
        !  hint: `telecoder list` shows all sessions
    "#]]
    .assert_eq(&world.cli(["rename", "zzz", "x"]).run().shown());
}
