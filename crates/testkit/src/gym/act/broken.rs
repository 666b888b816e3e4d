//! Actions that break the protocol (dev layer).
//!
//! `{"flood": BYTES}` sends so many bytes of updates of 1 KiB · `{"line": BYTES}` one update that is a line of so many
//! bytes · `{"raw": T}` writes a line as it is · `{"invalidUtf8": true}` · `{"truncatedJson": true}` (without a newline,
//! so that it runs into the next line) · `{"duplicateResponse": STOP}` answers the prompt now; the turn goes on and ends
//! with a second answer · `{"wrongId": true}` answers a request that has another id · `{"unknownUpdate": true}` ·
//! `{"unknownNotification": true}` · `{"unannouncedTool": ID}` updates a tool call that was never announced ·
//! `{"closeStdout": true}`.

use super::Verb;
use crate::gym::actor::{Actor, Done, Flow};
use crate::gym::script::Action;
use serde_json::json;

pub(super) const VERBS: &[Verb] = &[
    ("flood", flood),
    ("line", line),
    ("raw", raw),
    ("invalidUtf8", invalid_utf8),
    ("truncatedJson", truncated_json),
    ("duplicateResponse", duplicate_response),
    ("wrongId", wrong_id),
    ("unknownUpdate", unknown_update),
    ("unknownNotification", unknown_notification),
    ("unannouncedTool", unannounced_tool),
    ("closeStdout", close_stdout),
];

/// The longest line that a script may ask for, in bytes.
const MAX_LINE: u64 = 256 << 20;

fn chunk(actor: &Actor, text: &str) -> serde_json::Value {
    let update = json!({"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text}});
    let params = json!({"sessionId": actor.session.id, "update": update});
    json!({"jsonrpc": "2.0", "method": "session/update", "params": params})
}

fn flood(actor: &Actor, action: &Action) -> Done {
    let empty = chunk(actor, "").to_string().len() + 1;
    let mut line = chunk(actor, &"x".repeat(1024_usize.saturating_sub(empty))).to_string();
    line.push('\n');
    let mut left = action.number()?;
    while left > 0 && !actor.session.should_stop() {
        actor.process.wire.raw(line.as_bytes())?;
        left = left.saturating_sub(line.len() as u64);
    }
    Ok(Flow::On)
}

fn line(actor: &Actor, action: &Action) -> Done {
    let wanted = usize::try_from(action.number()?.min(MAX_LINE)).map_err(|error| error.to_string())?;
    let empty = chunk(actor, "").to_string().len();
    actor.process.wire.send(&chunk(actor, &"x".repeat(wanted.saturating_sub(empty))))?;
    Ok(Flow::On)
}

fn raw(actor: &Actor, action: &Action) -> Done {
    actor.process.wire.raw(format!("{}\n", action.text()?).as_bytes())?;
    Ok(Flow::On)
}

fn invalid_utf8(actor: &Actor, _: &Action) -> Done {
    let whole = chunk(actor, "@").to_string();
    let bytes: Vec<u8> =
        whole.bytes().map(|byte| if byte == b'@' { 0xff } else { byte }).chain(*b"\n").collect();
    actor.process.wire.raw(&bytes)?;
    Ok(Flow::On)
}

fn truncated_json(actor: &Actor, _: &Action) -> Done {
    let whole = chunk(actor, "half of it").to_string();
    let half: Vec<u8> = whole.bytes().take(whole.len() / 2).collect();
    actor.process.wire.raw(&half)?;
    Ok(Flow::On)
}

fn duplicate_response(actor: &Actor, action: &Action) -> Done {
    let reason = action.value.as_str().unwrap_or("end_turn");
    actor.process.wire.answer(&actor.request, &Ok(json!({ "stopReason": reason })))?;
    Ok(Flow::On)
}

fn wrong_id(actor: &Actor, _: &Action) -> Done {
    actor.process.wire.answer(&json!(987_654_321), &Ok(json!({"stopReason": "end_turn"})))?;
    Ok(Flow::On)
}

fn unknown_update(actor: &Actor, _: &Action) -> Done {
    actor.pass(&json!({"sessionUpdate": "weather_report", "sky": "grey"}))?;
    Ok(Flow::On)
}

fn unknown_notification(actor: &Actor, _: &Action) -> Done {
    actor.process.wire.notify("_gym/mood", &json!({"mood": "strange"}))?;
    Ok(Flow::On)
}

fn unannounced_tool(actor: &Actor, action: &Action) -> Done {
    let id = action.text()?;
    actor.pass(&json!({"sessionUpdate": "tool_call_update", "toolCallId": id, "status": "completed"}))?;
    Ok(Flow::On)
}

fn close_stdout(_: &Actor, _: &Action) -> Done {
    nix::unistd::close(1).map_err(|error| format!("cannot close standard output: {error}"))?;
    Ok(Flow::On)
}
