//! Whatever goes wrong on the way, there is one branch, one pull request and one comment in the end.

use super::{MAKES_A_FILE, Scene};
use std::time::Duration;
use telecoder_testkit::fake_forge::{Fault, FaultKind, NewPull};

const KINDS: [FaultKind; 9] = [
    FaultKind::DropBefore,
    FaultKind::DropAfter,
    FaultKind::FailBefore(502),
    FaultKind::FailAfter(500),
    FaultKind::RateLimited { seconds: 2 },
    FaultKind::SecondaryLimited { seconds: 1 },
    FaultKind::Slow(Duration::from_millis(300)),
    FaultKind::Truncated,
    FaultKind::Stale,
];

fn is_limit(kind: &FaultKind) -> bool {
    matches!(kind, FaultKind::RateLimited { .. } | FaultKind::SecondaryLimited { .. })
}

#[test]
fn opening_a_pull_request_may_go_wrong() {
    one_branch_and_one_pull_request_whatever_happens_to("pulls/create");
}

#[test]
fn looking_for_a_pull_request_may_go_wrong() {
    one_branch_and_one_pull_request_whatever_happens_to("pulls/list");
}

#[test]
fn pushing_may_go_wrong() {
    one_branch_and_one_pull_request_whatever_happens_to("git/receive-pack");
}

fn one_branch_and_one_pull_request_whatever_happens_to(operation: &str) {
    let scene = Scene::new();
    // A push is no call of the API: its limits do not hold there. Only what is read can be stale.
    let (pushes, reads) = (operation.starts_with("git/"), operation.ends_with("/list"));
    let happens = |kind: &FaultKind| (!pushes || !is_limit(kind)) && (reads || *kind != FaultKind::Stale);
    for (before, kind) in (0..).zip(KINDS.into_iter().filter(happens)) {
        scene.forge.fault(Fault::on(operation, kind));
        let session = scene.ran(&[MAKES_A_FILE]);
        let expected: u64 = before + 1;
        let what = format!("{kind:?}: {session}\n{}", scene.world.log());
        assert_eq!(session["status"], "complete", "{what}");
        assert_eq!(session["prNumber"].as_u64(), Some(expected), "{what}");
        assert_eq!(scene.demo.pulls().len() as u64, expected, "{what}");
        assert_eq!(scene.our_branches().len() as u64, expected, "{what}");
    }
    assert_eq!(scene.forge.faults_left(), 0, "every fault has happened");
    scene.is_as_described();
}

/// Whatever else a run needs may go wrong too: it is carried through, or refused before any work; a run that
/// was refused works when it is tried again.
#[test]
fn any_call_may_go_wrong() {
    let scene = Scene::new();
    scene.ran(&[MAKES_A_FILE]);
    let mut operations: Vec<String> =
        scene.forge.requests().into_iter().map(|request| request.operation).collect();
    operations.sort();
    operations.dedup();
    // These have a test of their own.
    operations.retain(|operation| {
        !["pulls/create", "pulls/list", "git/receive-pack"].contains(&operation.as_str())
    });
    assert!(operations.len() >= 4, "{operations:?}");
    let mut expected = 1;
    for operation in &operations {
        for kind in [FaultKind::DropAfter, FaultKind::Truncated] {
            scene.forge.fault(Fault::on(operation, kind));
            let words = ["run", "-r", "octo/demo", "--output", "json", MAKES_A_FILE];
            let mut run = scene.world.cli(words).run();
            let what = format!("{operation} {kind:?}: {run:?}\n{}", scene.world.log());
            if run.stdout.is_empty() {
                assert_eq!((run.code, scene.demo.pulls().len()), (1, expected), "{what}");
                run = scene.world.cli(words).run();
            }
            expected += 1;
            assert_eq!((run.code, &run.json()["status"]), (0, &"complete".into()), "{what}");
            assert_eq!(
                (scene.demo.pulls().len(), scene.our_branches().len()),
                (expected, expected),
                "{what}"
            );
        }
    }
    scene.is_as_described();
}

#[test]
fn one_comment_whatever_goes_wrong() {
    let scene = Scene::new();
    for (count, kind) in KINDS.into_iter().enumerate() {
        let branch = format!("feature-{count}");
        scene.demo.commit(&branch, &[("f.txt", "f\n")], "Feature");
        let number = scene.demo.add_pull(NewPull::new("Feature", &branch, "main"));
        scene.forge.fault(Fault::on("issues/create-comment", kind));
        let session = scene.ran(&["--pr", &number.to_string(), MAKES_A_FILE]);
        let what = format!("{kind:?}: {session}\n{}", scene.world.log());
        assert_eq!(
            (session["status"].as_str(), scene.demo.comments(number).len()),
            (Some("complete"), 1),
            "{what}"
        );
        assert_eq!(scene.demo.log(&branch)[..2], ["Made a file", "Feature"], "{what}");
    }
    scene.is_as_described();
}
