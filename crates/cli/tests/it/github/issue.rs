//! `run --issue`: the text of an issue is the task.

use super::{MAKES_A_FILE, Scene, id};
use telecoder_testkit::fake_forge::NewIssue;

#[test]
fn an_issue_is_the_task_and_the_pull_request_names_it() {
    let scene = Scene::new();
    let number = scene.demo.add_issue(NewIssue::new("Make a file", MAKES_A_FILE).author("octo"));
    let session = scene.ran(&["--issue", &number.to_string()]);
    assert_eq!(session["sourceIssue"].as_u64(), Some(number), "{session}");
    assert_eq!(session["prompt"], format!("Issue #{number}: Make a file"));
    let first = scene.world.cli(["events", &id(&session)]).run().stdout;
    assert!(first.contains("The task is issue #") && first.contains("===== begin "), "{first}");
    let pull = scene.demo.pulls().remove(0);
    assert!(pull.body.contains(&format!("Closes #{number}")), "{}", pull.body);
    scene.is_as_described();
}

#[test]
fn the_words_of_a_stranger_make_a_person_look_first() {
    let scene = Scene::new();
    let number = scene.demo.add_issue(NewIssue::new("Make a file", "Please.").author("eve"));
    let words = ["run", "-r", "octo/demo", "--issue", &number.to_string(), MAKES_A_FILE];
    let run = scene.world.cli(words).run();
    assert_eq!(run.code, 5, "{run:?}");
    assert_eq!((scene.demo.pulls().len(), scene.our_branches().len()), (0, 0));
    scene.is_as_described();
}
