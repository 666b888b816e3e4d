//! The scripted model as a handle and as a program.

use super::client::command;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;
use telecoder_testkit::plain_http::{post_json, request};
use telecoder_testkit::scripted_model::ScriptedModel;

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn requests_are_recorded_and_waited_for() {
    let model = ScriptedModel::start().await;
    let url = format!("{}/chat/completions", model.openai_base_url());
    let asking = tokio::task::spawn_blocking(move || post_json(&url, "k1", &json!({"model": "m"}), PATIENCE));
    model.wait_for_requests(1).await;
    asking.await.unwrap().unwrap();
    let [recorded] = <[_; 1]>::try_from(model.requests()).unwrap();
    assert_eq!((recorded.number, recorded.method.as_str()), (1, "POST"));
    assert_eq!((recorded.path.as_str(), &recorded.body), ("/v1/chat/completions", &json!({"model": "m"})));
    assert_eq!(recorded.key.as_ref().map(|key| key.value.as_str()), Some("k1"));
    assert_eq!(recorded.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn it_stops_when_it_is_dropped() {
    let model = ScriptedModel::start().await;
    let address = model.address();
    assert!(std::net::TcpStream::connect(address).is_ok());
    drop(model);
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn the_program_prints_its_address_and_tells_what_it_was_asked() {
    let mut program = command(telecoder_testkit::bin::path("telecoder-scripted-model"));
    let mut child =
        program.args(["--listen", "127.0.0.1:0", "--key", "k"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let base = line.trim().strip_prefix("listening on ").unwrap();
    assert_eq!(post_json(&format!("{base}/v1/responses"), "k", &json!({}), PATIENCE).unwrap().status, 200);
    let told = request("GET", &format!("{base}/__requests"), &[], b"", PATIENCE).unwrap();
    let told: Value = serde_json::from_slice(&told.body).unwrap();
    assert_eq!(told["requests"][0]["path"], "/v1/responses");
    assert_eq!(request("DELETE", &format!("{base}/__requests"), &[], b"", PATIENCE).unwrap().status, 204);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_wrong_option_is_explained() {
    let output =
        command(telecoder_testkit::bin::path("telecoder-scripted-model")).arg("--help").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--listen ADDRESS"));
}
