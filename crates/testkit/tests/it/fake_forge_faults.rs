//! Every fault of the fake forge really happens on the wire, and as often as it was planned.

use super::fake_forge_client::Caller;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use telecoder_testkit::fake_forge::{FakeForge, Fault, FaultKind, Hosted, NewRepository};
use telecoder_testkit::plain_http::Ended;

const PULLS: &str = "/repos/octo/demo/pulls";

fn demo(forge: &FakeForge) -> (Hosted, Caller) {
    let demo = forge.add(NewRepository::new("octo/demo"));
    demo.commit("work", &[("new.txt", "new\n")], "Change");
    (demo, Caller::new(forge, &forge.token("octo")))
}

fn open(octo: &Caller) -> std::io::Result<telecoder_testkit::plain_http::Answer> {
    octo.try_call("POST", PULLS, &[], &json!({"title": "Work", "head": "work", "base": "main"}))
}

#[test]
fn it_is_not_done_and_the_connection_drops() {
    let forge = FakeForge::start();
    let (demo, octo) = demo(&forge);
    forge.fault(Fault::on("pulls/create", FaultKind::DropBefore));
    assert!(open(&octo).is_err() && demo.pulls().is_empty());
    assert_eq!(open(&octo).unwrap().status, 201);
    let answered: Vec<Option<u16>> = forge.requests().into_iter().map(|request| request.status).collect();
    assert_eq!(answered, [None, Some(201)]);
}

#[test]
fn it_is_done_and_the_connection_drops() {
    let forge = FakeForge::start();
    let (demo, octo) = demo(&forge);
    forge.fault(Fault::on("POST /repos/*/pulls", FaultKind::DropAfter));
    assert!(open(&octo).is_err() && demo.pulls().len() == 1);
    assert_eq!(open(&octo).unwrap().status, 422);
}

#[test]
fn it_is_done_or_not_and_the_server_fails() {
    let forge = FakeForge::start();
    let (demo, octo) = demo(&forge);
    forge.fault(Fault::on("pulls/*", FaultKind::FailBefore(502)).times(2));
    assert_eq!([open(&octo).unwrap().status, open(&octo).unwrap().status], [502, 502]);
    assert!(demo.pulls().is_empty());
    forge.fault(Fault::on("pulls/*", FaultKind::FailAfter(500)));
    assert_eq!((open(&octo).unwrap().status, demo.pulls().len()), (500, 1));
}

#[test]
fn limits_say_when_they_end() {
    let forge = FakeForge::start();
    let (demo, octo) = demo(&forge);
    forge.fault(Fault::on("*", FaultKind::RateLimited { seconds: 30 }));
    let primary = open(&octo).unwrap();
    assert_eq!((primary.status, primary.header("x-ratelimit-remaining")), (403, Some("0")));
    assert_eq!(primary.header("retry-after"), None);
    assert!(primary.header("x-ratelimit-reset").unwrap().parse::<u64>().unwrap() <= forge.now() + 30);
    forge.fault(Fault::on("*", FaultKind::SecondaryLimited { seconds: 7 }));
    let secondary = open(&octo).unwrap();
    assert_eq!((secondary.status, secondary.header("retry-after")), (403, Some("7")));
    assert!(secondary.text().contains("secondary rate limit") && demo.pulls().is_empty());
    assert_ne!(secondary.header("x-ratelimit-remaining"), Some("0"));
}

#[test]
fn an_answer_comes_late_or_not_whole() {
    let forge = FakeForge::start();
    let (demo, octo) = demo(&forge);
    forge.fault(Fault::on("pulls/create", FaultKind::Slow(Duration::from_millis(120))));
    let begun = Instant::now();
    assert_eq!(open(&octo).unwrap().status, 201);
    assert!(begun.elapsed() >= Duration::from_millis(120));
    forge.fault(Fault::on("pulls/list", FaultKind::Truncated));
    let answer = octo.answer("GET", PULLS, &Value::Null);
    assert_eq!((answer.status, answer.ended), (200, Ended::Broken));
    assert!(!answer.body.is_empty() && serde_json::from_slice::<Value>(&answer.body).is_err());
    assert_eq!(demo.pulls().len(), 1);
}

#[test]
fn a_read_may_answer_what_was_true_before_the_last_write() {
    let forge = FakeForge::start();
    let (demo, octo) = demo(&forge);
    forge.fault(Fault::on("pulls/list", FaultKind::Stale).times(2).skip(1));
    let listed = || octo.get(PULLS).as_array().unwrap().len();
    assert_eq!(listed(), 0);
    open(&octo).unwrap();
    assert_eq!((open(&octo).unwrap().status, demo.pull(1).number), (422, 1));
    assert_eq!([listed(), listed(), listed()], [0, 0, 1]);
    let old = demo.head("work").unwrap();
    let new = demo.commit("work", &[("new.txt", "newer\n")], "More");
    forge.fault(Fault::on("git/get-ref", FaultKind::Stale));
    let head = || octo.get("/repos/octo/demo/git/ref/heads/work")["object"]["sha"].clone();
    assert_eq!([head(), head()], [json!(old), json!(new)]);
    assert_eq!(forge.violations(), [""; 0]);
}

#[tokio::test]
async fn requests_are_waited_for() {
    let forge = FakeForge::start();
    let (_, octo) = demo(&forge);
    let asking = tokio::task::spawn_blocking(move || open(&octo).unwrap().status);
    forge.wait_for("pulls/create", 1).await;
    assert_eq!(asking.await.unwrap(), 201);
}
