//! What people see and decide: inbox, approvals, publishing, pull requests.

use crate::app::{TestApp, words};
use serde_json::json;
use std::time::Duration;
use telecoder_model::decision::{Decision, DecisionState};
use telecoder_model::event::{PermissionOption, ToolCall, ToolDiff};
use telecoder_model::id::{SessionId, TenantId, UserId};
use telecoder_model::policy::ToolKind;
use telecoder_model::port::clock::Clock;
use telecoder_model::port::store::{Commit, Write};
use telecoder_model::session::Status;
use tokio::sync::watch;

/// The call that the second question is about.
fn subject(id: &str) -> Option<Box<ToolCall>> {
    (id == "d-2").then(|| {
        Box::new(ToolCall {
            id: "t1".to_owned(),
            input: Some(json!({"command": ["rm", "-rf", "build"], "cwd": "/w"})),
            locations: vec!["build".to_owned()],
            diffs: vec![ToolDiff { path: "a".to_owned(), old_text: None, new_text: "b".to_owned() }],
            ..ToolCall::default()
        })
    })
}

async fn ask(app: &TestApp, session: &SessionId, id: &str) {
    let now = app.clock.now();
    let mut commit = Commit::new(session.clone(), now);
    commit.writes.push(Write::NewDecision(Box::new(Decision {
        id: id.parse().unwrap(),
        session: session.clone(),
        tenant: TenantId::default_tenant(),
        owner: UserId::local(),
        title: "rm -rf build".to_owned(),
        kind: ToolKind::Execute,
        options: vec![PermissionOption {
            id: "once".to_owned(),
            name: "Allow".to_owned(),
            kind: "allow_once".to_owned(),
        }],
        subject: subject(id),
        request: "7".to_owned(),
        state: DecisionState::Pending,
        answered_by: None,
        note: None,
        created_at: now,
        answered_at: None,
    })));
    app.store.commit(commit).await.unwrap();
}

#[tokio::test]
async fn the_first_answer_to_an_approval_wins() {
    let app = TestApp::start().await;
    let session = app.create("x").await;
    ask(&app, &session, "d-1").await;
    app.clock.advance(Duration::from_secs(1));
    ask(&app, &session, "d-2").await;
    let listed = app.get("/api/approvals").await.json();
    assert_eq!((&listed[0]["id"], &listed[1]["id"]), (&json!("d-2"), &json!("d-1")));
    expect_test::expect![[r#"{"id":"d-1","sessionId":"SESSION","title":"rm -rf build","kind":"execute","options":[{"id":"once","name":"Allow","kind":"allow_once"}],"risk":"contained_write","reason":"The policy `standard` leaves this to a person.","askedBy":"goose","sessionTitle":"x","repo":"/srv/code","detail":null,"state":"pending","answeredBy":null,"note":null,"createdAt":"2023-11-14T22:13:20.000Z","answeredAt":null,"expiresAt":null}"#]].assert_eq(&listed[1].to_string().replace(session.as_str(), "SESSION"));
    assert_eq!(
        listed[0]["detail"],
        json!({
            "toolCallId": "t1",
            "command": "rm -rf build",
            "input": {"command": ["rm", "-rf", "build"], "cwd": "/w"},
            "diffs": [{"path": "a", "oldText": null, "newText": "b"}],
            "locations": ["build"]
        })
    );
    let yes = app.call("POST", "/api/approvals/d-1", json!({"decision": "approve", "note": " go on "})).await;
    let answered = yes.json();
    assert_eq!(
        (yes.status, &answered["state"], &answered["note"]),
        (200, &json!("approved"), &json!("go on"))
    );
    assert_eq!(answered["answeredBy"], "local");
    let no = app.call("POST", "/api/approvals/d-1", json!({"decision": "deny"})).await;
    assert_eq!(no.error(), "409 approval_answered");
    assert_eq!(app.get("/api/approvals").await.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_inbox_has_what_waits_then_what_ended_and_marks_what_is_new() {
    let app = TestApp::start().await;
    let first = app.create("first").await;
    app.finish(&first, Status::Complete).await;
    assert_eq!(app.call("POST", "/api/inbox/seen", json!({})).await.status, 204);
    app.clock.advance(Duration::from_secs(5));
    let second = app.create("second").await;
    app.finish(&second, Status::Error).await;
    let third = app.create("third").await;
    ask(&app, &third, "d-1").await;
    let inbox = app.get("/api/inbox").await.json();
    assert_eq!(inbox["waiting"][0]["approval"]["id"], "d-1");
    assert_eq!(inbox["waiting"][0]["session"]["id"], third.as_str());
    let finished: Vec<_> =
        inbox["finished"].as_array().unwrap().iter().map(|e| (&e["session"]["id"], &e["unread"])).collect();
    assert_eq!(finished, [(&json!(second.as_str()), &json!(true)), (&json!(first.as_str()), &json!(false))]);
    assert_eq!(app.get("/api/inbox?limit=1").await.json()["finished"].as_array().unwrap().len(), 1);
    let again = app.get("/api/inbox").await.json();
    assert_eq!(again["finished"][0]["unread"], true);
    assert_eq!((&again["unread"], &again["seenAt"]), (&json!(1), &json!("2023-11-14T22:13:20.000Z")));
}

#[tokio::test]
async fn a_session_is_published_once_and_its_pull_request_merged_once() {
    let app = TestApp::start().await;
    let (stop, told) = watch::channel(false);
    let engine = app.engine.clone();
    let id = app.create("Fix the sum").await;
    let path = format!("/api/sessions/{id}/publish");
    assert_eq!(app.call("POST", &path, json!({})).await.error(), "409 session_active");
    assert_eq!(app.call("POST", &format!("{path}/preview"), json!({})).await.error(), "409 session_active");
    app.call("POST", &format!("/api/sessions/{id}/stop"), json!({})).await;
    assert_eq!(app.call("POST", &path, json!({})).await.error(), "409 nothing_to_publish");
    app.change(&id, vec![words("done")], |session| {
        session.head = Some("b".repeat(40).parse().unwrap());
        session.base_commit = Some("a".repeat(40).parse().unwrap());
    })
    .await;
    assert_eq!(app.call("POST", &path, json!({"base": "-x"})).await.error(), "400 invalid_field");
    let preview = async |body| app.call("POST", &format!("{path}/preview"), body).await;
    let shown = preview(json!({"title": " Sum ", "draft": true, "body": "words"}))
        .await
        .text
        .replace(id.as_str(), "SESSION");
    expect_test::expect![[r#"{"sessionId":"SESSION","repo":"/srv/code","forge":"local","branch":"telecoder/SESSION","base":"main","title":"Sum","body":"words","draft":true,"existing":null}"#]].assert_eq(&shown);
    let body = preview(json!({})).await.json()["body"].as_str().unwrap().to_owned();
    assert!(body.starts_with("### Request\n\n> Fix the sum") && !body.contains("<!--"), "{body}");
    assert_eq!(preview(json!({"base": "-x"})).await.error(), "400 invalid_field");
    assert_eq!(app.get("/api/pulls").await.json(), json!([]), "nothing was published");
    let worker = tokio::spawn(async move { engine.run(told).await });
    let first = app.send(app.request("POST", &path)).await;
    assert_eq!(first.status, 201, "{}", first.text);
    let shown = first.text.replace(id.as_str(), "SESSION");
    expect_test::expect![[r#"{"sessionId":"SESSION","branch":"telecoder/SESSION","title":"Fix the sum","pullRequestNumber":1,"pullRequestUrl":"http://127.0.0.1/pulls/1","number":1,"url":"http://127.0.0.1/pulls/1"}"#]].assert_eq(&shown);
    let second = app.call("POST", &format!("/api/sessions/{id}/pr"), json!({"draft": false})).await;
    assert_eq!((second.status, second.json()["number"].clone()), (200, json!(1)), "{}", second.text);
    assert_eq!(preview(json!({})).await.json()["existing"]["number"], 1);
    assert_eq!(preview(json!({})).await.json()["body"], body);
    // A body that somebody gave stays, and so it is shown.
    assert_eq!(app.call("POST", &path, json!({"body": "By hand"})).await.status, 200);
    assert_eq!(preview(json!({})).await.json()["body"], "By hand");
    assert_eq!(preview(json!({"body": "Anew"})).await.json()["body"], "Anew");

    let pull = app.get("/api/pulls/1").await.json();
    let fields = ["number", "sessionId", "repo", "title", "base", "head", "headSha", "state", "mergeSha"];
    let shown: Vec<String> = fields.iter().map(|field| pull[field].to_string()).collect();
    expect_test::expect![[r#"1 "SESSION" "/srv/code" "Fix the sum" "main" "telecoder/SESSION" "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" "open" null"#]].assert_eq(&shown.join(" ").replace(id.as_str(), "SESSION"));
    assert_eq!(app.get(&format!("/api/pulls?state=open&session={id}&repo=/srv/code")).await.json()[0], pull);
    assert_eq!(app.get("/api/pulls?state=merged,closed").await.json(), json!([]));
    let merged = app.call("POST", "/api/pulls/1/merge", json!({})).await;
    assert_eq!((merged.status, merged.json()["state"].clone()), (200, json!("merged")), "{}", merged.text);
    assert_eq!(app.call("POST", "/api/pulls/1/close", json!({})).await.error(), "409 pull_not_open");
    assert_eq!(app.get(&format!("/api/sessions/{id}")).await.json()["prState"], "merged");
    stop.send(true).unwrap();
    worker.await.unwrap().unwrap();
}
