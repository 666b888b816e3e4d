//! The fake forge as a program: orders by HTTP, and what it tells.

use super::client::command;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;
use telecoder_testkit::plain_http::request;

const PATIENCE: Duration = Duration::from_secs(20);

struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn start(arguments: &[&str]) -> (Program, String) {
    let mut program = command(telecoder_testkit::bin::path("telecoder-fake-forge"));
    let mut child = Program(program.args(arguments).stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let base = line.trim().strip_prefix("listening on ").unwrap().to_owned();
    (child, base)
}

fn ask(method: &str, url: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = request(method, url, &[("user-agent", "test")], body.as_bytes(), PATIENCE).unwrap();
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
}

#[test]
fn it_is_furnished_by_orders() {
    let folder = tempfile::tempdir().unwrap();
    let seed = folder.path().join("seed.json");
    let orders =
        json!([{"order": "add_repository", "name": "octo/demo", "public": true, "files": {"a.txt": "a"}}]);
    std::fs::write(&seed, orders.to_string()).unwrap();
    let (_program, base) = start(&["--listen", "127.0.0.1:0", "--seed", seed.to_str().unwrap()]);
    let order = |body: Value| ask("POST", &format!("{base}/_control"), &body);
    let name = "octo/demo";
    order(
        json!({"order": "commit", "name": name, "branch": "work", "files": {"b.txt": "b"}, "subject": "b"}),
    );
    let opened =
        order(json!({"order": "add_pull", "name": name, "title": "T", "head": "work", "base": "main"}));
    assert_eq!(opened, (200, json!({"number": 1})));
    order(json!({"order": "fault", "on": "repos/get", "fault": "fail_before", "status": 503}));
    let get = || ask("GET", &format!("{base}/repos/octo/demo"), &Value::Null).0;
    assert_eq!([get(), get()], [503, 200]);
    let state = ask("GET", &format!("{base}/_control/state"), &Value::Null).1;
    assert_eq!(state["octo/demo"]["pulls"][0]["head"], "octo:work");
    let requests = ask("GET", &format!("{base}/_control/requests"), &Value::Null).1;
    assert_eq!(requests.as_array().unwrap().len(), 2);
    assert_eq!(ask("GET", &format!("{base}/_control/violations"), &Value::Null).1, json!([]));
}

#[test]
fn a_wrong_order_is_explained() {
    let (_program, base) = start(&[]);
    let order = |body: Value| ask("POST", &format!("{base}/_control"), &body);
    assert_eq!(order(json!({"order": "sing"})).0, 400);
    let (status, told) = order(json!({"order": "merge", "name": "octo/none", "number": 1}));
    assert_eq!((status, &told["message"]), (422, &json!("there is no repository octo/none")));
    order(json!({"order": "add_repository", "name": "octo/demo"}));
    assert_eq!(order(json!({"order": "merge", "name": "octo/demo", "number": 1})).0, 422);
    assert_eq!(order(json!({"order": "add_token", "login": "octo", "scopes": ["repo"]})).0, 200);
}
