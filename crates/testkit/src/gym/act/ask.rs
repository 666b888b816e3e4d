//! Actions that ask the client (dev layer).
//!
//! `{"ask": TITLE, "kind": K, "options": [[ID, KIND], …], "allowed": […], "rejected": […], "cancelled": […],
//! "timeoutMs": N}` asks for permission and goes on with the actions for the answer · `{"fsRead": PATH}` ·
//! `{"fsWrite": [PATH, TEXT]}` · `{"terminal": COMMAND}` · `{"request": [METHOD, {…}]}` send requests that the client may
//! never have offered, and say what it answered.

use super::{Verb, run};
use crate::gym::actor::{Actor, Done, Flow};
use crate::gym::script::Action;
use serde_json::{Value, json};
use std::time::Duration;

pub(super) const VERBS: &[Verb] =
    &[("ask", ask), ("fsRead", fs_read), ("fsWrite", fs_write), ("terminal", terminal), ("request", request)];

/// An hour: a person may have to answer.
const PATIENCE: u64 = 3_600_000;

fn ask(actor: &Actor, action: &Action) -> Done {
    let id = action.option_text("id").map_or_else(|| actor.tool_id(), str::to_owned);
    let kind = action.option_text("kind").unwrap_or("execute");
    let options = options(action);
    let call = json!({"toolCallId": id, "title": action.text()?, "kind": kind, "status": "pending"});
    let params = json!({"sessionId": actor.session.id, "toolCall": call, "options": options});
    let receiver = actor.process.wire.request("session/request_permission", &params)?;
    let longest = Duration::from_millis(action.option_number("timeoutMs", PATIENCE));
    let reply = actor.reply(&receiver, longest);
    let chosen = reply.as_ref().and_then(|reply| reply.as_ref().ok()).and_then(|result| {
        let chosen = result.pointer("/outcome/optionId")?;
        options.iter().find(|option| option.get("optionId") == Some(chosen))?.get("kind")?.as_str()
    });
    let branch = match chosen {
        Some(kind) if kind.starts_with("allow") => "allowed",
        Some(_) => "rejected",
        None => "cancelled",
    };
    if !action.options.contains_key(branch) {
        actor.say(&format!("The permission was {branch}. "))?;
    }
    run(actor, &action.option_actions(branch)?)
}

fn options(action: &Action) -> Vec<Value> {
    let given = action.options.get("options").and_then(Value::as_array).cloned();
    let usual = || vec![json!(["allow", "allow_once"]), json!(["reject", "reject_once"])];
    let pair = |option: Value| {
        let part = |at| option.get(at).cloned().unwrap_or_default();
        json!({"optionId": part(0), "name": part(0), "kind": part(1)})
    };
    given.unwrap_or_else(usual).into_iter().map(pair).collect()
}

fn fs_read(actor: &Actor, action: &Action) -> Done {
    let path = actor.session.path(action.text()?);
    call(actor, "fs/read_text_file", &json!({"sessionId": actor.session.id, "path": path}))
}

fn fs_write(actor: &Actor, action: &Action) -> Done {
    let (path, text) = action.pair()?;
    let path = actor.session.path(path);
    call(actor, "fs/write_text_file", &json!({"sessionId": actor.session.id, "path": path, "content": text}))
}

fn terminal(actor: &Actor, action: &Action) -> Done {
    let arguments = ["-c", action.text()?];
    call(
        actor,
        "terminal/create",
        &json!({"sessionId": actor.session.id, "command": "sh", "args": arguments}),
    )
}

fn request(actor: &Actor, action: &Action) -> Done {
    let method = action.value.get(0).and_then(Value::as_str).ok_or("`request` wants a method and params")?;
    call(actor, method, action.value.get(1).unwrap_or(&Value::Null))
}

fn call(actor: &Actor, method: &str, params: &Value) -> Done {
    let receiver = actor.process.wire.request(method, params)?;
    let said = match actor.reply(&receiver, Duration::from_secs(30)) {
        Some(Ok(result)) => format!("{method} was answered: {result}"),
        Some(Err(error)) => format!("{method} was refused: {error}"),
        None => format!("{method} was not answered"),
    };
    actor.say(&said)?;
    Ok(Flow::On)
}
