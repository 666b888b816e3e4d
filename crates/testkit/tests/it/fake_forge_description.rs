//! Every operation of the fake forge is called, and nothing breaks GitHub's description; what does break it is told.

use super::fake_forge_client::Caller;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use telecoder_testkit::fake_forge::{
    Access, CheckResult, FakeForge, NewIssue, NewPull, NewRepository, Verdict, Workflow, operations,
};

/// A forge with something of everything.
fn furnished() -> (FakeForge, String) {
    let forge = FakeForge::start();
    let demo =
        forge.add(NewRepository::new("octo/demo").file("README.md", "# Demo\n").file("docs/a.md", "a\n"));
    demo.grant("bo", Access::Write);
    let head = demo.commit("work", &[("README.md", "# Demo!\n"), ("new.txt", "new\n")], "Change");
    demo.add_issue(NewIssue::new("A bug", "It is broken.").author("outsider").label("bug"));
    demo.add_comment(1, "bo", "I see.");
    demo.add_pull(NewPull::new("Work", "work", "main").body("Please."));
    demo.review(2, "bo", Verdict::Approved, "Good.");
    demo.review_comment(2, "bo", "new.txt", Some(1), "Why?");
    demo.review_comment(2, "bo", "new.txt", None, "All of it?");
    demo.check(&head, "lint", CheckResult::InProgress);
    demo.status(&head, "ci/old", CheckResult::Failure);
    demo.workflow_run(Workflow::new(&head, "CI").job("test", CheckResult::Failure, "it failed\n"));
    let token = forge.token("octo");
    (forge, token)
}

fn read_everything(forge: &FakeForge, octo: &Caller) {
    let demo = forge.repository("octo/demo");
    let head = demo.head("work").unwrap();
    let comment = demo.comments(1)[0].id;
    let of_run = octo.get("/repos/octo/demo/actions/runs?per_page=1")["workflow_runs"][0]["id"].clone();
    let of_job = octo.get(&format!("/repos/octo/demo/actions/runs/{of_run}/jobs"))["jobs"][0]["id"].clone();
    for path in ["/rate_limit", "/user", "/users/bo", "/repos/octo/demo"] {
        octo.get(path);
    }
    for path in [
        "branches".to_owned(),
        "branches/work".to_owned(),
        "commits/work".to_owned(),
        "compare/main...work".to_owned(),
        "collaborators/bo/permission".to_owned(),
        "contents/docs/a.md".to_owned(),
        "contents/docs?ref=work".to_owned(),
        "git/ref/heads/work".to_owned(),
        "git/matching-refs/heads/wo".to_owned(),
        "pulls?state=all&head=octo:work&base=main&sort=updated&direction=desc".to_owned(),
        "pulls/2".to_owned(),
        "pulls/2/files".to_owned(),
        "pulls/2/commits".to_owned(),
        "pulls/2/reviews".to_owned(),
        "pulls/2/comments".to_owned(),
        "pulls/2/requested_reviewers".to_owned(),
        "issues?state=all&labels=bug".to_owned(),
        "issues/1".to_owned(),
        "issues/2".to_owned(),
        "issues/1/comments".to_owned(),
        format!("issues/comments/{comment}"),
        "issues/1/labels".to_owned(),
        format!("commits/{head}/check-runs?filter=latest"),
        format!("commits/{head}/status"),
        format!("commits/{head}/statuses"),
        format!("actions/runs?head_sha={head}"),
        format!("actions/runs/{of_run}"),
        format!("actions/jobs/{of_job}"),
    ] {
        octo.get(&format!("/repos/octo/demo/{path}"));
    }
    assert_eq!(octo.call("GET", "/repos/octo/demo/pulls/2/merge", &Value::Null).0, 404);
    assert_eq!(
        octo.call("GET", &format!("/repos/octo/demo/actions/jobs/{of_job}/logs"), &Value::Null).0,
        302
    );
}

fn write_everything(forge: &FakeForge, octo: &Caller) {
    let demo = forge.repository("octo/demo");
    let (main, work) = (demo.head("main").unwrap(), demo.head("work").unwrap());
    let send =
        |method: &str, path: &str, body: Value| octo.send(method, &format!("/repos/octo/demo/{path}"), &body);
    send("POST", "git/refs", json!({"ref": "refs/heads/side", "sha": main}));
    send("PATCH", "git/refs/heads/side", json!({"sha": work}));
    let side = send("POST", "pulls", json!({"title": "Side", "head": "side", "base": "main", "draft": true}));
    assert_eq!(
        (&side["number"], &side["draft"], &side["mergeable_state"]),
        (&json!(3), &json!(true), &json!("draft"))
    );
    send("PATCH", "pulls/3", json!({"title": "Side 2", "body": "", "state": "closed"}));
    send("DELETE", "git/refs/heads/side", Value::Null);
    send("POST", "pulls/2/requested_reviewers", json!({"reviewers": ["bo"]}));
    send("POST", "pulls/2/reviews", json!({"event": "COMMENT", "body": "Hm."}));
    let first = octo.get("/repos/octo/demo/pulls/2/comments")[0]["id"].clone();
    send("POST", &format!("pulls/2/comments/{first}/replies"), json!({"body": "Because."}));
    send("POST", "issues", json!({"title": "Another", "body": "text", "labels": ["bug"]}));
    send("PATCH", "issues/4", json!({"state": "closed", "labels": []}));
    let comment = send("POST", "issues/2/comments", json!({"body": "One."}))["id"].clone();
    send("PATCH", &format!("issues/comments/{comment}"), json!({"body": "Two."}));
    send("DELETE", &format!("issues/comments/{comment}"), Value::Null);
    send("POST", "issues/2/labels", json!({"labels": ["telecoder", "x"]}));
    send("DELETE", "issues/2/labels/x", Value::Null);
    assert_eq!(demo.labels(2), ["telecoder"]);
    send("PUT", "pulls/2/merge", json!({"merge_method": "squash", "sha": work}));
    assert_eq!(demo.log("main"), ["Work (#2)", "Initial commit"]);
    octo.send("GET", "/repos/octo/demo/pulls/2/merge", &Value::Null);
    assert!(demo.pull(2).merged);
}

fn use_an_app(forge: &FakeForge) {
    let app = forge.add_app("telecoder");
    let id = forge.install(&app, "octo", &["octo/demo"]);
    let jwt = Caller::new(forge, &app.jwt(forge.now()));
    for path in [
        "/app",
        "/app/installations",
        "/repos/octo/demo/installation",
        "/orgs/octo/installation",
        "/users/octo/installation",
    ] {
        jwt.get(path);
    }
    assert_eq!(jwt.get(&format!("/app/installations/{id}"))["account"]["login"], "octo");
    let body = json!({"repositories": ["demo"], "permissions": {"contents": "read"}});
    let made = jwt.send("POST", &format!("/app/installations/{id}/access_tokens"), &body);
    let bot = Caller::new(forge, made["token"].as_str().unwrap());
    assert_eq!(bot.get("/installation/repositories")["repositories"][0]["full_name"], "octo/demo");
    bot.send("DELETE", "/installation/token", &Value::Null);
    assert_eq!(bot.call("GET", "/installation/repositories", &Value::Null).0, 401);
}

#[test]
fn every_operation_answers_as_github_describes_it() {
    let (forge, token) = furnished();
    let octo = Caller::new(&forge, &token);
    read_everything(&forge, &octo);
    write_everything(&forge, &octo);
    use_an_app(&forge);
    assert_eq!(forge.violations(), [""; 0]);
    let called: BTreeSet<String> = forge.requests().into_iter().map(|request| request.operation).collect();
    let all: BTreeSet<String> = operations().into_iter().map(ToOwned::to_owned).collect();
    assert_eq!(all.difference(&called).collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(called.difference(&all).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn the_interface_stands_at_the_root_too() {
    let (forge, token) = furnished();
    let octo = Caller::at_the_root(&forge, &token);
    let pull = octo.get("/repos/octo/demo/pulls/2");
    assert_eq!(pull["url"], format!("{}/repos/octo/demo/pulls/2", forge.base_url()));
    assert_eq!(pull["html_url"], format!("{}/octo/demo/pull/2", forge.base_url()));
    let enterprise = Caller::new(&forge, &token).get("/repos/octo/demo/pulls/2");
    assert_eq!(enterprise["url"], format!("{}/repos/octo/demo/pulls/2", forge.api_url()));
    assert_eq!(forge.violations(), [""; 0]);
}

#[test]
fn what_breaks_the_description_is_told() {
    let (forge, token) = furnished();
    let octo = Caller::new(&forge, &token);
    octo.call(
        "POST",
        "/repos/octo/demo/pulls",
        &json!({"title": "x", "head": "work", "base": 5, "reviewer": "bo"}),
    );
    octo.call("POST", "/repos/octo/demo/pulls", &Value::Null);
    octo.call("GET", "/repos/octo/demo/pulls?stat=open&per_page=many", &Value::Null);
    octo.call("GET", "/repos/octo/demo/pulls?state=opened", &Value::Null);
    octo.call("GET", "/repos/octo/demo/wiki", &Value::Null);
    let log = octo.answer("GET", &log_address(&forge, &octo), &Value::Null);
    assert_eq!(log.status, 400);
    expect_test::expect![[r#"
        request pulls/create: /base: 5 is not of type "string"
        request pulls/create: no field `reviewer`
        request pulls/create: it needs a body
        request pulls/list: no parameter `stat`
        request pulls/list: parameter `per_page`: : "many" is not of type "integer"
        request pulls/list: parameter `state`: : "opened" is not one of "open", "closed" or "all"
        request GET /api/v3/repos/octo/demo/wiki: no such operation here
        request GET /logs/ID: a credential was sent to the store of logs"#]]
    .assert_eq(&without_ids(&forge.violations().join("\n")));
}

fn log_address(forge: &FakeForge, caller: &Caller) -> String {
    let run = caller.get("/repos/octo/demo/actions/runs")["workflow_runs"][0]["id"].clone();
    let job = caller.get(&format!("/repos/octo/demo/actions/runs/{run}/jobs"))["jobs"][0]["id"].clone();
    let answer = caller.answer("GET", &format!("/repos/octo/demo/actions/jobs/{job}/logs"), &Value::Null);
    let address = answer.header("location").unwrap().to_owned();
    assert!(!address.starts_with(&forge.base_url()));
    assert_eq!(Caller::nobody(forge).answer("GET", &address, &Value::Null).text(), "it failed\n");
    address
}

fn without_ids(text: &str) -> String {
    let at = text.find("/logs/").map_or(text.len(), |at| at + 6);
    let rest = text[at..].trim_start_matches(|letter: char| letter.is_ascii_digit());
    format!("{}ID{rest}", &text[..at])
}
