//! A local clone whose origin is on the forge: the work begins from the clone, the pull request goes there.

use super::{MAKES_A_FILE, Scene, id};
use expect_test::expect;
use std::path::PathBuf;

/// Clones the repository as a person would, without the server's token.
pub(super) fn cloned(scene: &Scene) -> PathBuf {
    let clone = scene.world.path("clone");
    let git = |words: &[&str]| scene.world.repo.git(words);
    git(&["clone", "--quiet", scene.demo.path().to_str().unwrap(), clone.to_str().unwrap()]);
    let url = scene.demo.clone_url();
    scene.world.repo.git_in(&clone, &["remote", "set-url", "origin", &url]);
    clone
}

#[test]
fn the_example_that_was_printed_works_word_for_word() {
    let scene = Scene::new();
    let clone = cloned(&scene);
    std::fs::write(clone.join("mine.txt"), "not committed\n").unwrap();
    let path = clone.to_str().unwrap();
    let run = scene.world.cli(["run", "--repo", path, MAKES_A_FILE]).run();
    assert_eq!(run.code, 0, "{run:?}");
    expect![[r#"
        Working on [FOLDER]/clone (main at [COMMIT]); the pull request goes to [FORGE]/octo/demo.
        warning: 1 uncommitted file is not included: mine.txt
        Session [ID] · agent gym · policy standard
          See the change: telecoder diff [ID]
    "#]]
    .assert_eq(&scene.shown(&run.stderr));
    let session = scene.world.cli(["list"]).run().json()[0].clone();
    let id = id(&session);
    assert_eq!(
        session["prRepo"],
        format!("https://{}/octo/demo", scene.forge.base_url().trim_start_matches("http://"))
    );
    let told = scene.told(&["publish-session", &id, "--base", "main"]);
    expect![[r#"
        exit 0
        Already open: pull request #1: Made a file
          [FORGE]/octo/demo/pull/1  (telecoder/[ID])
    "#]]
    .assert_eq(&told);
    let branch = format!("telecoder/{id}");
    assert_eq!((scene.demo.pulls().len(), scene.our_branches()), (1, vec![branch.clone()]));
    assert_eq!(
        (scene.demo.file(&branch, "a.txt").as_deref(), scene.demo.file(&branch, "mine.txt")),
        (Some("x\n"), None)
    );
    // The person's own repository is as it was.
    let refs = scene.world.repo.git_in(&clone, &["for-each-ref", "--format=%(refname)"]);
    assert!(!refs.contains("telecoder"), "{refs}");
    assert_eq!(scene.world.repo.git_in(&clone, &["status", "--porcelain"]), "?? mine.txt\n");
    scene.is_as_described();
}

#[test]
fn commits_that_the_forge_has_not_go_along_and_a_branch_it_has_not_gives_way() {
    let scene = Scene::new();
    let clone = cloned(&scene);
    let git = |words: &[&str]| scene.world.repo.git_in(&clone, words);
    git(&["checkout", "--quiet", "-b", "idea"]);
    std::fs::write(clone.join("idea.txt"), "idea\n").unwrap();
    git(&["add", "idea.txt"]);
    git(&["-c", "user.name=Me", "-c", "user.email=me@example.org", "commit", "--quiet", "-m", "An idea"]);
    let run = scene.world.cli(["run", "--repo", clone.to_str().unwrap(), MAKES_A_FILE]).run();
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("publish: the branch `idea` is not at"), "{}", run.stdout);
    let pull = scene.demo.pulls().remove(0);
    assert_eq!(pull.base, "main");
    let listed = scene.told(&["pr", "list", "--output", "text"]);
    assert!(listed.contains("main ← telecoder/[ID]"), "{listed}");
    let branch = pull.head.trim_start_matches("octo:").to_owned();
    assert_eq!(scene.demo.log(&branch)[..2], ["Made a file", "An idea"]);
    scene.is_as_described();
}

#[test]
fn a_word_or_no_token_keeps_the_pull_request_local() {
    let scene = Scene::new();
    let clone = cloned(&scene);
    let words = ["run", "--repo", clone.to_str().unwrap(), "--forge", "local", MAKES_A_FILE];
    let run = scene.world.cli(words).run();
    assert!(run.code == 0 && run.stderr.contains("a local one, in that repository."), "{run:?}");
    assert_eq!((scene.demo.pulls().len(), scene.our_branches().len()), (0, 0));
    let refs = scene.world.repo.git_in(&clone, &["for-each-ref", "--format=%(refname)"]);
    assert!(refs.contains("refs/heads/telecoder/"), "{refs}");
}

/// The pull request of work that began at no branch goes to the forge's default branch.
#[test]
fn work_that_began_at_a_commit_or_a_tag_is_for_the_default_branch() {
    let scene = Scene::new();
    let clone = cloned(&scene);
    let git = |words: &[&str]| scene.world.repo.git_in(&clone, words);
    git(&["checkout", "--quiet", "--detach"]);
    let run = scene.world.cli(["run", "--repo", clone.to_str().unwrap(), MAKES_A_FILE]).run();
    assert_eq!(run.code, 0, "{run:?}");
    let words = "which is no branch: the pull request goes to `main`";
    assert!(run.stdout.contains(words), "{}", run.stdout);
    let commit = scene.demo.head("main").unwrap();
    scene.world.repo.git_in(&scene.demo.path(), &["tag", "v1", &commit]);
    for base in [commit.as_str(), "v1"] {
        let session = scene.ran(&["--base", base, MAKES_A_FILE]);
        assert_eq!(
            (&session["status"], &session["prBase"]),
            (&"complete".into(), &"main".into()),
            "{session}"
        );
        let logs = scene.world.cli(["logs", &id(&session)]).run().stdout;
        assert!(logs.contains(words), "{logs}");
    }
    let bases: Vec<String> = scene.demo.pulls().into_iter().map(|pull| pull.base).collect();
    assert_eq!(bases, ["main"; 3]);
    scene.is_as_described();
}
