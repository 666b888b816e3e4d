//! What becomes of a published pull request is seen in `status`, `list`, `pr show` and the session's events.

use super::{MAKES_A_FILE, Scene, id};
use telecoder_testkit::fake_forge::{CheckResult, NewRepository, Verdict};
use telecoder_testkit::wait::until_blocking;

#[test]
fn checks_reviews_and_the_merge_come_onto_the_session() {
    let mut scene = Scene::new();
    let session = scene.ran(&[MAKES_A_FILE]);
    let (id, number) = (id(&session), session["prNumber"].as_u64().unwrap());
    let head = session["headSha"].as_str().unwrap().to_owned();
    scene.demo.check(&head, "lint", CheckResult::Failure);
    scene.demo.review(number, "alice", Verdict::ChangesRequested, "Please add a test.");
    until_blocking("check and review", || {
        let session = scene.world.session(&id);
        (!session["prChecks"].as_array()?.is_empty() && !session["prReviews"].as_array()?.is_empty())
            .then_some(())
    });
    let shown = scene.told(&["pr", "show", &number.to_string()]);
    for part in
        ["check failed lint", "review changes requested by alice  Please add a test.", "[FORGE]/octo/demo"]
    {
        assert!(shown.contains(part), "{shown}");
    }
    for deed in ["merge", "close"] {
        let told = scene.told(&["pr", deed, &number.to_string()]);
        assert!(
            told.contains(&format!("{deed} it there")) && told.contains("hint: [FORGE]/octo/demo/pull/1"),
            "{told}"
        );
    }
    let status = scene.told(&["status", &id, "--output", "text"]);
    assert!(status.contains("check failed lint"), "{status}");
    let list = scene.told(&["list", "--output", "table"]);
    assert!(list.contains(&format!("#{number} failing")), "{list}");
    let pulls = scene.world.cli(["pr", "list"]).run().json();
    assert_eq!((pulls[0]["number"].as_u64(), pulls[0]["state"].as_str()), (Some(number), Some("open")));
    // It goes on behind a crash, and what was told is not told again.
    scene.world.kill();
    scene.world.start();
    scene.demo.merge(number);
    until_blocking("the merge", || (scene.world.session(&id)["prState"] == "merged").then_some(()));
    assert_eq!(
        scene.pull_events(&id),
        ["opened", "check lint failed", "review alice changes_requested", "merged"]
    );
    assert!(scene.told(&["list", "--output", "table"]).contains(&format!("#{number} merged")));
    scene.is_as_described();
}

#[test]
fn pull_requests_on_forges_are_listed_by_state_and_repository() {
    let scene = Scene::new();
    let other = scene.forge.add(NewRepository::new("octo/other").file("README.md", "# Other\n"));
    let first = scene.ran(&[MAKES_A_FILE]);
    let there = scene.world.cli(["run", "-r", "octo/other", "--output", "json", MAKES_A_FILE]).run().json();
    assert_eq!((&first["prNumber"], &there["prNumber"]), (&1.into(), &1.into()));
    other.merge(1);
    until_blocking("the merge", || {
        (scene.world.session(there["id"].as_str()?)["prState"] == "merged").then_some(())
    });
    let listed = |words: &[&str]| -> Vec<String> {
        let output = scene.world.cli(["pr", "list", "--output", "json"].iter().chain(words).copied()).run();
        let rows = output.json();
        let word = |row: &serde_json::Value| format!("{} {}", row["repo"].as_str().unwrap(), row["state"]);
        rows.as_array().unwrap().iter().map(|row| scene.shown(&word(row)).replace('"', "")).collect()
    };
    let (open, merged) = ("[FORGE]/octo/demo open", "[FORGE]/octo/other merged");
    assert_eq!(listed(&[]), [merged, open]);
    assert_eq!(listed(&["--state", "open"]), [open]);
    assert_eq!(listed(&["--repo", "octo/other"]), [merged]);
    assert_eq!(listed(&["--state", "open", "--repo", "octo/other"]), [""; 0]);
    let mut all = String::new();
    for words in [&["pr", "merge", "1"] as &[&str], &["pr", "show", "7"]] {
        all.push_str(&scene.told(words));
    }
    expect_test::expect![[r#"
        exit 2
        ! error: several repositories have a pull request #1
        !  hint: name its session: telecoder pr show [ID]
        exit 1
        ! error: no session has a pull request #7
        !  hint: `telecoder pr list` shows all
    "#]]
    .assert_eq(&all);
    let told = scene.told(&["pr", "show", "1"]);
    assert!(told.contains("several repositories have a pull request #1"), "{told}");
    scene.is_as_described();
}
