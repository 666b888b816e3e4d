//! What an agent tells while it works (layer 1): `session/update` made into events. What has no type of its own is kept
//! raw and bounded; nothing here is fatal.

use super::wire::{MAX_HEAD, head};
use agent_client_protocol_schema::v1;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use telecoder_model::event::{Author, EventBody, PlanEntry, ToolCall, ToolDiff, ToolStatus};
use telecoder_model::policy::ToolKind;

/// The longest id of a tool call that is kept, in bytes.
const MAX_TOOL_ID: usize = 128;
/// The longest title, location or plan line that is kept, in bytes.
const MAX_WORDS: usize = 2000;
/// The most locations, edits or plan lines of one update that are kept.
const MAX_ITEMS: usize = 200;

/// A `session/update`'s parameters, half read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parameters<'a> {
    /// The session that it is about.
    #[serde(borrow)]
    pub(super) session_id: Cow<'a, str>,
    /// The update.
    #[serde(borrow)]
    pub(super) update: &'a RawValue,
}

#[derive(Deserialize)]
struct Tag<'a> {
    #[serde(rename = "sessionUpdate", borrow)]
    tag: Cow<'a, str>,
}

/// Makes events of an update; none where it says nothing that the log keeps.
pub(super) fn read(update: &RawValue, notes_without_id: bool) -> Vec<EventBody> {
    let text = update.get();
    let Ok(Tag { tag }) = serde_json::from_str::<Tag<'_>>(text) else {
        return vec![raw(text)];
    };
    let events = match &*tag {
        "agent_message_chunk" => chunk(text).map(|(words, id)| match words {
            Some(words) if id || !notes_without_id => vec![message(words)],
            Some(words) => vec![output("update", words)],
            None => Vec::new(),
        }),
        "agent_thought_chunk" => {
            chunk(text).map(|(words, _)| words.map(|text| EventBody::Thought { text }).into_iter().collect())
        }
        // A first call is read like an update, so that a field that was not sent stays absent.
        "tool_call" => tool(text).map(|call| vec![EventBody::ToolCall(call)]),
        "tool_call_update" => tool(text).map(|call| tool_update(text, call)),
        "plan" => plan(text).map(|plan| vec![plan]),
        "user_message_chunk"
        | "usage_update"
        | "available_commands_update"
        | "config_option_update"
        | "session_info_update" => Some(Vec::new()),
        _ => None,
    };
    events.unwrap_or_else(|| vec![raw(text)])
}

/// An update that is kept as it came.
pub(super) fn raw(text: &str) -> EventBody {
    output("update", head(text.as_bytes(), MAX_HEAD))
}

fn output(stream: &str, text: String) -> EventBody {
    EventBody::Output { stream: stream.to_owned(), text, blob: None }
}

fn message(text: String) -> EventBody {
    EventBody::Message { author: Author::Agent, text, chunk: true, turn: 0 }
}

/// The words of a chunk, if it has any, and whether it belongs to a message with an id.
fn chunk(text: &str) -> Option<(Option<String>, bool)> {
    let chunk: v1::ContentChunk = serde_json::from_str(text).ok()?;
    let words = words(chunk.content);
    Some(((!words.is_empty()).then_some(words), chunk.message_id.is_some()))
}

/// An update of a call, and before it the next piece of a command's output, where the agent streams that beside the
/// protocol (Codex, after a convention of editors).
fn tool_update(text: &str, call: ToolCall) -> Vec<EventBody> {
    #[derive(Deserialize, Default)]
    struct Piece {
        #[serde(default)]
        data: String,
    }
    #[derive(Deserialize, Default)]
    struct Meta {
        #[serde(default, alias = "terminal_output")]
        terminal_output_delta: Option<Piece>,
    }
    #[derive(Deserialize)]
    struct Shape {
        #[serde(default, rename = "_meta")]
        meta: Option<Meta>,
    }
    let piece = serde_json::from_str::<Shape>(text)
        .ok()
        .and_then(|shape| shape.meta)
        .and_then(|meta| meta.terminal_output_delta)
        .map(|piece| piece.data)
        .filter(|piece| !piece.is_empty());
    let mut events: Vec<EventBody> = piece.map(|piece| output("terminal", piece)).into_iter().collect();
    let nothing = ToolCall { id: call.id.clone(), ..ToolCall::default() };
    if call != nothing {
        events.push(EventBody::ToolUpdate(call));
    }
    events
}

fn words(block: v1::ContentBlock) -> String {
    match block {
        v1::ContentBlock::Text(text) => text.text,
        v1::ContentBlock::ResourceLink(link) => link.uri,
        v1::ContentBlock::Resource(resource) => match resource.resource {
            v1::EmbeddedResourceResource::TextResourceContents(text) => text.text,
            v1::EmbeddedResourceResource::BlobResourceContents(blob) => blob.uri,
            _ => String::new(),
        },
        v1::ContentBlock::Image(image) => format!("[image {}]", head(image.mime_type.as_bytes(), 100)),
        v1::ContentBlock::Audio(audio) => format!("[audio {}]", head(audio.mime_type.as_bytes(), 100)),
        _ => String::new(),
    }
}

/// Reads a tool call or an update of one.
pub(super) fn tool(text: &str) -> Option<ToolCall> {
    let update: v1::ToolCallUpdate = serde_json::from_str(text).ok()?;
    let fields = update.fields;
    let mut call = ToolCall {
        id: head(update.tool_call_id.0.as_bytes(), MAX_TOOL_ID),
        title: fields.title.map(|title| head(title.as_bytes(), MAX_WORDS)),
        kind: fields.kind.map(kind_of),
        status: fields.status.and_then(status_of),
        input: fields.raw_input,
        ..ToolCall::default()
    };
    call.locations = fields
        .locations
        .unwrap_or_default()
        .into_iter()
        .take(MAX_ITEMS)
        .map(|location| head(location.path.as_os_str().as_encoded_bytes(), MAX_WORDS))
        .collect();
    let mut output = Vec::new();
    for content in fields.content.unwrap_or_default() {
        match content {
            v1::ToolCallContent::Content(content) => output.push(words(content.content)),
            v1::ToolCallContent::Diff(diff) if call.diffs.len() < MAX_ITEMS => call.diffs.push(ToolDiff {
                path: head(diff.path.as_os_str().as_encoded_bytes(), MAX_WORDS),
                old_text: diff.old_text,
                new_text: diff.new_text,
            }),
            v1::ToolCallContent::Diff(_) | v1::ToolCallContent::Terminal(_) | _ => {}
        }
    }
    let output = output.join("\n");
    call.output =
        if output.is_empty() { fields.raw_output.as_ref().and_then(raw_output) } else { Some(output) };
    Some(call)
}

/// The text of an output that came without content.
fn raw_output(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        Value::Object(map) => ["formatted_output", "aggregated_output", "output", "stdout", "text"]
            .iter()
            .find_map(|key| map.get(*key).and_then(Value::as_str))
            .map_or_else(|| value.to_string(), str::to_owned),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => value.to_string(),
    };
    (!text.is_empty()).then_some(text)
}

fn kind_of(kind: v1::ToolKind) -> ToolKind {
    match kind {
        v1::ToolKind::Read => ToolKind::Read,
        v1::ToolKind::Edit => ToolKind::Edit,
        v1::ToolKind::Delete => ToolKind::Delete,
        v1::ToolKind::Move => ToolKind::Move,
        v1::ToolKind::Search => ToolKind::Search,
        v1::ToolKind::Execute => ToolKind::Execute,
        v1::ToolKind::Think => ToolKind::Think,
        v1::ToolKind::Fetch => ToolKind::Fetch,
        v1::ToolKind::SwitchMode => ToolKind::SwitchMode,
        v1::ToolKind::Other | _ => ToolKind::Other,
    }
}

fn status_of(status: v1::ToolCallStatus) -> Option<ToolStatus> {
    match status {
        v1::ToolCallStatus::Pending => Some(ToolStatus::Pending),
        v1::ToolCallStatus::InProgress => Some(ToolStatus::InProgress),
        v1::ToolCallStatus::Completed => Some(ToolStatus::Completed),
        v1::ToolCallStatus::Failed => Some(ToolStatus::Failed),
        _ => None,
    }
}

fn plan(text: &str) -> Option<EventBody> {
    let plan: v1::Plan = serde_json::from_str(text).ok()?;
    let entries = plan
        .entries
        .into_iter()
        .take(MAX_ITEMS)
        .map(|entry| PlanEntry {
            content: head(entry.content.as_bytes(), MAX_WORDS),
            priority: match entry.priority {
                v1::PlanEntryPriority::High => "high",
                v1::PlanEntryPriority::Low => "low",
                v1::PlanEntryPriority::Medium | _ => "medium",
            }
            .to_owned(),
            status: match entry.status {
                v1::PlanEntryStatus::InProgress => "in_progress",
                v1::PlanEntryStatus::Completed => "completed",
                v1::PlanEntryStatus::Pending | _ => "pending",
            }
            .to_owned(),
        })
        .collect();
    Some(EventBody::Plan { entries })
}
