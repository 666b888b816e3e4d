//! Failed checks: their logs are shown, and handed to the agent.

use super::{MAKES_A_FILE, Scene, id};
use telecoder_testkit::fake_forge::{CheckResult, Workflow};
use telecoder_testkit::wait::until_blocking;

#[test]
fn the_logs_of_failed_checks_are_shown_and_handed_to_the_agent() {
    let scene = Scene::new();
    let session = scene.ran(&[MAKES_A_FILE]);
    let (id, number) = (id(&session), session["prNumber"].to_string());
    let refused = scene.told(&["message", &id, "--failing-logs", "Fix it."]);
    assert!(
        refused.starts_with("exit 1\n! error: no check of the session's pull request has failed"),
        "{refused}"
    );
    let log: String = (1..=40).map(|line| format!("2024-01-01T00:00:00.0000000Z line {line}\n")).collect();
    let log = format!("{log}test sums ... FAILED\u{1b}[2J\n");
    let head = session["headSha"].as_str().unwrap();
    let run = Workflow::new(head, "ci").job("unit", CheckResult::Failure, &log).job(
        "lint",
        CheckResult::Success,
        "fine\n",
    );
    scene.demo.workflow_run(run);
    until_blocking("the checks", || {
        let checks = scene.world.session(&id)["prChecks"].clone();
        checks.as_array()?.iter().any(|check| check["state"] == "failed").then_some(())
    });
    let shown = scene.told(&["pr", "show", &number]);
    for part in [
        "check failed unit",
        "check passed lint",
        "  failed unit  ",
        "    line 40\n    test sums ... FAILED\u{fffd}[2J",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    assert!(
        !shown.contains("line 20\n") && shown.contains("telecoder message [ID] --failing-logs"),
        "{shown}"
    );
    let whole = scene.told(&["pr", "show", &number, "--logs"]);
    assert!(whole.contains("    line 1\n    line 2\n"), "{whole}");
    let json = scene.world.cli(["pr", "show", &number, "--output", "json"]).run().json();
    assert_eq!(json["failingLogs"][0]["job"], "unit");
    let words = r#"GYM{"do":[{"write":["b.txt","y\n"]},{"say":"Made the checks pass."}]}"#;
    assert_eq!(scene.world.cli(["message", &id, "--failing-logs", words]).run().code, 0);
    let events = scene.world.cli(["events", &id]).run().stdout;
    assert!(
        events.contains("Programs of others wrote them") && events.contains("test sums ... FAILED"),
        "{events}"
    );
    assert_eq!(scene.demo.pulls().len(), 1);
    scene.is_as_described();
}
