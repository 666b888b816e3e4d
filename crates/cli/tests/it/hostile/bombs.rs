//! Agents that use up processes, memory and disk.

use super::{Case, End, Scene};

#[test]
fn processes_memory_and_disk_end_with_the_sandbox() {
    let mut scene = Scene::new(20);
    scene.run(&[
        Case {
            name: "forks",
            acts: r#"{"shell":"bomb() { bomb | bomb & bomb; }; bomb 2>/dev/null","timeoutMs":1000000},{"hang":true}"#,
            end: End::Fails("timeout", ""),
        },
        Case {
            name: "fills-memory",
            acts: r#"{"memory":4000000000,"holdMs":1000000}"#,
            end: End::Fails("agent_error", "because the sandbox's memory was full"),
        },
    ]);
    scene.run(&[
        Case {
            name: "fills-scratch-space",
            acts: r#"{"disk":["/tmp/full",4000000000]},{"disk":["/dev/shm/full",4000000000]},{"shell":"rm -f /tmp/full /dev/shm/full"},{"say":"Done."}"#,
            end: End::Completes(""),
        },
        Case {
            name: "many-children",
            acts: r#"{"forks":2000,"lifeMs":1000000},{"say":"Done."}"#,
            end: End::Completes(""),
        },
    ]);
    scene.end();
}
