//! `publish --rebase`: the change is brought up to date with its base before it is pushed.

use super::{MAKES_ANOTHER, Scene, id};
use expect_test::expect;

const CHANGES_IT: &str = r#"GYM{"do":[{"write":["calc.py","x = 2\n"]},{"say":"Changed it."}]}"#;

#[test]
fn a_change_is_rebased_before_anybody_sees_it_and_its_base_is_merged_afterwards() {
    let scene = Scene::new();
    let id = id(&scene.ran(&["--publish", "manual", CHANGES_IT]));
    let branch = format!("telecoder/{id}");
    scene.demo.commit("main", &[("theirs.txt", "1\n")], "Theirs");
    let told = scene.told(&["publish", &id, "--rebase"]);
    expect![[r#"
        exit 0
        Opened pull request #1: Changed it
          [FORGE]/octo/demo/pull/1  (telecoder/[ID])
        ! note: the change is rebased onto `main` at [COMMIT]; TeleCoder ran no check on the result
    "#]]
    .assert_eq(&told);
    assert_eq!(scene.demo.log(&branch)[..2], ["Changed it", "Theirs"]);
    let first = scene.demo.head(&branch).unwrap();
    // Further work goes on top, forward.
    assert_eq!(scene.world.cli(["message", &id, MAKES_ANOTHER]).run().code, 0);
    assert_eq!(scene.world.cli(["publish", &id]).run().code, 0);
    assert_eq!(scene.demo.log(&branch)[..3], ["Made another one", "Changed it", "Theirs"]);
    scene.demo.commit("main", &[("theirs.txt", "2\n")], "Theirs again");
    let told = scene.told(&["publish", &id, "--rebase"]);
    expect![[r#"
        exit 0
        Already open: pull request #1: Changed it
          [FORGE]/octo/demo/pull/1  (telecoder/[ID])
        ! note: `main` at [COMMIT] is merged into the branch, which others can see already; TeleCoder ran no check on the result
    "#]]
    .assert_eq(&told);
    let log = scene.world.repo.git_in(&scene.demo.path(), &["log", "--format=%s", "--first-parent", &branch]);
    assert_eq!(
        log.lines().take(3).map(str::to_owned).collect::<Vec<_>>(),
        [
            format!("Merge branch 'main' into {branch}"),
            "Made another one".to_owned(),
            "Changed it".to_owned()
        ]
    );
    // Never back: what was there first is there still.
    scene.world.repo.git_in(&scene.demo.path(), &["merge-base", "--is-ancestor", &first, &branch]);
    assert_eq!(scene.demo.file(&branch, "theirs.txt").as_deref(), Some("2\n"));
    assert_eq!(scene.demo.file(&branch, "b.txt").as_deref(), Some("y\n"));
    assert_eq!(scene.demo.pulls().len(), 1);
    let session = scene.world.session(&id);
    assert_eq!(session["prHeadSha"].as_str(), scene.demo.head(&branch).as_deref());
    // Nothing new is nothing to do.
    let before = scene.demo.head(&branch);
    assert_eq!(scene.world.cli(["publish", &id, "--rebase"]).run().code, 0);
    assert_eq!(scene.demo.head(&branch), before);
    let steps: Vec<String> = scene
        .world
        .cli(["logs", &id])
        .run()
        .stdout
        .lines()
        .filter(|line| line.contains("main` at"))
        .map(|line| scene.shown(line))
        .collect();
    assert_eq!(steps.len(), 2, "{steps:?}");
    scene.is_as_described();
}

#[test]
fn a_conflict_names_the_files_and_nothing_is_half_done() {
    let scene = Scene::new();
    let id = id(&scene.ran(&["--publish", "manual", CHANGES_IT]));
    scene.demo.commit("main", &[("calc.py", "x = 3\n")], "Theirs");
    let told = scene.told(&["publish", &id, "--rebase"]);
    expect![[r#"
        exit 1
        ! error: the change cannot be brought up to date with `main`: conflicts in calc.py; nothing was pushed
        !  hint: publish it as it is and solve them in the pull request: telecoder publish [ID]; or do the task again on the base as it is now: telecoder rerun [ID]
    "#]]
    .assert_eq(&told);
    assert_eq!((scene.demo.pulls().len(), scene.our_branches().len()), (0, 0));
    assert_eq!(scene.world.session(&id)["status"], "complete");
    // As it is, it is published still.
    assert_eq!(scene.world.cli(["publish", &id]).run().code, 0);
    scene.is_as_described();
}

#[test]
fn a_local_clone_is_rebased_onto_what_its_forge_has() {
    let scene = Scene::new();
    let clone = super::clone::cloned(&scene);
    let words =
        ["run", "--repo", clone.to_str().unwrap(), "--publish", "manual", "--output", "json", CHANGES_IT];
    let id = id(&scene.world.cli(words).run().json());
    // The clone knows nothing of it.
    scene.demo.commit("main", &[("theirs.txt", "1\n")], "Theirs");
    assert_eq!(scene.world.cli(["publish", &id, "--rebase"]).run().code, 0);
    let branch = format!("telecoder/{id}");
    assert_eq!(scene.demo.log(&branch)[..2], ["Changed it", "Theirs"]);
    scene.is_as_described();
}
