//! Agents that write without end.

use super::{Case, End, Scene};
use crate::figures::{bytes_of_events, change_policy};
use crate::world::World;

#[test]
fn a_flood_ends_at_its_deadline_and_is_stored_once() {
    let mut scene = Scene::new(10);
    scene.run(&[Case {
        name: "floods",
        acts: r#"{"flood":200000000},{"hang":true}"#,
        end: End::Fails("timeout", ""),
    }]);
    scene.end();
}

#[test]
fn a_line_without_end_ends_the_session() {
    let mut scene = Scene::new(20);
    scene.run(&[
        Case {
            name: "a-line-of-50-megabytes",
            acts: r#"{"line":50000000},{"hang":true}"#,
            end: End::Fails("agent_error", "a line of more than 16 MiB"),
        },
        Case {
            name: "errors-without-end",
            acts: r#"{"shell":"head -c 200000000 /dev/zero | tr '\\0' x > /proc/$PPID/fd/2"},{"say":"Done."}"#,
            end: End::Completes(""),
        },
        // Each wants an answer: more than one transaction may hold.
        Case {
            name: "small-lines",
            acts: r#"{"shell":"yes '{\"id\":7,\"method\":\"x\"}' | head -n 900 > /proc/$PPID/fd/1; yes '{\"method\":\"session/update\",\"params\":{}}' | head -n 60000 > /proc/$PPID/fd/1"},{"say":"Done."}"#,
            end: End::Completes(""),
        },
        Case {
            name: "small-errors",
            acts: r#"{"repeat":15000,"do":[{"stderr":""}]},{"say":"Done."}"#,
            end: End::Completes(""),
        },
    ]);
    scene.end();
}

/// What its policy keeps is less than what others keep.
#[test]
fn output_beyond_what_the_policy_keeps_ends_the_session() {
    let world = World::with(&[("TELECODER_MAX_SESSIONS", "1")]);
    let first = world.detached(&["-r", "none", r#"GYM{"do":[{"waitFor":"/home/agent/go"}]}"#]);
    world.until_status(&first, "running");
    let id = world
        .detached(&[r#"GYM{"do":[{"write":["some.txt","so far\n"]},{"flood":9000000},{"say":"Done."}]}"#]);
    change_policy(&world, &id, "outputBytes", 3 << 20);
    world.release(&first, "go");
    world.cli(["attach", &id]).run();
    let session = world.session(&id);
    assert_eq!((&session["status"], &session["failureKind"]), (&"error".into(), &"agent_error".into()));
    assert_eq!(session["error"], "the agent wrote more than 3 MiB, which is what its policy keeps");
    let kept = bytes_of_events(&world, &id);
    assert!((2 << 20..(3 << 20) + (1 << 16)).contains(&kept), "{kept}");
    assert!(world.cli(["diff", &id]).run().stdout.contains("+so far"));
}
