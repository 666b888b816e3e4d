//! `policy list|show`.

use crate::world::World;
use expect_test::expect;

#[test]
fn policies_are_listed_and_shown() {
    let world = World::new();
    expect![[r#"
        exit 0
        NAME      WORKSPACE             AGENT'S REQUESTS        PULL REQUEST  TIME
        locked    read-only             all denied              never         60 s
        observe   writes are discarded  reads and runs allowed  never         3 min
        standard  writes are kept       all allowed             by itself     30 min
    "#]]
    .assert_eq(&world.cli(["policy", "list", "--output", "table"]).run().shown());
    expect![[r#"
        exit 0
        observe
          Workspace  writes are discarded
          Requests   reads and runs allowed
          Publishing never
          Time       3 min
          Limits     2048 MiB memory, 2.0 CPUs, 512 processes, 256 MiB of output
    "#]]
    .assert_eq(&world.cli(["policy", "show", "observe"]).run().shown());
    expect![[r#"
        exit 0
        {"name":"locked","workspace":"read_only","permissions":"deny_all","publish":"never","timeSeconds":60,"memoryBytes":2147483648,"cpuMillis":2000,"processes":512,"outputBytes":268435456}
    "#]].assert_eq(&world.cli(["policy", "show", "locked", "--output", "json"]).run().shown());
    let names = world.cli(["policy", "list"]).run().json();
    assert_eq!(names[2]["name"], "standard");
    expect![[r#"
        exit 1
        ! error: there is no policy `loose`
        !  hint: policies: locked, observe, standard
    "#]]
    .assert_eq(&world.cli(["policy", "show", "loose"]).run().shown());
}
