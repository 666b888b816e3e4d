//! `--publish ask`: the session waits for a person, who lets the change out.

use super::{MAKES_A_FILE, Scene};

#[test]
fn an_approval_lets_the_change_out_and_a_denial_keeps_it() {
    let scene = Scene::new();
    let told = scene.told(&["run", "-r", "octo/demo", "--publish", "ask", MAKES_A_FILE]);
    assert!(told.starts_with("exit 5") && told.contains("telecoder approve [APPROVAL]"), "{told}");
    assert!(told.contains("! ") && told.contains("waiting  Made a file"), "{told}");
    assert_eq!((scene.demo.pulls().len(), scene.our_branches().len()), (0, 0));
    let approvals = scene.world.cli(["approvals", "--output", "json"]).run().json();
    let id = approvals[0]["sessionId"].as_str().unwrap();
    assert_eq!(scene.world.session(id)["status"], "waiting");
    let listed = scene.world.cli(["list", "--status", "waiting", "--output", "json"]).run().json();
    assert_eq!(listed[0]["id"], id);
    let inbox = scene.told(&["inbox", "--output", "text"]);
    assert!(inbox.contains("Needs an answer") && !inbox.contains("Finished"), "{inbox}");
    assert_eq!(scene.world.cli(["approve", id]).run().code, 0);
    // Whoever waits sees how it ends.
    let ended = scene.told(&["attach", id]);
    assert!(ended.starts_with("exit 0") && ended.contains("Pull request #1 (open)"), "{ended}");
    assert_eq!((scene.demo.pulls().len(), scene.our_branches().len()), (1, 1));
    let kept = scene.ran(&["--publish", "ask", MAKES_A_FILE]);
    assert_eq!(kept["status"], "waiting");
    let kept = kept["id"].as_str().unwrap();
    assert_eq!(scene.world.cli(["deny", kept, "--why", "Not now."]).run().code, 0);
    scene.world.until_status(kept, "complete");
    assert_eq!(scene.demo.pulls().len(), 1);
    scene.is_as_described();
}
