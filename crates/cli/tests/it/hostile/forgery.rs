//! Agents that want to be taken for their supervisor.

use super::{Case, End, Scene};

#[test]
fn an_agent_cannot_speak_for_its_supervisor() {
    let mut scene = Scene::new(20);
    let ids = scene.run(&[
        Case {
            name: "forges",
            acts: r#"{"forge":"/home/agent/report"},{"read":"/home/agent/report"},{"write":["reached.txt","nothing\n"]},{"say":"Done."}"#,
            end: End::Completes(""),
        },
        Case {
            name: "prints-frames",
            acts: r#"{"frames":true},{"hang":true}"#,
            end: End::Fails("timeout", ""),
        },
    ]);
    let report = std::fs::read_to_string(scene.world.agent_home(&ids[0]).join("report")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["reached"], serde_json::json!([]), "{report}");
    assert!(report["attempts"].as_u64().unwrap() > 30, "{report}");
    crate::figures::tell(&format!("forged: {} attempts, none reached anything", report["attempts"]));
    scene.end();
}
