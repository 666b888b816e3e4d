//! Actions that only send updates (dev layer).
//!
//! `{"say": T, "chunks": N, "paceMs": M}` · `{"think": T}` · `{"plan": [T | [T, PRIORITY, STATUS], …]}` ·
//! `{"claim": {"changed": […], "verified": […], "uncertain": […], "next": […]}}` (says an outcome that may be a lie) ·
//! `{"tool": TITLE, "kind": K, "id": I, "statuses": […], "text": T, "diff": [PATH, OLD, NEW], "path": P}` ·
//! `{"usage": {"used": N, "size": N}}` · `{"turnUsage": {…}}` (told with the answer to the prompt) · `{"title": T}` ·
//! `{"commands": [NAME, …]}` · `{"mode": ID}` · `{"update": {…}}` (any session update, as it is).

use super::Verb;
use crate::gym::actor::{Actor, Done, Flow};
use crate::gym::script::Action;
use serde_json::{Map, Value, json};
use std::sync::PoisonError;
use std::time::Duration;

pub(super) const VERBS: &[Verb] = &[
    ("say", say),
    ("think", think),
    ("plan", plan),
    ("claim", claim),
    ("tool", tool),
    ("usage", usage),
    ("turnUsage", turn_usage),
    ("title", title),
    ("commands", commands),
    ("mode", mode),
    ("update", update),
];

fn say(actor: &Actor, action: &Action) -> Done {
    let letters: Vec<char> = action.text()?.chars().collect();
    let chunks = usize::try_from(action.option_number("chunks", 1)).unwrap_or(1).max(1);
    let pace = Duration::from_millis(action.option_number("paceMs", 0));
    for (index, chunk) in letters.chunks(letters.len().div_ceil(chunks).max(1)).enumerate() {
        if index > 0 {
            actor.wait(pace, || None::<()>);
        }
        actor.say(&chunk.iter().collect::<String>())?;
    }
    Ok(Flow::On)
}

fn think(actor: &Actor, action: &Action) -> Done {
    let content = json!({"type": "text", "text": action.text()?});
    actor.update(&json!({"sessionUpdate": "agent_thought_chunk", "content": content}))?;
    Ok(Flow::On)
}

fn plan(actor: &Actor, action: &Action) -> Done {
    let entries = action.value.as_array().ok_or("`plan` wants a list")?.iter().map(|entry| {
        let part = |at: usize| entry.get(at).and_then(Value::as_str);
        let content = entry.as_str().or(part(0)).unwrap_or_default();
        let (priority, status) = (part(1).unwrap_or("medium"), part(2).unwrap_or("pending"));
        json!({"content": content, "priority": priority, "status": status})
    });
    let entries: Vec<Value> = entries.collect();
    actor.update(&json!({"sessionUpdate": "plan", "entries": entries}))?;
    Ok(Flow::On)
}

fn claim(actor: &Actor, action: &Action) -> Done {
    let mut text = String::new();
    for section in ["changed", "verified", "uncertain", "next"] {
        let lines = action.value.get(section).and_then(Value::as_array).into_iter().flatten();
        let lines: Vec<&str> = lines.filter_map(Value::as_str).collect();
        if let Some(first) = section.get(..1)
            && !lines.is_empty()
        {
            let heading = section.replacen(first, &first.to_uppercase(), 1);
            text.push_str(&format!("\n{heading}:\n"));
            lines.iter().for_each(|line| text.push_str(&format!("- {line}\n")));
        }
    }
    actor.say(&text)?;
    Ok(Flow::On)
}

fn tool(actor: &Actor, action: &Action) -> Done {
    let id = action.option_text("id").map_or_else(|| actor.tool_id(), str::to_owned);
    let statuses = action.options.get("statuses").and_then(Value::as_array).cloned();
    let statuses = statuses.unwrap_or_else(|| vec![json!("in_progress"), json!("completed")]);
    let kind = action.option_text("kind").unwrap_or("other");
    let mut call = json!({
        "sessionUpdate": "tool_call", "toolCallId": id, "title": action.text()?, "kind": kind, "status": "pending",
    });
    if let (Some(path), Some(call)) = (action.option_text("path"), call.as_object_mut()) {
        call.insert("locations".to_owned(), json!([{ "path": path }]));
    }
    actor.update(&call)?;
    let last = statuses.len().saturating_sub(1);
    for (index, status) in statuses.iter().enumerate() {
        let mut change = Map::new();
        change.insert("sessionUpdate".to_owned(), json!("tool_call_update"));
        change.insert("toolCallId".to_owned(), json!(id));
        change.insert("status".to_owned(), status.clone());
        if index == last {
            change.insert("content".to_owned(), Value::Array(tool_content(action)));
        }
        actor.update(&Value::Object(change))?;
    }
    Ok(Flow::On)
}

fn tool_content(action: &Action) -> Vec<Value> {
    let mut content = Vec::new();
    if let Some(text) = action.option_text("text") {
        content.push(json!({"type": "content", "content": {"type": "text", "text": text}}));
    }
    if let Some([path, old, new]) = action.options.get("diff").and_then(Value::as_array).map(Vec::as_slice) {
        content.push(json!({"type": "diff", "path": path, "oldText": old, "newText": new}));
    }
    content
}

fn usage(actor: &Actor, action: &Action) -> Done {
    let mut update = action.value.as_object().cloned().ok_or("`usage` wants an object")?;
    update.insert("sessionUpdate".to_owned(), json!("usage_update"));
    actor.pass(&Value::Object(update))?;
    Ok(Flow::On)
}

fn turn_usage(actor: &Actor, action: &Action) -> Done {
    *actor.usage.lock().unwrap_or_else(PoisonError::into_inner) = Some(action.value.clone());
    Ok(Flow::On)
}

fn title(actor: &Actor, action: &Action) -> Done {
    actor.pass(&json!({"sessionUpdate": "session_info_update", "title": action.text()?}))?;
    Ok(Flow::On)
}

fn commands(actor: &Actor, action: &Action) -> Done {
    let names = action.value.as_array().ok_or("`commands` wants a list")?;
    let commands: Vec<Value> =
        names.iter().map(|name| json!({"name": name, "description": "A scripted command"})).collect();
    actor.pass(&json!({"sessionUpdate": "available_commands_update", "availableCommands": commands}))?;
    Ok(Flow::On)
}

fn mode(actor: &Actor, action: &Action) -> Done {
    let mode = action.text()?;
    actor.session.set_mode(mode);
    actor.pass(&json!({"sessionUpdate": "current_mode_update", "currentModeId": mode}))?;
    Ok(Flow::On)
}

fn update(actor: &Actor, action: &Action) -> Done {
    actor.pass(&action.value)?;
    Ok(Flow::On)
}
