//! `OpenAI`'s responses (dev layer, pure).

use super::{field, flag, list, text_of};
use crate::scripted_model::plan::{Ask, Bearing, Turn};
use crate::scripted_model::reply::{Body, Reply, Stop};
use crate::scripted_model::tools::{Call, Tool};
use serde_json::{Value, json};

/// Reads a request.
pub(crate) fn ask(request: &Value) -> Ask {
    let mut turns = Vec::new();
    let mut instructions = field(request, "instructions").to_owned();
    let mut tools = tools(request);
    if let Some(text) = request.get("input").and_then(Value::as_str) {
        turns.push(Turn::User(text.to_owned()));
    }
    for item in list(request, "input") {
        let kind = item.get("type").and_then(Value::as_str).unwrap_or("message");
        if kind.ends_with("_output") {
            turns.push(Turn::ToolResult);
        }
        if kind == "additional_tools" {
            tools.extend(self::tools(item));
        }
        if kind != "message" {
            continue;
        }
        let text = item.get("content").map(text_of).unwrap_or_default();
        match field(item, "role") {
            "assistant" => turns.push(Turn::Assistant),
            "system" | "developer" => {
                instructions.push('\n');
                instructions.push_str(&text);
            }
            _ => turns.push(Turn::User(text)),
        }
    }
    Ask {
        model: field(request, "model").to_owned(),
        stream: if flag(request, "stream") { Bearing::Events } else { Bearing::Whole },
        stream_usage: true,
        instructions,
        turns,
        tools,
        schema: request.pointer("/text/format/schema").cloned(),
    }
}

/// Functions and tools that take a text, on their own or in a namespace. What the provider runs itself (web search) is no
/// tool for a script.
fn tools(holder: &Value) -> Vec<Tool> {
    let function = |tool: &Value, namespace: Option<&str>| Tool {
        name: field(tool, "name").to_owned(),
        namespace: namespace.map(str::to_owned),
        schema: match field(tool, "type") {
            "custom" => Some(json!({"type": "string"})),
            _ => tool.get("parameters").cloned(),
        },
    };
    let mut tools = Vec::new();
    for tool in list(holder, "tools") {
        match field(tool, "type") {
            "function" | "custom" => tools.push(function(tool, None)),
            "namespace" => {
                tools.extend(list(tool, "tools").map(|inner| function(inner, Some(field(tool, "name")))));
            }
            _ => {}
        }
    }
    tools
}

/// Writes an answer.
pub(crate) fn body(ask: &Ask, reply: &Reply) -> Body {
    match ask.stream {
        Bearing::Whole => Body::json(&response(reply, false)),
        Bearing::Events | Bearing::Array => events(reply),
    }
}

fn message(reply: &Reply) -> Value {
    json!({
        "type": "message", "id": format!("msg_{}", reply.id), "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": reply.text, "annotations": []}],
    })
}

fn tool_call(reply: &Reply, call: &Call) -> Value {
    let mut item = match &call.input {
        None => json!({
            "type": "function_call", "id": format!("fc_{}", reply.id), "call_id": format!("call_{}", reply.id),
            "name": call.name, "arguments": call.json(), "status": "completed",
        }),
        Some(input) => json!({
            "type": "custom_tool_call", "id": format!("ctc_{}", reply.id), "call_id": format!("call_{}", reply.id),
            "name": call.name, "input": input, "status": "completed",
        }),
    };
    if let (Some(namespace), Some(item)) = (&call.namespace, item.as_object_mut()) {
        item.insert("namespace".to_owned(), json!(namespace));
    }
    item
}

fn response(reply: &Reply, begun: bool) -> Value {
    let mut output = Vec::new();
    if !begun && !reply.text.is_empty() {
        output.push(message(reply));
    }
    if let (false, Some(call)) = (begun, &reply.call) {
        output.push(tool_call(reply, call));
    }
    let (status, why) = match (begun, reply.stop) {
        (true, _) => ("in_progress", Value::Null),
        (false, Stop::Limit) => ("incomplete", json!({"reason": "max_output_tokens"})),
        (false, Stop::End | Stop::Tool) => ("completed", Value::Null),
    };
    let input = reply.usage.input + reply.usage.cache_read + reply.usage.cache_write;
    let usage = json!({
        "input_tokens": input, "input_tokens_details": {"cached_tokens": reply.usage.cache_read},
        "output_tokens": reply.usage.output, "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": input + reply.usage.output,
    });
    json!({
        "id": format!("resp_{}", reply.id), "object": "response", "created_at": 1, "model": reply.model,
        "status": status, "output": output, "usage": if begun { Value::Null } else { usage }, "error": null,
        "incomplete_details": why, "parallel_tool_calls": true, "tools": [], "metadata": {},
    })
}

fn events(reply: &Reply) -> Body {
    let mut body = Body::events();
    let mut number = 0;
    let mut send = |mut event: Value| {
        if let Some(event) = event.as_object_mut() {
            event.insert("sequence_number".to_owned(), json!(number));
        }
        number += 1;
        let name = field(&event, "type").to_owned();
        body.event(Some(&name), &event.to_string());
    };
    send(json!({"type": "response.created", "response": response(reply, true)}));
    send(json!({"type": "response.in_progress", "response": response(reply, true)}));
    let mut index = 0;
    if !reply.text.is_empty() {
        send_message(reply, &mut send);
        index += 1;
    }
    if let Some(call) = &reply.call {
        send_call(reply, call, index, &mut send);
    }
    let last = if reply.stop == Stop::Limit { "response.incomplete" } else { "response.completed" };
    send(json!({"type": last, "response": response(reply, false)}));
    body
}

fn send_message(reply: &Reply, send: &mut impl FnMut(Value)) {
    let whole = message(reply);
    let id = field(&whole, "id");
    let begun =
        json!({"type": "message", "id": id, "role": "assistant", "status": "in_progress", "content": []});
    send(json!({"type": "response.output_item.added", "output_index": 0, "item": begun}));
    let part = json!({"type": "output_text", "text": "", "annotations": []});
    send(json!({
        "type": "response.content_part.added", "item_id": id, "output_index": 0, "content_index": 0, "part": part
    }));
    for piece in reply.pieces() {
        send(json!({
            "type": "response.output_text.delta", "item_id": id, "output_index": 0, "content_index": 0,
            "delta": piece, "logprobs": [],
        }));
    }
    send(json!({
        "type": "response.output_text.done", "item_id": id, "output_index": 0, "content_index": 0,
        "text": reply.text, "logprobs": [],
    }));
    let part = json!({"type": "output_text", "text": reply.text, "annotations": []});
    send(json!({
        "type": "response.content_part.done", "item_id": id, "output_index": 0, "content_index": 0, "part": part
    }));
    send(json!({"type": "response.output_item.done", "output_index": 0, "item": whole}));
}

fn send_call(reply: &Reply, call: &Call, index: usize, send: &mut impl FnMut(Value)) {
    let whole = tool_call(reply, call);
    let id = field(&whole, "id");
    let (what, property) = match call.input {
        None => ("function_call_arguments", "arguments"),
        Some(_) => ("custom_tool_call_input", "input"),
    };
    let mut begun = whole.clone();
    if let Some(begun) = begun.as_object_mut() {
        begun.insert(property.to_owned(), json!(""));
        begun.insert("status".to_owned(), json!("in_progress"));
    }
    send(json!({"type": "response.output_item.added", "output_index": index, "item": begun}));
    for piece in call.pieces() {
        send(json!({
            "type": format!("response.{what}.delta"), "item_id": id, "output_index": index, "delta": piece
        }));
    }
    send(json!({
        "type": format!("response.{what}.done"), "item_id": id, "output_index": index,
        "name": call.name, property: whole.get(property),
    }));
    send(json!({"type": "response.output_item.done", "output_index": index, "item": whole}));
}
