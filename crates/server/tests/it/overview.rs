//! What lists, forms and settings show: files, checks, repositories, defaults, the configuration.

use crate::app::{Setup, TestApp};
use serde_json::json;
use telecoder_model::principal::Scope;

#[tokio::test]
async fn files_of_a_session_are_shown_as_they_were() {
    let app = TestApp::start().await;
    let id = app.create("x").await;
    let path = format!("/api/sessions/{id}/files");
    assert_eq!(app.get(&path).await.error(), "409 no_tree");
    app.change(&id, Vec::new(), |session| session.base_commit = Some("a".repeat(40).parse().unwrap())).await;
    assert_eq!(app.get(&path).await.json()["commitSha"], "a".repeat(40));
    app.change(&id, Vec::new(), |session| session.head = Some("b".repeat(40).parse().unwrap())).await;
    expect_test::expect![[r#"{"path":"","kind":"folder","commitSha":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","entries":[{"name":"a.py","path":"a.py","kind":"file","size":3,"executable":true}],"total":2,"truncated":true,"size":null,"executable":false,"binary":false,"text":null}"#]].assert_eq(&app.get(&path).await.text);
    let at = async |name: &str| app.get(&format!("{path}?path={name}")).await;
    let folder = at("src/").await.json();
    assert_eq!((&folder["path"], &folder["entries"][0]["path"]), (&json!("src"), &json!("src/a.py")));
    expect_test::expect![[r#"{"path":"src/a.py","kind":"file","commitSha":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","entries":[],"total":0,"truncated":false,"size":3,"executable":false,"binary":false,"text":"a\r\n"}"#]].assert_eq(&at("src/a.py").await.text);
    for (name, expected) in [
        ("cut", json!(["file", "a", false, true, 1000])),
        ("latin", json!(["file", null, true, false, 3])),
        ("nul", json!(["file", null, true, false, 2])),
        ("huge", json!(["file", null, true, true, 1_u64 << 40])),
        ("empty", json!(["file", "", false, false, 0])),
        ("link", json!(["link", "../../etc/passwd", false, false, null])),
        ("sub", json!(["submodule", "c".repeat(40), false, false, null])),
    ] {
        let view = at(name).await.json();
        let fields = ["kind", "text", "binary", "truncated", "size"].map(|field| view[field].clone());
        assert_eq!(json!(fields), expected, "{name}");
    }
    assert_eq!(at("nothing").await.error(), "404 file_not_found");
    assert_eq!(app.get(&format!("/api/sessions/{id}/checks")).await.json(), json!([]));
}

#[tokio::test]
async fn repositories_are_those_of_the_callers_sessions() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/api/repositories").await.json(), json!([]));
    app.create("x").await;
    app.create_of("alice", "no repository").await;
    expect_test::expect![[r#"[{"repo":"/srv/code","kind":"local","sessions":1,"active":1,"lastUsedAt":"2023-11-14T22:13:20.000Z","mirrored":true,"mirrorBytes":10,"bases":2,"basesBytes":20,"atLeast":true}]"#]].assert_eq(&app.get("/api/repositories").await.text);
}

#[tokio::test]
async fn defaults_are_for_everybody_who_may_read() {
    let app = TestApp::with(Setup { token_required: true, ..Setup::default() }).await;
    let token = app.token("ann", Scope::Read).await;
    let answer = app.send(app.request("GET", "/api/defaults").bearer_auth(&token)).await;
    expect_test::expect![[r#"{"agent":"goose","agentSetting":null,"policy":"standard","publish":null,"pipeline":"none","providers":[{"provider":"anthropic","ready":true},{"provider":"openai","ready":false}],"localPaths":true,"localRoots":[]}"#]].assert_eq(&answer.text);
}

#[tokio::test]
async fn settings_change_at_once_and_secrets_stay_inside() {
    let app = TestApp::start().await;
    expect_test::expect![[r#"{"settings":[{"key":"policy_mode","value":null,"source":"not set","about":"The setting policy_mode.","secret":false,"editable":true,"live":false},{"key":"anthropic_api_key","value":null,"source":"not set","about":"The setting anthropic_api_key.","secret":true,"editable":true,"live":true}],"providers":[{"provider":"anthropic","ready":true,"baseUrl":"https://models.example","keySetting":"anthropic_api_key","key":null,"source":"not set","editable":true,"check":null},{"provider":"openai","ready":false,"baseUrl":"https://models.example","keySetting":"","key":null,"source":"","editable":false,"check":null}],"restart":[]}"#]].assert_eq(&app.get("/api/config").await.text);
    let key = "sk-very-secret-0001";
    let body = json!({"set": {"anthropic_api_key": key, "policy_mode": "observe"}});
    let changed = app.call("PATCH", "/api/config", body).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert!(!changed.text.contains("very-secret"), "{}", changed.text);
    let changed = changed.json();
    assert_eq!(changed["restart"], json!(["policy_mode"]));
    assert_eq!(changed["providers"][0]["key"], "****");
    assert_eq!(app.get("/api/defaults").await.json()["policy"], "observe");
    let made = app.call("POST", "/api/sessions", json!({"prompt": "x"})).await.json();
    assert_eq!(made["policy"]["name"], "observe", "tasks that do not say get it at once");

    let checked = app.call("POST", "/api/config/check", json!({"provider": "anthropic"})).await;
    expect_test::expect![[r#"{"provider":"anthropic","ok":true,"problem":null,"remedy":null,"checkedAt":"2023-11-14T22:13:20.000Z"}"#]].assert_eq(&checked.text);
    let wrong = app.call("POST", "/api/config/check", json!({"provider": "openai"})).await;
    assert_eq!(
        (wrong.status, &wrong.json()["ok"], &wrong.json()["remedy"]),
        (200, &json!(false), &json!("set a key"))
    );
    assert_eq!(app.get("/api/config").await.json()["providers"][0]["check"], checked.json());
    let cleared = app.call("PATCH", "/api/config", json!({"unset": ["anthropic_api_key"]})).await.json();
    assert_eq!(
        (&cleared["providers"][0]["key"], &cleared["providers"][0]["check"]),
        (&json!(null), &json!(null))
    );
}

#[tokio::test]
async fn settings_that_cannot_be_changed_say_why() {
    let app = TestApp::start().await;
    let many: serde_json::Map<_, _> = (0..51).map(|n| (format!("k{n}"), json!("x"))).collect();
    for (body, expected) in [
        (json!({}), "400 invalid_setting"),
        (json!({"set": {"nonsense": "1"}}), "400 invalid_setting"),
        (json!({"set": {"policy_mode": "x".repeat(10_001)}}), "400 invalid_setting"),
        (json!({"set": many}), "400 invalid_setting"),
        (json!({"set": {"log": "debug"}}), "409 setting_elsewhere"),
        (json!({"set": {"policy_mode": "observe"}, "unset": ["policy_mode"]}), "400 invalid_field"),
        (json!({"set": {"policy_mode": 1}}), "400 invalid_field"),
        (json!({"other": 1}), "400 unknown_field"),
    ] {
        assert_eq!(app.call("PATCH", "/api/config", body.clone()).await.error(), expected, "{body}");
    }
    let check = async |body| app.call("POST", "/api/config/check", body).await.error();
    assert_eq!(check(json!({"provider": "nobody"})).await, "400 invalid_field");
    assert_eq!(check(json!({})).await, "400 invalid_field");
}
