//! `OpenAI`'s chat completions (dev layer, pure).

use super::{field, flag, list, text_of};
use crate::scripted_model::plan::{Ask, Bearing, Turn};
use crate::scripted_model::reply::{Body, Reply, Stop};
use crate::scripted_model::tools::{Call, Tool};
use serde_json::{Map, Value, json};

/// Reads a request.
pub(crate) fn ask(request: &Value) -> Ask {
    let mut turns = Vec::new();
    let mut instructions = String::new();
    for message in list(request, "messages") {
        let text = || message.get("content").map(text_of).unwrap_or_default();
        match field(message, "role") {
            "system" | "developer" => {
                instructions.push_str(&text());
                instructions.push('\n');
            }
            "assistant" => turns.push(Turn::Assistant),
            "tool" | "function" => turns.push(Turn::ToolResult),
            _ => turns.push(Turn::User(text())),
        }
    }
    let tools = list(request, "tools").filter_map(|tool| tool.get("function")).map(|function| Tool {
        name: field(function, "name").to_owned(),
        namespace: None,
        schema: function.get("parameters").cloned(),
    });
    Ask {
        model: field(request, "model").to_owned(),
        stream: if flag(request, "stream") { Bearing::Events } else { Bearing::Whole },
        stream_usage: request.get("stream_options").is_some_and(|options| flag(options, "include_usage")),
        instructions,
        turns,
        tools: tools.collect(),
        schema: request.pointer("/response_format/json_schema/schema").cloned(),
    }
}

/// Writes an answer.
pub(crate) fn body(ask: &Ask, reply: &Reply) -> Body {
    match ask.stream {
        Bearing::Whole => Body::json(&whole(reply)),
        Bearing::Events | Bearing::Array => events(reply, ask.stream_usage),
    }
}

fn usage(reply: &Reply) -> Value {
    let input = reply.usage.input + reply.usage.cache_read + reply.usage.cache_write;
    json!({
        "prompt_tokens": input, "completion_tokens": reply.usage.output, "total_tokens": input + reply.usage.output,
        "prompt_tokens_details": {"cached_tokens": reply.usage.cache_read},
    })
}

fn stop(reply: &Reply) -> &'static str {
    match reply.stop {
        Stop::End => "stop",
        Stop::Tool => "tool_calls",
        Stop::Limit => "length",
    }
}

fn tool_call(reply: &Reply, call: &Call, arguments: &str) -> Value {
    let function = json!({"name": call.name, "arguments": arguments});
    json!({"id": format!("call_{}", reply.id), "type": "function", "function": function})
}

fn head(reply: &Reply, object: &str) -> Map<String, Value> {
    let mut head = Map::new();
    head.insert("id".to_owned(), json!(format!("chatcmpl-{}", reply.id)));
    head.insert("object".to_owned(), json!(object));
    head.insert("created".to_owned(), json!(1));
    head.insert("model".to_owned(), json!(reply.model));
    head
}

fn whole(reply: &Reply) -> Value {
    let content = if reply.text.is_empty() && reply.call.is_some() { Value::Null } else { json!(reply.text) };
    let mut message = json!({"role": "assistant", "content": content});
    if let (Some(call), Some(message)) = (&reply.call, message.as_object_mut()) {
        message.insert("tool_calls".to_owned(), json!([tool_call(reply, call, &call.json())]));
    }
    let mut whole = head(reply, "chat.completion");
    let choice = json!({"index": 0, "message": message, "finish_reason": stop(reply)});
    whole.insert("choices".to_owned(), json!([choice]));
    whole.insert("usage".to_owned(), usage(reply));
    Value::Object(whole)
}

fn events(reply: &Reply, with_usage: bool) -> Body {
    let mut body = Body::events();
    let chunk = |choices: Value| {
        let mut chunk = head(reply, "chat.completion.chunk");
        chunk.insert("choices".to_owned(), choices);
        chunk
    };
    let mut send = |delta: Value, finish: Option<&str>| {
        let choices = json!([{"index": 0, "delta": delta, "finish_reason": finish}]);
        body.event(None, &Value::Object(chunk(choices)).to_string());
    };
    send(json!({"role": "assistant", "content": ""}), None);
    for piece in reply.pieces() {
        send(json!({ "content": piece }), None);
    }
    if let Some(call) = &reply.call {
        let [first, second] = call.pieces();
        let mut opening = tool_call(reply, call, &first);
        if let Some(opening) = opening.as_object_mut() {
            opening.insert("index".to_owned(), json!(0));
        }
        send(json!({"tool_calls": [opening]}), None);
        send(json!({"tool_calls": [{"index": 0, "function": {"arguments": second}}]}), None);
    }
    send(json!({}), Some(stop(reply)));
    if with_usage {
        let mut last = chunk(json!([]));
        last.insert("usage".to_owned(), usage(reply));
        body.event(None, &Value::Object(last).to_string());
    }
    body.event(None, "[DONE]");
    body
}
