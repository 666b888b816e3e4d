//! The scripted agent's main loop (dev layer): reads lines, answers requests, runs each turn on its own thread.

use super::act;
use super::actor::{Actor, Flow, Process};
use super::script::{self, Action};
use super::sessions::{MODES, Session};
use crate::surroundings;
use nix::sys::signal::{SigSet, Signal, raise};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The longest line that is read, in bytes.
const MAX_LINE: u64 = 64 << 20;

/// What is said where the prompt has no script.
const UNSCRIPTED: &str = "No script was given, so this is the scripted agent's plain answer.";

/// Actions that precede the answer to a request, by the request's short name (`initialize`, `new`, `load`).
type Start = Map<String, Value>;

/// Serves until the input ends. `start` is the JSON text of `--start`.
///
/// # Errors
/// If `start` cannot be understood or a thread cannot be started.
pub fn run(start: Option<&str>) -> Result<(), String> {
    let start: Start = match start {
        Some(text) => serde_json::from_str(text).map_err(|error| format!("--start: {error}"))?,
        None => Map::new(),
    };
    let process = Arc::new(Process { home: surroundings::gym_home(), ..Process::default() });
    watch_sigterm(&process)?;
    let agent = Agent { process: Arc::clone(&process), start, sessions: Mutex::default() };
    let agent = Arc::new(agent);
    let mut input = io::stdin().lock();
    let mut line = Vec::new();
    loop {
        while process.deaf.load(Ordering::SeqCst) {
            surroundings::pause(Duration::from_secs(1));
        }
        line.clear();
        let read = io::Read::take(&mut input, MAX_LINE).read_until(b'\n', &mut line);
        if !read.is_ok_and(|bytes| bytes > 0) {
            break;
        }
        while line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            line.pop();
        }
        let message: Option<Value> = serde_json::from_slice(&line).ok().filter(Value::is_object);
        process.receiving.lock().unwrap_or_else(PoisonError::into_inner).line(&line, message.as_ref());
        match message {
            Some(message) => agent.receive(&message)?,
            None => process.wire.answer(&Value::Null, &Err(error(-32700, "not a JSON-RPC message")))?,
        }
    }
    while process.ignores_end.load(Ordering::SeqCst) {
        surroundings::pause(Duration::from_secs(1));
    }
    Ok(())
}

/// The other lives of this program: `later FILE MILLISECONDS` writes the file after that time, in a session of its
/// own; `idle MILLISECONDS` only lives that long. Gives back `false` if the words mean neither.
pub fn later_child(words: &[String]) -> bool {
    let duration = |text: &String| Duration::from_millis(text.parse().unwrap_or(0));
    match words {
        [verb, file, wait] if verb == "later" => {
            surroundings::pause(duration(wait));
            // Nobody would hear of a failure; the missing file tells it.
            drop(std::fs::write(file, format!("written by process {}\n", std::process::id())));
            true
        }
        [verb, file, wait] if verb == "daemon" => {
            // It fails only where this process leads a session already.
            nix::unistd::setsid().ok();
            if let Ok(mut command) = surroundings::own_command() {
                drop(act::detached(command.args(["later", file, wait])).spawn());
            }
            true
        }
        [verb, wait] if verb == "idle" => {
            surroundings::pause(duration(wait));
            true
        }
        _ => false,
    }
}

/// Blocks SIGTERM for the whole process and lets one thread decide what it does.
fn watch_sigterm(process: &Arc<Process>) -> Result<(), String> {
    let mut terminate = SigSet::empty();
    terminate.add(Signal::SIGTERM);
    terminate.thread_block().map_err(|error| format!("cannot block SIGTERM: {error}"))?;
    let process = Arc::clone(process);
    let watch = move || {
        while terminate.wait().is_ok() {
            if process.ignores_sigterm.load(Ordering::SeqCst) {
                drop(std::fs::write(process.home.join("sigterm-ignored"), b""));
            } else {
                // The default action ends the process; nothing can be done if it does not.
                terminate.thread_unblock().and_then(|()| raise(Signal::SIGTERM)).ok();
            }
        }
    };
    std::thread::Builder::new()
        .spawn(watch)
        .map(drop)
        .map_err(|error| format!("cannot start a thread: {error}"))
}

fn error(code: i64, message: &str) -> Value {
    json!({"code": code, "message": message})
}

struct Agent {
    process: Arc<Process>,
    start: Start,
    sessions: Mutex<HashMap<String, Arc<Session>>>,
}

impl Agent {
    fn receive(self: &Arc<Self>, message: &Value) -> Result<(), String> {
        let Some(method) = message.get("method").and_then(Value::as_str) else {
            self.process.wire.settle(message);
            return Ok(());
        };
        let params = message.get("params").cloned().unwrap_or_default();
        let Some(id) = message.get("id").cloned() else {
            if let ("session/cancel", Ok(session)) = (method, self.session(&params)) {
                session.cancelled.store(true, Ordering::SeqCst);
            }
            return Ok(());
        };
        match method {
            "session/prompt" => self.prompt(id, params),
            "initialize" | "session/new" | "session/load" => {
                // On a thread of its own, because a script may hang here, and the reader must not.
                let agent = Arc::clone(self);
                let method = method.to_owned();
                let work = move || drop(agent.begin(&id, &method, &params));
                std::thread::Builder::new().spawn(work).map(drop).map_err(|error| error.to_string())
            }
            _ => self.process.wire.answer(&id, &self.simple(method, &params)),
        }
    }

    /// Requests that are answered at once.
    fn simple(&self, method: &str, params: &Value) -> Result<Value, Value> {
        match method {
            "authenticate" | "logout" => Ok(json!({})),
            "session/set_mode" => {
                let mode = params.get("modeId").and_then(Value::as_str).unwrap_or_default();
                if !MODES.contains(&mode) {
                    return Err(error(-32602, "there is no such mode"));
                }
                let session = self.session(params)?;
                session.set_mode(mode);
                let update = json!({"sessionUpdate": "current_mode_update", "currentModeId": mode});
                let params = json!({"sessionId": session.id, "update": update});
                drop(self.process.wire.notify("session/update", &params));
                Ok(json!({}))
            }
            "session/close" => {
                let session = self.session(params)?;
                session.cancelled.store(true, Ordering::SeqCst);
                self.lock().remove(&session.id);
                Ok(json!({}))
            }
            _ => Err(error(-32601, "method not found")),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Session>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn session(&self, params: &Value) -> Result<Arc<Session>, Value> {
        let id = params.get("sessionId").and_then(Value::as_str).unwrap_or_default();
        self.lock().get(id).cloned().ok_or_else(|| error(-32002, "there is no such session"))
    }

    /// Answers `initialize`, `session/new` and `session/load`, after the actions that were wished for.
    fn begin(&self, id: &Value, method: &str, params: &Value) -> Result<(), String> {
        let made = match method {
            "initialize" => Ok(None),
            "session/new" => self.create(params).map(Some),
            _ => self.load(params).map(Some),
        };
        let session = match &made {
            Ok(Some(session)) => Arc::clone(session),
            Ok(None) | Err(_) => Arc::new(Session::nowhere()),
        };
        let actor = self.actor(session, id.clone());
        let name = method.rsplit('/').next().unwrap_or(method);
        if let Some(actions) = self.start.get(name) {
            let flow = Action::list(actions).and_then(|actions| act::run(&actor, &actions));
            match flow {
                Ok(Flow::On | Flow::Stop(_)) => {}
                Ok(Flow::Fail(failure)) => return self.process.wire.answer(id, &Err(failure)),
                Err(problem) => return self.process.wire.answer(id, &Err(error(-32603, &problem))),
            }
        }
        let reply = made.map(|session| match session {
            None => capabilities(),
            Some(session) if method == "session/new" => {
                json!({"sessionId": session.id, "modes": modes(&session)})
            }
            Some(session) => json!({"modes": modes(&session)}),
        });
        self.process.wire.answer(id, &reply)
    }

    fn create(&self, params: &Value) -> Result<Arc<Session>, Value> {
        let cwd = folder(params)?;
        let made = Session::create(&self.process.home, &cwd);
        let session =
            made.map_err(|problem| error(-32603, &format!("cannot keep the session: {problem}")))?;
        let session = Arc::new(session);
        self.lock().insert(session.id.clone(), Arc::clone(&session));
        Ok(session)
    }

    fn load(&self, params: &Value) -> Result<Arc<Session>, Value> {
        let cwd = folder(params)?;
        let id = params.get("sessionId").and_then(Value::as_str).unwrap_or_default();
        let session = Session::open(&self.process.home, id, &cwd);
        let session = Arc::new(session.ok_or_else(|| error(-32002, "there is no such session"))?);
        for update in session.history() {
            let params = json!({"sessionId": session.id, "update": update});
            drop(self.process.wire.notify("session/update", &params));
        }
        self.lock().insert(session.id.clone(), Arc::clone(&session));
        Ok(session)
    }

    fn actor(&self, session: Arc<Session>, request: Value) -> Actor {
        Actor { process: Arc::clone(&self.process), session, request, usage: Arc::default() }
    }

    /// Begins a turn.
    fn prompt(&self, id: Value, params: Value) -> Result<(), String> {
        let session = match self.session(&params) {
            Ok(session) => session,
            Err(failure) => return self.process.wire.answer(&id, &Err(failure)),
        };
        if session.busy.swap(true, Ordering::SeqCst) {
            return self.process.wire.answer(&id, &Err(error(-32600, "a turn is under way already")));
        }
        session.cancelled.store(false, Ordering::SeqCst);
        session.ignores_cancel.store(false, Ordering::SeqCst);
        let actor = self.actor(session, id);
        std::thread::Builder::new()
            .spawn(move || drop(turn(&actor, &params)))
            .map(drop)
            .map_err(|error| format!("cannot start a thread: {error}"))
    }
}

/// Does what the prompt says and answers it.
fn turn(actor: &Actor, params: &Value) -> Result<(), String> {
    let text = prompt_text(params);
    let content = json!({"type": "text", "text": text});
    // Kept for the replay; an agent does not echo the prompt while it works.
    actor.session.remember(&json!({"sessionUpdate": "user_message_chunk", "content": content}));
    let flow = match script::find(&text) {
        Some(Ok(actions)) => act::run(actor, &actions),
        Some(Err(problem)) => Err(problem),
        None => actor.say(UNSCRIPTED).map(|()| Flow::On),
    };
    let stopped = actor.session.should_stop();
    let mut reply = match flow {
        Ok(Flow::On) if stopped => Ok(json!({"stopReason": "cancelled"})),
        Ok(Flow::On) => Ok(json!({"stopReason": "end_turn"})),
        Ok(Flow::Stop(reason)) => Ok(json!({"stopReason": reason})),
        Ok(Flow::Fail(failure)) => Err(failure),
        Err(problem) => Err(error(-32602, &problem)),
    };
    let usage = actor.usage.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let (Ok(Value::Object(reply)), Some(usage)) = (&mut reply, usage) {
        reply.insert("usage".to_owned(), usage);
    }
    actor.session.busy.store(false, Ordering::SeqCst);
    actor.process.wire.answer(&actor.request, &reply)
}

fn prompt_text(params: &Value) -> String {
    let blocks = params.get("prompt").and_then(Value::as_array).into_iter().flatten();
    let texts: Vec<&str> = blocks.filter_map(|block| block.get("text").and_then(Value::as_str)).collect();
    texts.join("\n")
}

fn folder(params: &Value) -> Result<PathBuf, Value> {
    let cwd = Path::new(params.get("cwd").and_then(Value::as_str).unwrap_or_default());
    if cwd.is_absolute() { Ok(cwd.to_owned()) } else { Err(error(-32602, "cwd must be an absolute path")) }
}

fn capabilities() -> Value {
    json!({
        "protocolVersion": 1,
        "agentInfo": {"name": "telecoder-gym-agent", "title": "Gym", "version": env!("CARGO_PKG_VERSION")},
        "agentCapabilities": {
            "loadSession": true,
            "promptCapabilities": {"image": false, "audio": false, "embeddedContext": true},
            "mcpCapabilities": {"http": false, "sse": false},
            "sessionCapabilities": {"close": {}},
        },
        "authMethods": [],
    })
}

fn modes(session: &Session) -> Value {
    let available: Vec<Value> = MODES.iter().map(|mode| json!({"id": mode, "name": mode})).collect();
    json!({"currentModeId": session.mode(), "availableModes": available})
}
