//! `minimal` and `custom_agent`.

use expect_test::expect;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use telecoder_testkit::git_fixture::Fixture;

/// An example as a program. `cargo test` builds it beside the tests; where only this test was asked for, it is built here.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().unwrap().parent().unwrap();
    let path = profile.join("examples").join(name);
    if !path.is_file() {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--quiet", "--package", "telecoder", "--example", name, "--target-dir"]);
        cargo.arg(profile.parent().unwrap()).current_dir(env!("CARGO_MANIFEST_DIR"));
        assert!(cargo.status().unwrap().success());
    }
    path
}

/// An example with its own home and data folder, and nothing of the environment but PATH.
fn command(name: &str, folder: &Path) -> Command {
    let mut command = Command::new(example(name));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", folder).env("TELECODER_DATA_DIR", folder.join("data"));
    command.env("TELECODER_LISTEN", "127.0.0.1:0");
    command
}

#[test]
fn minimal_serves_until_it_is_told_to_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command("minimal", folder.path()).stdout(Stdio::piped()).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
    let address = url.trim().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /health HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains(r#""status":"ok""#), "{answer}");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn custom_agent_works_on_a_task_and_shows_its_events() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Fixture::small();
    let gym = telecoder_testkit::bin::path("telecoder-gym-agent");
    let mut command = command("custom_agent", folder.path());
    command.arg(&gym).arg(repository.path());
    command.arg(r#"Say it. GYM{"do":[{"write":["a.txt","x\n"]},{"say":"Wrote a file."}]}"#);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let kind = |line: &str| {
        let event = line.get(4..).and_then(|rest| serde_json::from_str::<serde_json::Value>(rest).ok());
        event.map_or_else(|| line.to_owned(), |event| event["type"].as_str().unwrap_or_default().to_owned())
    };
    let kinds: Vec<String> = text.lines().map(kind).collect();
    expect![[r#"
        status
        status
        step
        step
        git
        step
        step
        message
        status
        tool_call
        tool_update
        message
        step
        git
        outcome
        git
        pull_request
        status
        done
        complete: Wrote a file"#]]
    .assert_eq(&kinds.join("\n"));
    assert!(repository.git(&["branch", "--list", "telecoder/*"]).starts_with("  telecoder/"));
    let usage = Command::new(example("custom_agent")).output().unwrap();
    assert_eq!(usage.status.code(), Some(2));
}
