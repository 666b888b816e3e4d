//! The fake forge says no as GitHub does, pages its lists, and answers conditional requests.

use super::fake_forge_client::Caller;
use serde_json::{Value, json};
use std::time::Duration;
use telecoder_testkit::fake_forge::{Access, FakeForge, Hosted, NewIssue, NewPull, NewRepository, Token};

fn demo(forge: &FakeForge) -> (Hosted, Caller) {
    let demo = forge.add(NewRepository::new("octo/demo"));
    demo.commit("work", &[("new.txt", "new\n")], "Change");
    let token = forge.token("octo");
    (demo, Caller::new(forge, &token))
}

fn opening(head: &str) -> Value {
    json!({"title": "Work", "head": head, "base": "main", "body": "Please."})
}

/// Status and message of a call, and of its first error.
fn said(caller: &Caller, method: &str, path: &str, body: &Value) -> String {
    let (status, told) = caller.call(method, &format!("/repos/octo/demo{path}"), body);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let error = &told["errors"][0];
    format!("{status} {} {}{}", text(&told["message"]), text(&error["field"]), text(&error["message"]))
}

#[test]
fn a_pull_request_lives() {
    let forge = FakeForge::start();
    let (demo, octo) = demo(&forge);
    let opened = octo.send("POST", "/repos/octo/demo/pulls", &opening("work"));
    assert_eq!(
        (&opened["number"], &opened["state"], &opened["mergeable"]),
        (&json!(1), &json!("open"), &json!(true))
    );
    assert_eq!(opened["head"]["label"], "octo:work");
    let again = said(&octo, "POST", "/pulls", &opening("work"));
    assert_eq!(again, "422 Validation Failed A pull request already exists for octo:work.");
    let commit = demo.commit("work", &[("new.txt", "newer\n")], "More");
    assert_eq!(octo.get("/repos/octo/demo/pulls/1")["head"]["sha"], commit);
    demo.mergeable_unknown(1, 1);
    let mergeable = || octo.get("/repos/octo/demo/pulls/1")["mergeable"].clone();
    assert_eq!([mergeable(), mergeable()], [Value::Null, json!(true)]);
    demo.commit("main", &[("new.txt", "other\n")], "Conflict");
    let found = octo.get("/repos/octo/demo/pulls/1");
    assert_eq!((&found["mergeable"], &found["mergeable_state"]), (&json!(false), &json!("dirty")));
    assert_eq!(said(&octo, "PUT", "/pulls/1/merge", &Value::Null), "405 Pull Request is not mergeable ");
    demo.delete_branch("work");
    assert_eq!(demo.pull(1).state, "closed");
    assert_eq!(
        said(&octo, "PATCH", "/pulls/1", &json!({"state": "open"})),
        "422 Validation Failed state cannot be changed. The work branch has been deleted."
    );
    assert_eq!(forge.violations(), [""; 0]);
}

#[test]
fn what_cannot_be_is_refused() {
    let forge = FakeForge::start();
    let (demo, octo) = demo(&forge);
    let all = [
        said(&octo, "POST", "/pulls", &opening("nothing")),
        said(&octo, "POST", "/pulls", &json!({"title": "x", "head": "work", "base": "nothing"})),
        said(&octo, "POST", "/pulls", &json!({"title": "x", "head": "main", "base": "main"})),
        said(&octo, "POST", "/pulls", &json!({"head": "work", "base": "main"})),
        said(&octo, "POST", "/git/refs", &json!({"ref": "refs/heads/work", "sha": demo.head("main")})),
        said(&octo, "PATCH", "/git/refs/heads/work", &json!({"sha": demo.head("main")})),
        said(&octo, "DELETE", "/git/refs/heads/none", &Value::Null),
        said(&octo, "GET", "/branches/none", &Value::Null),
        said(&octo, "GET", "/pulls/9", &Value::Null),
        said(&octo, "GET", "/contents/none", &Value::Null),
        said(&octo, "POST", "/issues/9/comments", &json!({"body": "x"})),
        said(&octo, "POST", "/issues", &json!({"title": "long", "body": "x".repeat(65_537)})),
        said(&octo, "GET", "/commits/0123456789/check-runs", &Value::Null),
    ];
    expect_test::expect![[r#"
        422 Validation Failed head
        422 Validation Failed base
        422 Validation Failed No commits between main and main
        422 Validation Failed title
        422 Reference already exists 
        422 Update is not a fast forward 
        422 Reference does not exist 
        404 Branch not found 
        404 Not Found 
        404 Not Found 
        404 Not Found 
        422 Validation Failed body is too long (maximum is 65536 characters)
        422 No commit found for SHA: 0123456789 "#]]
    .assert_eq(&all.join("\n"));
    assert_eq!(forge.violations(), [""; 0]);
}

#[test]
fn who_may_not_is_told_why() {
    let forge = FakeForge::start();
    let (demo, octo) = demo(&forge);
    demo.grant("reader", Access::Read);
    let with = |secret: &str| Caller::new(&forge, secret);
    let scopeless = forge.add_token(Token::oauth("octo", &["read:user"]));
    let read_only = forge.add_token(Token::fine_grained("octo", &[("octo/demo", Access::Read)]));
    let open = |caller: &Caller| said(caller, "POST", "/pulls", &opening("work"));
    let archived = || {
        demo.archive();
        let said = open(&octo);
        demo.unarchive();
        said
    };
    let all = [
        said(&Caller::nobody(&forge), "GET", "", &Value::Null),
        said(&with("ghp_wrong"), "GET", "", &Value::Null),
        said(&with(&forge.token("stranger")), "GET", "", &Value::Null),
        said(&with(&scopeless), "GET", "", &Value::Null),
        open(&with(&read_only)),
        said(
            &with(&forge.token("reader")),
            "POST",
            "/git/refs",
            &json!({"ref": "refs/heads/x", "sha": demo.head("main")}),
        ),
        archived(),
        octo.try_call("GET", "/user", &[("user-agent", "")], &Value::Null).unwrap().status.to_string(),
    ];
    expect_test::expect![[r#"
        404 Not Found 
        401 Bad credentials 
        404 Not Found 
        404 Not Found 
        403 Resource not accessible by personal access token 
        403 Must have admin rights to Repository. 
        403 Repository was archived so is read-only. 
        200"#]]
    .assert_eq(&all.join("\n"));
    let answer = with(&scopeless).answer("GET", "/user", &Value::Null);
    assert_eq!(answer.header("x-oauth-scopes"), Some("read:user"));
    let answer = with(&read_only).answer("POST", "/repos/octo/demo/pulls", &opening("work"));
    assert_eq!(answer.header("x-accepted-github-permissions"), Some("pull_requests=write"));
    assert_eq!(answer.header("x-oauth-scopes"), None);
    assert_eq!(forge.violations(), [""; 0]);
}

#[test]
fn anybody_reads_what_is_public_and_comments_on_it() {
    let forge = FakeForge::start();
    let open = forge.add(NewRepository::new("octo/open").public());
    let number = open.add_issue(NewIssue::new("A bug", "text"));
    let found = Caller::nobody(&forge).get(&format!("/repos/octo/open/issues/{number}"));
    assert_eq!(found["author_association"], "OWNER");
    let stranger = Caller::new(&forge, &forge.token("stranger"));
    let comment = stranger.send(
        "POST",
        &format!("/repos/octo/open/issues/{number}/comments"),
        &json!({"body": "Me too"}),
    );
    assert_eq!(
        (&comment["author_association"], &comment["user"]["login"]),
        (&json!("NONE"), &json!("stranger"))
    );
    assert_eq!(
        stranger
            .call(
                "PATCH",
                &format!("/repos/octo/open/issues/comments/{}", comment["id"]),
                &json!({"body": "+1"})
            )
            .0,
        200
    );
    assert_eq!(forge.violations(), [""; 0]);
}

#[test]
fn lists_come_in_pages() {
    let forge = FakeForge::start();
    let (demo, octo) = demo(&forge);
    for number in 0..5 {
        demo.add_issue(NewIssue::new(&format!("Issue {number}"), ""));
    }
    let mut path = "/repos/octo/demo/issues?per_page=2".to_owned();
    let mut titles = Vec::new();
    loop {
        let answer = octo.answer("GET", &path, &Value::Null);
        let page: Value = serde_json::from_slice(&answer.body).unwrap();
        titles
            .extend(page.as_array().unwrap().iter().map(|issue| issue["title"].as_str().unwrap().to_owned()));
        let links = answer.header("link").unwrap().to_owned();
        let Some(next) = links.split(", ").find(|link| link.ends_with("rel=\"next\"")) else { break };
        path = next.split(['<', '>']).nth(1).unwrap().to_owned();
    }
    assert_eq!(titles, ["Issue 4", "Issue 3", "Issue 2", "Issue 1", "Issue 0"]);
    assert_eq!(octo.answer("GET", "/repos/octo/demo/issues", &Value::Null).header("link"), None);
    assert_eq!(forge.violations(), [""; 0]);
}

#[test]
fn what_did_not_change_is_not_sent_again_and_costs_nothing() {
    let forge = FakeForge::start();
    let (demo, octo) = demo(&forge);
    let number = demo.add_pull(NewPull::new("Work", "work", "main"));
    let path = format!("/repos/octo/demo/pulls/{number}");
    let first = octo.answer("GET", &path, &Value::Null);
    let tag = first.header("etag").unwrap().to_owned();
    let ask = || octo.try_call("GET", &path, &[("if-none-match", &tag)], &Value::Null).unwrap();
    let second = ask();
    assert_eq!((second.status, second.body.len(), second.header("etag")), (304, 0, Some(tag.as_str())));
    assert_eq!(first.header("x-ratelimit-remaining"), second.header("x-ratelimit-remaining"));
    demo.add_comment(number, "bo", "Hello");
    let third = ask();
    assert_eq!(third.status, 200);
    assert_ne!(third.header("etag"), Some(tag.as_str()));
}

#[test]
fn the_hourly_limit_ends_and_begins_again() {
    let forge = FakeForge::start();
    forge.add(NewRepository::new("octo/demo"));
    let token = forge.token("octo");
    let octo = Caller::new(&forge, &token);
    forge.rate_limit(&token, 1);
    assert_eq!(octo.answer("GET", "/user", &Value::Null).header("x-ratelimit-remaining"), Some("0"));
    let refused = octo.answer("GET", "/user", &Value::Null);
    assert_eq!((refused.status, refused.header("x-ratelimit-remaining")), (403, Some("0")));
    let reset: u64 = refused.header("x-ratelimit-reset").unwrap().parse().unwrap();
    assert!(refused.text().contains("API rate limit exceeded") && reset > forge.now());
    forge.advance(Duration::from_secs(3600));
    assert_eq!(octo.answer("GET", "/user", &Value::Null).status, 200);
}

#[test]
fn a_draft_becomes_ready_by_graphql_only() {
    let forge = FakeForge::start();
    let (demo, octo) = demo(&forge);
    let number = demo.add_pull(NewPull::new("Work", "work", "main").draft());
    let id = octo.get(&format!("/repos/octo/demo/pulls/{number}"))["node_id"].clone();
    octo.send("PATCH", &format!("/repos/octo/demo/pulls/{number}"), &json!({"draft": false}));
    assert!(demo.pull(number).draft);
    assert_eq!(forge.violations(), ["request pulls/update: no field `draft`"]);
    let query = "mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) { pullRequest { isDraft } } }";
    let url = format!("{}/api/graphql", forge.base_url());
    let told = octo.send("POST", &url, &json!({"query": query, "variables": {"id": id}}));
    assert_eq!(told["data"]["markPullRequestReadyForReview"]["pullRequest"]["isDraft"], false);
    assert!(!demo.pull(number).draft);
}
