//! What people have changed of a pull request stays as they have made it, unless somebody asks for something else.

use super::{MAKES_A_FILE, MAKES_ANOTHER, Scene, id};
use serde_json::json;
use std::time::Duration;
use telecoder_testkit::plain_http;

/// Sends JSON as a person's program does, and gives the answer.
fn sent(method: &str, url: &str, token: &str, body: &serde_json::Value) -> serde_json::Value {
    let bearer = format!("Bearer {token}");
    let headers =
        [("authorization", bearer.as_str()), ("content-type", "application/json"), ("user-agent", "person")];
    let body = body.to_string();
    let answer =
        plain_http::request(method, url, &headers, body.as_bytes(), Duration::from_secs(10)).unwrap();
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    serde_json::from_slice(&answer.body).unwrap()
}

#[test]
fn a_further_turn_leaves_title_base_and_draft_and_a_person_may_change_them() {
    let scene = Scene::new();
    scene.demo.commit("dev", &[("d.txt", "d\n")], "For dev");
    let session = scene.ran(&[MAKES_A_FILE]);
    let id = id(&session);
    let drafted = scene.world.cli(["publish", &id, "--draft", "--body", "Our words"]).run();
    assert_eq!((drafted.code, scene.demo.pull(1).draft), (0, true), "{drafted:?}");
    let there = format!("{}/repos/octo/demo/pulls/1", scene.forge.api_url());
    sent("PATCH", &there, &scene.secret, &json!({"title": "Their title", "base": "dev"}));
    let more = scene.world.cli(["message", &id, MAKES_ANOTHER]).run();
    assert_eq!(more.code, 0, "{more:?}");
    let pull = scene.demo.pull(1);
    assert_eq!((pull.title.as_str(), pull.base.as_str(), pull.draft), ("Their title", "dev", true));
    assert_eq!(scene.demo.file(&format!("telecoder/{id}"), "b.txt").as_deref(), Some("y\n"));
    assert!(pull.body.contains("Our words") && !pull.body.contains("### Request"), "{}", pull.body);
    assert_eq!(scene.world.session(&id)["prBase"], "dev");
    let token = std::fs::read_to_string(scene.world.data().join("token")).unwrap();
    let preview = format!("{}/api/sessions/{id}/publish/preview", scene.world.url());
    let shown = sent("POST", &preview, token.trim(), &json!({}));
    assert_eq!(
        (&shown["title"], &shown["base"], &shown["draft"]),
        (&json!("Their title"), &json!("dev"), &json!(true))
    );
    let asked = scene.world.cli(["publish", &id, "--title", "Our title", "--draft=false"]).run();
    assert!(asked.stdout.contains("Our title"), "{asked:?}");
    let pull = scene.demo.pull(1);
    assert_eq!((pull.title.as_str(), pull.base.as_str(), pull.draft), ("Our title", "dev", false));
    assert_eq!(scene.forge.violations(), Vec::<String>::new());
}
