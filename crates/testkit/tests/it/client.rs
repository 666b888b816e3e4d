//! A small ACP client that drives the scripted agent: one line at a time, as they come.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use telecoder_testkit::gym;

/// A started agent.
pub(crate) struct Client {
    pub(crate) child: Child,
    pub(crate) stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    last_id: u64,
    /// All lines that were sent, with their newlines.
    pub(crate) sent: Vec<u8>,
}

/// What came before the answer to a request, and the answer.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) updates: Vec<Value>,
    /// Lines that are no JSON.
    pub(crate) broken: Vec<Vec<u8>>,
    /// Messages that are neither updates nor the awaited answer.
    pub(crate) other: Vec<Value>,
    pub(crate) answer: Value,
}

impl Turn {
    /// The text of all message chunks.
    pub(crate) fn text(&self) -> String {
        let chunks = self.updates.iter().filter(|update| update["sessionUpdate"] == "agent_message_chunk");
        chunks.filter_map(|update| update["content"]["text"].as_str()).collect()
    }

    pub(crate) fn stop_reason(&self) -> &str {
        self.answer["result"]["stopReason"].as_str().unwrap_or_default()
    }

    /// The kinds of the updates, in order.
    pub(crate) fn kinds(&self) -> Vec<&str> {
        self.updates.iter().filter_map(|update| update["sessionUpdate"].as_str()).collect()
    }
}

#[expect(clippy::disallowed_methods, reason = "the test starts the agent")]
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    Command::new(program)
}

impl Client {
    /// Starts an agent with a home and nothing else in its environment but these variables.
    pub(crate) fn start(home: &Path, environment: &[(&str, &str)], arguments: &[&str]) -> Self {
        let mut command = command(env!("CARGO_BIN_EXE_telecoder-gym-agent"));
        command.args(arguments).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home);
        command.envs(environment.iter().copied());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdin, stdout, last_id: 0, sent: Vec::new() }
    }

    /// Starts an agent and a session in it.
    pub(crate) fn with_session(folder: &Path) -> (Self, String) {
        let mut client = Self::start(folder, &[], &[]);
        client.initialize();
        let session = client.new_session(folder);
        (client, session)
    }

    pub(crate) fn send(&mut self, message: &Value) {
        let line = format!("{message}\n");
        self.stdin.as_mut().unwrap().write_all(line.as_bytes()).unwrap();
        self.sent.extend(line.as_bytes());
    }

    pub(crate) fn request(&mut self, method: &str, params: &Value) -> u64 {
        self.last_id += 1;
        self.send(&json!({"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params}));
        self.last_id
    }

    pub(crate) fn notify(&mut self, method: &str, params: &Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    /// One line of the agent; `None` at the end of its output.
    pub(crate) fn line(&mut self) -> Option<Vec<u8>> {
        let mut line = Vec::new();
        let read = self.stdout.read_until(b'\n', &mut line).unwrap();
        (read > 0).then_some(line)
    }

    /// The next message.
    pub(crate) fn message(&mut self) -> Value {
        serde_json::from_slice(&self.line().expect("the agent has ended")).unwrap()
    }

    /// Reads until the answer to a request.
    pub(crate) fn answer(&mut self, id: u64) -> Turn {
        let mut turn =
            Turn { updates: Vec::new(), broken: Vec::new(), other: Vec::new(), answer: Value::Null };
        loop {
            let line = self.line().expect("the agent ended before its answer");
            match serde_json::from_slice::<Value>(&line) {
                Err(_) => turn.broken.push(line),
                Ok(message) if message["method"] == "session/update" => {
                    turn.updates.push(message["params"]["update"].clone());
                }
                Ok(message) if message["id"] == id && message["method"].is_null() => {
                    turn.answer = message;
                    return turn;
                }
                Ok(message) => turn.other.push(message),
            }
        }
    }

    pub(crate) fn initialize(&mut self) -> Value {
        let id = self.request("initialize", &json!({"protocolVersion": 1, "clientCapabilities": {}}));
        self.answer(id).answer["result"].clone()
    }

    pub(crate) fn new_session(&mut self, folder: &Path) -> String {
        let id = self.request("session/new", &json!({"cwd": folder, "mcpServers": []}));
        self.answer(id).answer["result"]["sessionId"].as_str().unwrap().to_owned()
    }

    /// Sends a prompt with this script.
    pub(crate) fn prompt(&mut self, session: &str, actions: &Value) -> u64 {
        let text = format!("Please do it. {} Thank you.", gym::prompt(actions));
        self.request(
            "session/prompt",
            &json!({"sessionId": session, "prompt": [{"type": "text", "text": text}]}),
        )
    }

    /// Sends a prompt with this script and reads until it is answered.
    pub(crate) fn turn(&mut self, session: &str, actions: &Value) -> Turn {
        let id = self.prompt(session, actions);
        self.answer(id)
    }

    /// Closes the agent's input and waits for its end.
    pub(crate) fn end(mut self) -> ExitStatus {
        drop(self.stdin.take());
        self.child.wait().unwrap()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
