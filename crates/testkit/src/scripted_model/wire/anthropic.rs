//! Anthropic's messages (dev layer, pure).

use super::{field, flag, list, text_of};
use crate::scripted_model::plan::{Ask, Bearing, Turn};
use crate::scripted_model::reply::{Body, Reply, Stop};
use crate::scripted_model::tools::Tool;
use serde_json::{Value, json};

/// Reads a request.
pub(crate) fn ask(request: &Value) -> Ask {
    let mut turns = Vec::new();
    for message in list(request, "messages") {
        if field(message, "role") == "assistant" {
            turns.push(Turn::Assistant);
            continue;
        }
        match message.get("content").and_then(Value::as_array) {
            Some(blocks) => turns.extend(blocks.iter().filter_map(turn)),
            None => turns.push(Turn::User(field(message, "content").to_owned())),
        }
    }
    let tools = list(request, "tools").filter(|tool| tool.get("input_schema").is_some()).map(|tool| Tool {
        name: field(tool, "name").to_owned(),
        namespace: None,
        schema: tool.get("input_schema").cloned(),
    });
    Ask {
        model: field(request, "model").to_owned(),
        stream: if flag(request, "stream") { Bearing::Events } else { Bearing::Whole },
        stream_usage: true,
        instructions: request.get("system").map(text_of).unwrap_or_default(),
        turns,
        tools: tools.collect(),
        schema: request
            .pointer("/output_config/format/schema")
            .or(request.pointer("/output_format/schema"))
            .cloned(),
    }
}

fn turn(block: &Value) -> Option<Turn> {
    match field(block, "type") {
        "text" => Some(Turn::User(field(block, "text").to_owned())),
        "tool_result" => Some(Turn::ToolResult),
        _ => None,
    }
}

/// Writes an answer.
pub(crate) fn body(ask: &Ask, reply: &Reply) -> Body {
    match ask.stream {
        Bearing::Whole => Body::json(&whole(reply)),
        Bearing::Events | Bearing::Array => events(reply),
    }
}

fn usage(reply: &Reply) -> Value {
    json!({
        "input_tokens": reply.usage.input,
        "cache_creation_input_tokens": reply.usage.cache_write,
        "cache_read_input_tokens": reply.usage.cache_read,
        "output_tokens": reply.usage.output,
    })
}

fn stop(reply: &Reply) -> &'static str {
    match reply.stop {
        Stop::End => "end_turn",
        Stop::Tool => "tool_use",
        Stop::Limit => "max_tokens",
    }
}

fn whole(reply: &Reply) -> Value {
    let mut content = Vec::new();
    if !reply.text.is_empty() {
        content.push(json!({"type": "text", "text": reply.text}));
    }
    if let Some(call) = &reply.call {
        let id = format!("toolu_{}", reply.id);
        content.push(json!({"type": "tool_use", "id": id, "name": call.name, "input": call.arguments}));
    }
    json!({
        "id": format!("msg_{}", reply.id), "type": "message", "role": "assistant", "model": reply.model,
        "content": content, "stop_reason": stop(reply), "stop_sequence": null, "usage": usage(reply),
    })
}

fn events(reply: &Reply) -> Body {
    let mut body = Body::events();
    let mut send = |event: Value| {
        let name = field(&event, "type").to_owned();
        body.event(Some(&name), &event.to_string());
    };
    let mut first_usage = usage(reply);
    if let Some(tokens) = first_usage.get_mut("output_tokens") {
        *tokens = json!(1);
    }
    send(json!({"type": "message_start", "message": {
        "id": format!("msg_{}", reply.id), "type": "message", "role": "assistant", "model": reply.model,
        "content": [], "stop_reason": null, "stop_sequence": null, "usage": first_usage,
    }}));
    let mut index = 0;
    if !reply.text.is_empty() {
        let block = json!({"type": "text", "text": ""});
        send(json!({"type": "content_block_start", "index": index, "content_block": block}));
        for piece in reply.pieces() {
            let delta = json!({"type": "text_delta", "text": piece});
            send(json!({"type": "content_block_delta", "index": index, "delta": delta}));
        }
        send(json!({"type": "content_block_stop", "index": index}));
        index += 1;
    }
    if let Some(call) = &reply.call {
        let block =
            json!({"type": "tool_use", "id": format!("toolu_{}", reply.id), "name": call.name, "input": {}});
        send(json!({"type": "content_block_start", "index": index, "content_block": block}));
        for piece in call.pieces() {
            let delta = json!({"type": "input_json_delta", "partial_json": piece});
            send(json!({"type": "content_block_delta", "index": index, "delta": delta}));
        }
        send(json!({"type": "content_block_stop", "index": index}));
    }
    let delta = json!({"stop_reason": stop(reply), "stop_sequence": null});
    send(json!({"type": "message_delta", "delta": delta, "usage": usage(reply)}));
    send(json!({"type": "message_stop"}));
    body
}
