//! `--publish ask`: a person lets the change out.

use super::{MAKES_A_FILE, Scene};
use telecoder_testkit::wait::until_blocking;

#[test]
fn an_approval_lets_the_change_out_and_a_denial_keeps_it() {
    let scene = Scene::new();
    let told = scene.told(&["run", "-r", "octo/demo", "--publish", "ask", MAKES_A_FILE]);
    assert!(told.starts_with("exit 5") && told.contains("telecoder approve [APPROVAL]"), "{told}");
    assert_eq!((scene.demo.pulls().len(), scene.our_branches().len()), (0, 0));
    let approvals = scene.world.cli(["approvals", "--output", "json"]).run().json();
    let id = approvals[0]["sessionId"].as_str().unwrap();
    assert_eq!(scene.world.cli(["approve", id]).run().code, 0);
    until_blocking("the pull request", || scene.world.session(id)["prNumber"].as_u64());
    assert_eq!((scene.demo.pulls().len(), scene.our_branches().len()), (1, 1));
    let kept = scene.ran(&["--publish", "ask", MAKES_A_FILE]);
    assert_eq!(scene.world.cli(["deny", kept["id"].as_str().unwrap(), "--why", "Not now."]).run().code, 0);
    assert_eq!(scene.demo.pulls().len(), 1);
    scene.is_as_described();
}
