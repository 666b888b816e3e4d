//! Google's Gemini (dev layer, pure).

use super::{field, list, text_of};
use crate::scripted_model::plan::{Ask, Bearing, Turn};
use crate::scripted_model::reply::{Body, Reply, Stop};
use crate::scripted_model::tools::Tool;
use serde_json::{Map, Value, json};

/// Reads a request; the model and how to answer stand in its path.
pub(crate) fn ask(model: &str, stream: Bearing, request: &Value) -> Ask {
    let mut turns = Vec::new();
    for content in list(request, "contents") {
        if field(content, "role") == "model" {
            turns.push(Turn::Assistant);
            continue;
        }
        for part in list(content, "parts") {
            if part.get("functionResponse").is_some() {
                turns.push(Turn::ToolResult);
            } else if let Some(text) = part.get("text").and_then(Value::as_str) {
                turns.push(Turn::User(text.to_owned()));
            }
        }
    }
    // Goose sends the one element of the list without its list.
    let single = request.get("tools").filter(|tools| tools.is_object());
    let declared = list(request, "tools").chain(single).flat_map(|tool| list(tool, "functionDeclarations"));
    let tools = declared.map(|function| Tool {
        name: field(function, "name").to_owned(),
        namespace: None,
        schema: function.get("parametersJsonSchema").or(function.get("parameters")).cloned(),
    });
    let generation = request.get("generationConfig");
    let schema = |name| generation.and_then(|generation| generation.get(name)).cloned();
    Ask {
        model: model.to_owned(),
        stream,
        stream_usage: true,
        instructions: request.pointer("/systemInstruction/parts").map(text_of).unwrap_or_default(),
        turns,
        tools: tools.collect(),
        schema: schema("responseJsonSchema").or_else(|| schema("responseSchema")),
    }
}

/// Writes an answer.
pub(crate) fn body(ask: &Ask, reply: &Reply) -> Body {
    match ask.stream {
        Bearing::Whole => Body::json(&chunk(reply, &parts(reply), true)),
        Bearing::Events => {
            let mut body = Body::events();
            for chunk in chunks(reply) {
                body.event(None, &chunk.to_string());
            }
            body
        }
        Bearing::Array => {
            let mut frames = vec!["[".into()];
            for (index, chunk) in chunks(reply).iter().enumerate() {
                let comma = if index == 0 { "" } else { ",\r\n" };
                frames.push(format!("{comma}{chunk}").into());
            }
            frames.push("]".into());
            Body { content_type: "application/json", frames }
        }
    }
}

fn call_part(reply: &Reply) -> Option<Value> {
    let call = reply.call.as_ref()?;
    Some(json!({"functionCall": {"name": call.name, "args": call.arguments}}))
}

fn parts(reply: &Reply) -> Vec<Value> {
    let text = (!reply.text.is_empty()).then(|| json!({"text": reply.text}));
    text.into_iter().chain(call_part(reply)).collect()
}

fn chunks(reply: &Reply) -> Vec<Value> {
    let mut chunks: Vec<Value> =
        reply.pieces().map(|piece| chunk(reply, &[json!({ "text": piece })], false)).collect();
    chunks.push(chunk(reply, &call_part(reply).into_iter().collect::<Vec<_>>(), true));
    chunks
}

fn chunk(reply: &Reply, parts: &[Value], last: bool) -> Value {
    let mut candidate = Map::new();
    candidate.insert("content".to_owned(), json!({"role": "model", "parts": parts}));
    candidate.insert("index".to_owned(), json!(0));
    if last {
        let reason = match reply.stop {
            Stop::End | Stop::Tool => "STOP",
            Stop::Limit => "MAX_TOKENS",
        };
        candidate.insert("finishReason".to_owned(), json!(reason));
    }
    let input = reply.usage.input + reply.usage.cache_read + reply.usage.cache_write;
    let mut usage = json!({
        "promptTokenCount": input, "candidatesTokenCount": reply.usage.output,
        "totalTokenCount": input + reply.usage.output,
    });
    if let (true, Some(usage)) = (reply.usage.cache_read > 0, usage.as_object_mut()) {
        usage.insert("cachedContentTokenCount".to_owned(), json!(reply.usage.cache_read));
    }
    json!({
        "candidates": [candidate], "usageMetadata": usage, "modelVersion": reply.model, "responseId": reply.id,
    })
}
