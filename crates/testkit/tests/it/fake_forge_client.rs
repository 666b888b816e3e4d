//! A client of the fake forge for its tests: REST over plain HTTP, and real git.

use super::client::command;
use serde_json::Value;
use std::path::Path;
use std::process::Output;
use std::time::Duration;
use telecoder_testkit::fake_forge::FakeForge;
use telecoder_testkit::plain_http::{Answer, Ended, request};

const PATIENCE: Duration = Duration::from_secs(20);

/// Somebody with a token.
pub(crate) struct Caller {
    base: String,
    authorization: Option<String>,
}

impl Caller {
    /// Through the Enterprise address.
    pub(crate) fn new(forge: &FakeForge, token: &str) -> Self {
        Self { base: forge.api_url(), authorization: Some(format!("Bearer {token}")) }
    }

    /// At the root, as on api.github.com.
    pub(crate) fn at_the_root(forge: &FakeForge, token: &str) -> Self {
        Self { base: forge.base_url(), authorization: Some(format!("token {token}")) }
    }

    pub(crate) fn nobody(forge: &FakeForge) -> Self {
        Self { base: forge.api_url(), authorization: None }
    }

    pub(crate) fn try_call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> std::io::Result<Answer> {
        let mut all = vec![("user-agent", "test"), ("accept", "application/vnd.github+json")];
        all.extend(self.authorization.as_deref().map(|value| ("authorization", value)));
        all.extend(headers);
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        request(method, &url, &all, &body, PATIENCE)
    }

    pub(crate) fn answer(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.try_call(method, path, &[], body).unwrap()
    }

    /// The status and the JSON of a call.
    pub(crate) fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let answer = self.answer(method, path, body);
        assert_eq!(answer.ended, Ended::Properly, "{method} {path}");
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
    }

    /// The JSON of a read that succeeds.
    pub(crate) fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, &Value::Null);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// The JSON of a write that succeeds.
    pub(crate) fn send(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, told) = self.call(method, path, body);
        assert!((200..300).contains(&status), "{method} {path}: {status} {told}");
        told
    }
}

/// git in a folder, with a token or without, and nothing of the user's configuration.
pub(crate) fn git(folder: &Path, token: Option<&str>, arguments: &[&str]) -> Output {
    use base64::Engine;
    let mut git = command("git");
    git.args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0");
    git.env("GIT_CONFIG_NOSYSTEM", "1").env("LC_ALL", "C");
    for role in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{role}_NAME"), "Bo").env(format!("GIT_{role}_EMAIL"), "bo@example.org");
    }
    if let Some(token) = token {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("x-access-token:{token}"));
        git.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "http.extraHeader");
        git.env("GIT_CONFIG_VALUE_0", format!("Authorization: Basic {pair}"));
    }
    git.output().unwrap()
}

/// git that succeeds: its standard output.
pub(crate) fn git_ok(folder: &Path, token: Option<&str>, arguments: &[&str]) -> String {
    let output = git(folder, token, arguments);
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// git that fails: what it complains of.
pub(crate) fn git_fails(folder: &Path, token: Option<&str>, arguments: &[&str]) -> String {
    let output = git(folder, token, arguments);
    assert!(!output.status.success(), "git {arguments:?} succeeded");
    String::from_utf8(output.stderr).unwrap()
}
