//! Sessions over HTTP: whole answers.

use crate::app::TestApp;
use serde_json::{Value, json};
use std::time::Duration;
use telecoder_model::event::EventBody;
use telecoder_model::outcome::{Claims, Outcome};
use telecoder_model::pull::{PullNews, PullState};
use telecoder_model::session::{DiffStat, FailureKind, ResultKind, SessionPull, Status};
use telecoder_model::usage::Usage;

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

#[tokio::test]
async fn a_new_session_is_answered_whole() {
    let app = TestApp::start().await;
    let body = json!({
        "prompt": "  Fix the sum\nplease ", "repo": "file:///srv//code/", "agent": "auto", "ref": "main", "pipeline": "verify",
        "requester": {"name": "Ann", "email": "ann@example.org"}
    });
    let answer = app.call("POST", "/api/sessions", body).await;
    assert_eq!(answer.status, 201);
    let session = answer.json();
    assert_eq!(answer.header("location"), format!("/api/sessions/{}", session["id"].as_str().unwrap()));
    assert_eq!(app.get(answer.header("location")).await.json(), session);
    expect_test::expect![[r#"
        {
          "id": "fbmwddfk42ze",
          "repo": "/srv/code",
          "prompt": "Fix the sum\nplease",
          "title": "Fix the sum",
          "mode": "task",
          "agent": "goose",
          "model": null,
          "policy": {
            "name": "standard",
            "workspace": "keep",
            "permissions": "approve_all",
            "publish": "auto",
            "timeSeconds": 1800,
            "memoryBytes": 2147483648,
            "cpuMillis": 2000,
            "processes": 512,
            "outputBytes": 268435456
          },
          "pipeline": "verify",
          "status": "pending",
          "failureKind": null,
          "error": null,
          "hint": null,
          "branch": "telecoder/fbmwddfk42ze",
          "base": "main",
          "headSha": null,
          "parentSessionId": null,
          "attempt": 0,
          "source": "api",
          "requester": {
            "name": "Ann",
            "email": "ann@example.org"
          },
          "outcome": null,
          "checks": [],
          "diffStat": null,
          "result": "none",
          "resultText": null,
          "prUrl": null,
          "prNumber": null,
          "prState": null,
          "prHeadSha": null,
          "prBase": null,
          "prRepo": "/srv/code",
          "prMergeable": null,
          "prChecks": [],
          "prReviews": [],
          "sourcePr": null,
          "sourceIssue": null,
          "usage": {
            "inputTokens": 0,
            "outputTokens": 0,
            "cachedTokens": 0,
            "costUsd": null,
            "durationMs": 0
          },
          "budgetUsd": null,
          "createdAt": "2023-11-14T22:13:20.000Z",
          "startedAt": null,
          "finishedAt": null,
          "updatedAt": "2023-11-14T22:13:20.000Z",
          "workspaceRemovedAt": null
        }"#]]
    .assert_eq(&pretty(&session));
}

#[tokio::test]
async fn a_finished_session_shows_everything() {
    let app = TestApp::start().await;
    let id = app.create("fix it").await;
    app.change(&id, vec![EventBody::Done { status: Status::Error }], |session| {
        session.status = Status::Error;
        session.failure = Some(FailureKind::ForgeError);
        session.error = Some("the forge said no".to_owned());
        session.head = Some("b".repeat(40).parse().unwrap());
        session.outcome = Some(Outcome {
            headline: "Fixed the sum".to_owned(),
            changed: vec!["calc.py (+1 −1)".to_owned()],
            uncertain: vec!["nothing was run".to_owned()],
            claims: Claims { verified: vec!["all".to_owned()], ..Claims::default() },
            ..Outcome::default()
        });
        session.diff = Some(DiffStat { files: 1, additions: 1, deletions: 1 });
        session.result = ResultKind::Pr;
        session.pull = Some(SessionPull {
            number: 3,
            url: "http://127.0.0.1/3".to_owned(),
            state: PullState::Open,
            head: "b".repeat(40).parse().unwrap(),
            pushed: Some("c".repeat(40).parse().unwrap()),
            base: Some("main".parse().unwrap()),
            order: None,
            body_given: false,
            news: PullNews::default(),
        });
        session.usage = Usage {
            input_tokens: 10,
            output_tokens: 2,
            cached_tokens: 1,
            cost_micros: Some(12_345),
            calls: 4,
            duration_ms: 900,
        };
        session.turns = 1;
        session.finished_at = Some(session.created_at.plus(Duration::from_secs(9)));
    })
    .await;
    let session = app.get(&format!("/api/sessions/{id}")).await.json();
    let mut shown = json!({});
    for field in [
        "title",
        "status",
        "failureKind",
        "error",
        "headSha",
        "outcome",
        "checks",
        "diffStat",
        "result",
        "resultText",
        "prUrl",
        "prNumber",
        "prState",
        "usage",
        "finishedAt",
    ] {
        shown[field] = session[field].clone();
    }
    expect_test::expect![[r#"
        {
          "title": "Fixed the sum",
          "status": "error",
          "failureKind": "forge_error",
          "error": "the forge said no",
          "headSha": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
          "outcome": {
            "headline": "Fixed the sum",
            "changed": [
              "calc.py (+1 −1)"
            ],
            "verified": [],
            "uncertain": [
              "nothing was run"
            ],
            "next": [],
            "claims": {
              "changed": [],
              "verified": [
                "all"
              ],
              "uncertain": [],
              "next": []
            }
          },
          "checks": [],
          "diffStat": {
            "files": 1,
            "additions": 1,
            "deletions": 1
          },
          "result": "pr",
          "resultText": null,
          "prUrl": "http://127.0.0.1/3",
          "prNumber": 3,
          "prState": "open",
          "usage": {
            "inputTokens": 10,
            "outputTokens": 2,
            "cachedTokens": 1,
            "costUsd": 0.012345,
            "durationMs": 900
          },
          "finishedAt": "2023-11-14T22:13:29.000Z"
        }"#]]
    .assert_eq(&pretty(&shown));
    let usage = app.get(&format!("/api/sessions/{id}/usage")).await.json();
    assert_eq!(
        usage,
        json!({"sessionId": id.as_str(), "inputTokens": 10, "outputTokens": 2, "cachedTokens": 1, "costUsd": 0.012345,
            "durationMs": 900, "calls": 4, "turns": 1})
    );
}

#[tokio::test]
async fn where_a_session_comes_from_is_seen_by_who_sends_it() {
    let app = TestApp::start().await;
    let with = async |name: &str, value: String| {
        let request = app
            .request("POST", "/api/sessions")
            .header("content-type", "application/json")
            .header(name, value);
        app.send(request.body("{\"prompt\": \"x\"}")).await.json()["source"].clone()
    };
    assert_eq!(with("user-agent", "telecoder-cli/1.0".to_owned()).await, "cli");
    assert_eq!(with("user-agent", "curl/8".to_owned()).await, "api");
    assert_eq!(with("origin", format!("http://{}", app.address)).await, "web");
}

#[tokio::test]
async fn lists_are_newest_first_filtered_and_paged() {
    let app = TestApp::start().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        app.clock.advance(Duration::from_secs(1));
        ids.push(app.create(&format!("task {number}")).await.to_string());
    }
    ids.reverse();
    let list = async |query: &str| {
        let answer = app.get(&format!("/api/sessions{query}")).await;
        let got: Vec<String> = answer
            .json()
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["id"].as_str().unwrap().to_owned())
            .collect();
        (got, answer.header("link").to_owned())
    };
    assert_eq!(list("").await, (ids.clone(), String::new()));
    let mut walked = Vec::new();
    let mut next = "?limit=2&status=pending".to_owned();
    loop {
        let (rows, link) = list(&next).await;
        walked.extend(rows);
        let Some(rest) = link.strip_prefix("</api/sessions") else {
            break;
        };
        let target = rest.strip_suffix(">; rel=\"next\"").unwrap();
        assert!(target.starts_with("?limit=2&status=pending&cursor="), "{target}");
        target.clone_into(&mut next);
    }
    assert_eq!(walked, ids);
    let first = ids.last().unwrap().parse().unwrap();
    app.finish(&first, Status::Complete).await;
    assert_eq!(list("?status=complete").await.0, [first.to_string()]);
    assert_eq!(list("?status=active").await.0, ids[..4]);
    assert_eq!(list("?status=active,complete").await.0.len(), 5);
    assert_eq!(list("?q=TASK%203").await.0, [ids[1].clone()]);
    assert_eq!(list("?repo=/srv/code&agent=goose&policy=standard").await.0.len(), 5);
    assert_eq!(list("?repo=/srv/other").await.0.len(), 0);
    assert_eq!(list(&format!("?lineage={first}")).await.0, [first.to_string()]);
}

#[tokio::test]
async fn an_id_may_be_shortened_while_it_is_unique() {
    let app = TestApp::start().await;
    let id = app.create("x").await;
    for prefix in [&id.as_str()[..4], &id.as_str()[..11], &id.as_str().to_uppercase()] {
        assert_eq!(app.get(&format!("/api/sessions/{prefix}")).await.json()["id"], id.as_str());
    }
    assert_eq!(app.get("/api/sessions/0189").await.error(), "404 session_not_found");
}

#[tokio::test]
async fn a_session_is_renamed_stopped_and_run_again() {
    let app = TestApp::start().await;
    let id = app.create("fix it").await;
    let path = format!("/api/sessions/{id}");
    assert_eq!(app.call("PATCH", &path, json!({"title": " "})).await.error(), "400 invalid_field");
    assert_eq!(
        app.call("PATCH", &path, json!({"title": "Better title"})).await.json()["title"],
        "Better title"
    );
    assert_eq!(app.call("POST", &format!("{path}/rerun"), json!({})).await.error(), "409 session_active");
    let bare = app.send(app.request("POST", &format!("{path}/stop"))).await;
    assert_eq!((bare.status, bare.json()["status"].clone()), (200, json!("stopped")));
    assert_eq!(app.call("POST", &format!("{path}/stop"), json!({})).await.json()["status"], "stopped");
    app.clock.advance(Duration::from_secs(1));
    let again = app.call("POST", &format!("{path}/rerun"), json!({})).await;
    assert_eq!(again.status, 201);
    assert_eq!(again.json()["parentSessionId"], id.as_str());
    let line = app.get(&format!("{path}/lineage")).await.json();
    let ids: Vec<&Value> = line.as_array().unwrap().iter().map(|row| &row["id"]).collect();
    assert_eq!(ids, [&json!(id.as_str()), &again.json()["id"]]);
    let children = app.get(&format!("/api/sessions?parent={}", &id.as_str()[..8])).await.json();
    assert_eq!(children[0]["id"], again.json()["id"]);
}

#[tokio::test]
async fn messages_are_queued_and_listed_in_order() {
    let app = TestApp::start().await;
    let id = app.create("first").await;
    let path = format!("/api/sessions/{id}/messages");
    assert_eq!(app.call("POST", &path, json!({"content": " "})).await.error(), "400 prompt_invalid");
    assert_eq!(
        app.call("POST", &path, json!({"content": "x", "queue": "later"})).await.error(),
        "400 invalid_field"
    );
    let sent = app.call("POST", &path, json!({"content": "and then?", "queue": "steer"})).await;
    assert_eq!(sent.status, 202);
    expect_test::expect![[r#"
        [
          {
            "number": 1,
            "author": "local",
            "content": "first",
            "queue": "followup",
            "state": "queued",
            "turn": null,
            "createdAt": "2023-11-14T22:13:20.000Z"
          },
          {
            "number": 2,
            "author": "local",
            "content": "and then?",
            "queue": "steer",
            "state": "queued",
            "turn": null,
            "createdAt": "2023-11-14T22:13:20.000Z"
          }
        ]"#]]
    .assert_eq(&pretty(&app.get(&path).await.json()));
    assert_eq!(app.get(&path).await.json()[1], sent.json());
}

#[tokio::test]
async fn a_change_is_shown_by_hunks_or_as_a_patch() {
    let app = TestApp::start().await;
    let id = app.create("x").await;
    let path = format!("/api/sessions/{id}/diff");
    let empty = json!({"stat": {"files": 0, "additions": 0, "deletions": 0}, "files": []});
    assert_eq!(app.get(&path).await.json(), empty);
    app.change(&id, Vec::new(), |session| {
        session.head = Some("b".repeat(40).parse().unwrap());
        session.diff = Some(DiffStat { files: 1, additions: 1, deletions: 1 });
    })
    .await;
    expect_test::expect![[r#"{"stat":{"files":1,"additions":1,"deletions":1},"files":[{"path":"calc.py","oldPath":null,"change":"modified","binary":false,"additions":1,"deletions":1,"hunks":[{"oldStart":1,"newStart":1,"heading":"def add","lines":[{"kind":"removed","text":"a"},{"kind":"added","text":"b"},{"kind":"context","text":"c"}]}]}]}"#]].assert_eq(&app.get(&path).await.text);
    let response = app.request("GET", &format!("{path}?format=patch")).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/x-diff");
    assert_eq!(&response.bytes().await.unwrap()[..], b"diff --git a/calc.py b/calc.py\n-\xff\n+b\n");
    assert_eq!(app.get(&format!("{path}?format=xml")).await.error(), "400 invalid_parameter");
}
