//! `run --pr`: the head of a pull request is worked on and published to.

use super::{MAKES_A_FILE, MAKES_ANOTHER, Scene, id};
use telecoder_testkit::fake_forge::NewPull;

#[test]
fn a_pull_request_gets_commits_and_a_comment_and_keeps_its_text() {
    let scene = Scene::new();
    scene.demo.commit("feature/sums", &[("sums.py", "s = 1\n")], "Add sums");
    let number = scene.demo.add_pull(NewPull::new("Add sums", "feature/sums", "main").body("By octo."));
    let named = number.to_string();
    let session = scene.ran(&["--pr", &named, MAKES_A_FILE]);
    assert_eq!(
        (session["prNumber"].as_u64(), session["sourcePr"].as_u64()),
        (Some(number), Some(number)),
        "{session}"
    );
    assert_eq!(session["branch"], "feature/sums");
    assert_eq!(scene.demo.log("feature/sums")[..2], ["Made a file", "Add sums"]);
    let id = id(&session);
    assert_eq!(scene.world.cli(["message", &id, MAKES_ANOTHER]).run().code, 0);
    assert_eq!(scene.demo.log("feature/sums")[..3], ["Made another one", "Made a file", "Add sums"]);
    let pull = scene.demo.pull(number);
    assert_eq!(
        (pull.title.as_str(), pull.body.as_str(), scene.demo.pulls().len()),
        ("Add sums", "By octo.", 1)
    );
    let comments = scene.demo.comments(number);
    assert_eq!(comments.len(), 2, "{comments:?}");
    assert!(comments[0].body.contains("Added to this pull request: Made a file"), "{comments:?}");
    assert_eq!(scene.our_branches(), [""; 0]);
    scene.is_as_described();
}

#[test]
fn what_cannot_be_worked_on_is_refused_before_any_work() {
    let scene = Scene::new();
    scene.demo.commit("done", &[("d.txt", "d\n")], "Done");
    let closed = scene.demo.add_pull(NewPull::new("Done", "done", "main"));
    scene.demo.close(closed);
    let fork = scene.demo.fork("eve");
    fork.commit("evil", &[("e.txt", "e\n")], "Evil");
    let foreign = scene.demo.add_pull(NewPull::new("Evil", "eve:evil", "main").author("eve"));
    let mut all = String::new();
    for number in [closed, foreign] {
        all.push_str(&scene.told(&["run", "-r", "octo/demo", "--pr", &number.to_string(), MAKES_A_FILE]));
    }
    expect_test::expect![[r#"
        exit 1
        ! error: pull request #1 of [FORGE]/octo/demo is closed
        !  hint: work on its base instead: leave --pr out
        exit 1
        ! error: pull request #2 of [FORGE]/octo/demo comes from [FORGE]/eve/demo: its branch is not written from here
        !  hint: only look at it: --policy observe; or work in the fork itself: telecoder run -r [FORGE]/eve/demo --base evil
    "#]].assert_eq(&all);
    // One from a fork may be looked at.
    let looked = scene.ran(&[
        "--pr",
        &foreign.to_string(),
        "--policy",
        "observe",
        r#"GYM{"do":[{"shell":"cat e.txt"},{"say":"Seen."}]}"#,
    ]);
    assert_eq!(looked["status"], "complete", "{looked}");
    scene.is_as_described();
}

#[test]
fn a_head_that_moved_meanwhile_is_not_overwritten() {
    let scene = Scene::new();
    scene.demo.commit("feature", &[("f.txt", "f\n")], "Feature");
    let number = scene.demo.add_pull(NewPull::new("Feature", "feature", "main"));
    let session = scene.ran(&["--pr", &number.to_string(), "--publish", "manual", MAKES_A_FILE]);
    let theirs = scene.demo.commit("feature", &[("g.txt", "g\n")], "Meanwhile");
    let told = scene.told(&["publish", session["id"].as_str().unwrap()]);
    assert!(told.starts_with("exit 1"), "{told}");
    assert_eq!(scene.demo.head("feature"), Some(theirs));
    scene.is_as_described();
}
