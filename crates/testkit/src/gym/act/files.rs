//! Actions on files (dev layer). Relative paths are below the session's folder. A failure is said, and the turn goes on.
//!
//! `{"write": [PATH, TEXT]}` · `{"append": [PATH, TEXT]}` · `{"delete": PATH}` (a folder with everything in it) ·
//! `{"read": PATH}` (says its first 64 KiB) · `{"report": PATH}` (writes what was received, see
//! [`Received`](crate::gym::Received)) · `{"environment": PATH}` (writes the whole environment as JSON).

use super::Verb;
use crate::gym::actor::{Actor, Done, Flow};
use crate::gym::script::Action;
use crate::surroundings;
use serde_json::{Value, json};
use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

const MAX_SAID: u64 = 64 << 10;

pub(super) const VERBS: &[Verb] = &[
    ("write", write),
    ("append", append),
    ("delete", delete),
    ("read", read),
    ("report", report),
    ("environment", environment),
];

/// Announces an edit, does it, and says how it went.
fn announced(actor: &Actor, path: &Path, verb: &str, edit: impl FnOnce() -> io::Result<()>) -> Done {
    let id = actor.tool_id();
    let title = format!("{verb} {}", path.display());
    actor.update(&json!({
        "sessionUpdate": "tool_call", "toolCallId": id, "title": title, "kind": "edit", "status": "in_progress",
        "locations": [{"path": path}],
    }))?;
    let (status, text) = match edit() {
        Ok(()) => ("completed", format!("{title}: done")),
        Err(error) => ("failed", format!("{title}: {error}")),
    };
    let content = json!([{"type": "content", "content": {"type": "text", "text": text}}]);
    actor.update(&json!({
        "sessionUpdate": "tool_call_update", "toolCallId": id, "status": status, "content": content,
    }))?;
    if status == "failed" {
        actor.say(&text)?;
    }
    Ok(Flow::On)
}

fn with_parents(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

fn write(actor: &Actor, action: &Action) -> Done {
    let (path, text) = action.pair()?;
    let path = actor.session.path(path);
    announced(actor, &path, "write", || with_parents(&path).and_then(|()| fs::write(&path, text)))
}

fn append(actor: &Actor, action: &Action) -> Done {
    let (path, text) = action.pair()?;
    let path = actor.session.path(path);
    announced(actor, &path, "append to", || {
        with_parents(&path)?;
        fs::OpenOptions::new().create(true).append(true).open(&path)?.write_all(text.as_bytes())
    })
}

fn delete(actor: &Actor, action: &Action) -> Done {
    let path = actor.session.path(action.text()?);
    announced(actor, &path, "delete", || {
        if fs::symlink_metadata(&path)?.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) }
    })
}

fn read(actor: &Actor, action: &Action) -> Done {
    let path = actor.session.path(action.text()?);
    let mut bytes = Vec::new();
    let read = fs::File::open(&path).and_then(|file| file.take(MAX_SAID).read_to_end(&mut bytes));
    actor.say(&match read {
        Ok(_) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => format!("read {}: {error}", path.display()),
    })?;
    Ok(Flow::On)
}

fn report(actor: &Actor, action: &Action) -> Done {
    let report =
        serde_json::to_string_pretty(&actor.process.received()).map_err(|error| error.to_string())?;
    kept(&actor.session.path(action.text()?), &report)
}

fn environment(actor: &Actor, action: &Action) -> Done {
    let all: serde_json::Map<String, Value> =
        surroundings::variables().into_iter().map(|(name, value)| (name, Value::String(value))).collect();
    kept(&actor.session.path(action.text()?), &Value::Object(all).to_string())
}

/// Writes a file without telling the client.
fn kept(path: &Path, text: &str) -> Done {
    let written = with_parents(path).and_then(|()| fs::write(path, text));
    written.map(|()| Flow::On).map_err(|error| format!("cannot write {}: {error}", path.display()))
}
