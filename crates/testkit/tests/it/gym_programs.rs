//! The scripted agent starts, leaves behind, uses up and ends what its script says.

use super::client::Client;
use serde_json::{Value, json};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use telecoder_testkit::scripted_model::{ScriptedModel, prompt};
use telecoder_testkit::wait::until_blocking;
use tempfile::tempdir;

/// Waits for a file that another process writes.
fn arrives(path: &Path) {
    until_blocking("a file", || path.exists().then_some(()));
}

#[test]
fn a_command_tells_its_output_and_code() {
    let folder = tempdir().unwrap();
    let (mut client, session) = Client::with_session(folder.path());
    let script = json!([{"shell": "echo out; echo err >&2; exit 4", "into": "result.json"}]);
    let turn = client.turn(&session, &script);
    let last = turn.updates.last().unwrap();
    assert_eq!(last["status"], "failed");
    assert_eq!(last["rawOutput"]["exitCode"], 4);
    let result: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("result.json")).unwrap()).unwrap();
    assert_eq!((&result["code"], &result["output"]), (&json!(4), &json!("out\nerr\n")));
}

#[test]
fn a_daemon_outlives_the_agent() {
    let folder = tempdir().unwrap();
    let (mut client, session) = Client::with_session(folder.path());
    let id = client.prompt(&session, &json!([{"daemon": ["late.txt", 50]}]));
    client.answer(id);
    client.child.kill().unwrap();
    client.child.wait().unwrap();
    arrives(&folder.path().join("late.txt"));
}

#[test]
fn it_ends_as_the_script_says() {
    let folder = tempdir().unwrap();
    for (action, code, signal) in [
        (json!({"exit": 9}), Some(9), None),
        (json!({"signal": 9}), None, Some(9)),
        (json!({"signal": 15}), None, Some(15)),
        (json!({"signal": 11}), None, Some(11)),
    ] {
        let (mut client, session) = Client::with_session(folder.path());
        client.prompt(&session, &json!([action]));
        let status = client.child.wait().unwrap();
        assert_eq!((status.code(), status.signal()), (code, signal));
    }
}

#[expect(clippy::cast_possible_wrap, reason = "a process id fits")]
fn terminate(client: &Client) {
    let pid = nix::unistd::Pid::from_raw(client.child.id() as i32);
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
}

#[test]
fn sigterm_ends_it_unless_the_script_says_otherwise() {
    let folder = tempdir().unwrap();
    let (mut client, _) = Client::with_session(folder.path());
    terminate(&client);
    assert_eq!(client.child.wait().unwrap().signal(), Some(15));

    let (mut client, session) = Client::with_session(folder.path());
    client.turn(&session, &json!([{"ignoreSigterm": true}, {"ignoreEnd": true}]));
    terminate(&client);
    arrives(&folder.path().join(".gym/sigterm-ignored"));
    drop(client.stdin.take());
    assert_eq!(client.child.try_wait().unwrap(), None);
}

#[test]
fn harm_stays_within_its_bounds() {
    let folder = tempdir().unwrap();
    let (mut client, session) = Client::with_session(folder.path());
    let script = json!([
        {"forks": 3, "lifeMs": 1}, {"memory": 3_000_000}, {"disk": ["full", 2_000_000]}, {"disk": ["/dev/full", 1]},
        {"connect": "127.0.0.1:1"}, {"stderr": "a note"},
    ]);
    let said = client.turn(&session, &script).text();
    let expected = "forks: 3 of 3. memory: 3 MiB. disk: 2097152 bytes. disk: 0 bytes, then: No space left on device \
                    (os error 28). connect 127.0.0.1:1: failed: Connection refused (os error 111). ";
    assert_eq!(said, expected);
    assert_eq!(std::fs::metadata(folder.path().join("full")).unwrap().len(), 2 << 20);
}

/// How many children of a process there are, ended or not.
fn children(pid: u32) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let stats = processes.filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
    let parent = pid.to_string();
    stats.filter(|stat| stat.rsplit(')').next().unwrap().split(' ').nth(2) == Some(&parent)).count()
}

#[test]
fn children_that_have_ended_are_let_go() {
    let folder = tempdir().unwrap();
    let (mut client, session) = Client::with_session(folder.path());
    client.turn(&session, &json!([{"forks": 5, "lifeMs": 0}]));
    until_blocking("the end of all children", || {
        client.turn(&session, &json!([{"say": "next"}]));
        (children(client.child.id()) == 0).then_some(())
    });
}

#[test]
fn what_runs_meanwhile_goes_on_after_the_turn() {
    let folder = tempdir().unwrap();
    let (mut client, session) = Client::with_session(folder.path());
    let script = json!([{"meanwhile": [{"waitFor": "go"}, {"write": ["gone", ""]}]}, {"repeat": 2, "do": [{"say": "x"}]}]);
    assert_eq!(client.turn(&session, &script).text(), "xx");
    assert!(!folder.path().join("gone").exists());
    std::fs::write(folder.path().join("go"), "").unwrap();
    arrives(&folder.path().join("gone"));
}

#[test]
fn the_environment_is_told() {
    let folder = tempdir().unwrap();
    let mut client = Client::start(folder.path(), &[("SOME_KEY", "placeholder")], &[]);
    client.initialize();
    let session = client.new_session(folder.path());
    client.turn(&session, &json!([{"environment": "environment.json"}]));
    let told = std::fs::read(folder.path().join("environment.json")).unwrap();
    let told: Value = serde_json::from_slice(&told).unwrap();
    assert_eq!(told["SOME_KEY"], "placeholder");
    assert_eq!(told.as_object().unwrap().len(), 3);
}

#[test]
fn models_are_called_in_every_format() {
    let folder = tempdir().unwrap();
    let model = ScriptedModel::start_with_key("secret");
    let base = model.base_url();
    let environment = [
        ("OPENAI_HOST", base.as_str()),
        ("OPENAI_API_KEY", "secret"),
        ("ANTHROPIC_BASE_URL", &base),
        ("ANTHROPIC_API_KEY", "secret"),
        ("GOOGLE_GEMINI_BASE_URL", &base),
        ("GEMINI_API_KEY", "secret"),
    ];
    let mut client = Client::start(folder.path(), &environment, &[]);
    client.initialize();
    let session = client.new_session(folder.path());
    for api in ["chat", "responses", "anthropic", "gemini"] {
        for stream in [false, true] {
            let asked = prompt(&json!([{"text": "Fine."}]));
            let said = client.turn(&session, &json!([{"model": asked, "api": api, "stream": stream}])).text();
            assert!(said.starts_with("model: 200, ") && said.ends_with("ended properly. "), "{api}: {said}");
        }
        let cut = prompt(&json!([{"cut": "middle"}, {"text": "Fine."}]));
        let said = client.turn(&session, &json!([{"model": cut, "api": api, "stream": true}])).text();
        assert!(said.ends_with("ended broken. "), "{api}: {said}");
    }
    let said = client.turn(&session, &json!([{"model": "x", "key": "wrong"}])).text();
    assert!(said.starts_with("model: 401"), "{said}");
    let said = client.turn(&session, &json!([{"get": format!("{base}/nothing")}])).text();
    assert!(said.ends_with("404. "), "{said}");
    assert_eq!(model.requests().len(), 14);
}
