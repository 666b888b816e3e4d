//! `completions`.

use crate::world::World;
use expect_test::expect;
use std::process::Command;

#[test]
fn shells_take_their_completions() {
    let world = World::without_server(&[]);
    for shell in ["bash", "zsh", "fish"] {
        let output = world.cli(["completions", shell]).run();
        assert!(output.code == 0 && output.stdout.contains("stop-server"), "{shell}");
    }
    let script = world.path("completions.bash");
    std::fs::write(&script, world.cli(["completions", "bash"]).run().bytes).unwrap();
    let complete = format!(
        "source {} && COMP_WORDS=(telecoder li) COMP_CWORD=1 && _telecoder telecoder li && echo ${{COMPREPLY[@]}}",
        script.display()
    );
    let output = Command::new("bash").args(["-c", &complete]).output().unwrap();
    expect![[r#"
        list lineage
    "#]]
    .assert_eq(&String::from_utf8_lossy(&output.stdout));
    expect![[r#"
        exit 2
        ! error: invalid value 'tcsh' for '<SHELL>'
        !   [possible values: bash, elvish, fish, powershell, zsh]
        ! 
        !   tip: a similar value exists: 'zsh'
        ! 
        ! For more information, try '--help'.
    "#]]
    .assert_eq(&world.cli(["completions", "tcsh"]).run().shown());
}
