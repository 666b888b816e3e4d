//! Each wire format, whole and streamed, read back by an independent parser; tools found in what the request offers.

use super::sse::events;
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use std::time::Duration;
use telecoder_testkit::plain_http::{Answer, Ended, post_json, request};
use telecoder_testkit::scripted_model::{Options, Script, ScriptedModel, prompt};

const PATIENCE: Duration = Duration::from_secs(20);

/// Posts with the provider's own header for the key.
pub(crate) fn post(model: &ScriptedModel, path: &str, body: &Value) -> Answer {
    let url = format!("{}{path}", model.base_url());
    let header = match path {
        path if path.starts_with("/v1beta") => "x-goog-api-key",
        path if path.starts_with("/v1/messages") => "x-api-key",
        _ => return post_json(&url, "key", body, PATIENCE).unwrap(),
    };
    request("POST", &url, &[(header, "key")], body.to_string().as_bytes(), PATIENCE).unwrap()
}

fn object(names: &[&str]) -> Value {
    let properties: serde_json::Map<String, Value> =
        names.iter().map(|name| ((*name).to_owned(), json!({"type": "string"}))).collect();
    json!({"type": "object", "properties": properties, "required": names})
}

fn steps() -> String {
    prompt(&json!([
        {"write": ["/w/a.txt", "Grüße\n"], "say": "I write.", "usage": {"input": 100, "output": 20, "cacheRead": 50}},
        {"text": "All done."},
    ]))
}

/// An answer as text: whole bodies as they are, streams event by event.
#[track_caller]
fn check(path: &str, body: &Value, expected: &Expect) {
    let model = ScriptedModel::start_with(Options::default());
    let answer = post(&model, path, body);
    assert_eq!((answer.status, answer.ended), (200, Ended::Properly), "{}", answer.text());
    let text = if answer.header("content-type") == Some("text/event-stream") {
        let events = events(&answer.text());
        assert!(!events.is_empty());
        events.iter().map(|event| format!("{}| {}\n", event.name, event.data)).collect()
    } else {
        serde_json::from_slice::<Value>(&answer.body).unwrap().to_string()
    };
    // The id follows from the request, so that it is the same in every run.
    expected.assert_eq(&text);
    assert_eq!(post(&model, path, body).body, answer.body);
}

fn anthropic(stream: bool) -> Value {
    json!({
        "model": "claude", "max_tokens": 9, "stream": stream, "system": "Working directory: /w",
        "messages": [{"role": "user", "content": [{"type": "text", "text": steps()}]}],
        "tools": [{"name": "Write", "input_schema": object(&["file_path", "content"])}],
    })
}

#[test]
fn anthropic_whole() {
    check(
        "/v1/messages",
        &anthropic(false),
        &expect![[
            r#"{"id":"msg_6ef3680843b20bb8","type":"message","role":"assistant","model":"claude","content":[{"type":"text","text":"I write."},{"type":"tool_use","id":"toolu_6ef3680843b20bb8","name":"Write","input":{"file_path":"/w/a.txt","content":"Grüße\n"}}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":100,"cache_creation_input_tokens":0,"cache_read_input_tokens":50,"output_tokens":20}}"#
        ]],
    );
}

#[test]
fn anthropic_streamed() {
    check(
        "/v1/messages",
        &anthropic(true),
        &expect![[r#"
            message_start| {"type":"message_start","message":{"id":"msg_965ae01557d280e8","type":"message","role":"assistant","model":"claude","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":100,"cache_creation_input_tokens":0,"cache_read_input_tokens":50,"output_tokens":1}}}
            content_block_start| {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}
            content_block_delta| {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"I "}}
            content_block_delta| {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"write."}}
            content_block_stop| {"type":"content_block_stop","index":0}
            content_block_start| {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_965ae01557d280e8","name":"Write","input":{}}}
            content_block_delta| {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"file_path\":\"/w/a.txt\""}}
            content_block_delta| {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":",\"content\":\"Grüße\\n\"}"}}
            content_block_stop| {"type":"content_block_stop","index":1}
            message_delta| {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":100,"cache_creation_input_tokens":0,"cache_read_input_tokens":50,"output_tokens":20}}
            message_stop| {"type":"message_stop"}
        "#]],
    );
}

fn chat(stream: bool) -> Value {
    let function = json!({"name": "write", "parameters": object(&["path", "content"])});
    json!({
        "model": "gpt", "stream": stream, "stream_options": {"include_usage": true},
        "messages": [{"role": "system", "content": "x"}, {"role": "user", "content": steps()}],
        "tools": [{"type": "function", "function": function}],
    })
}

#[test]
fn chat_whole() {
    check(
        "/v1/chat/completions",
        &chat(false),
        &expect![[
            r#"{"id":"chatcmpl-87cadc29f8be7b01","object":"chat.completion","created":1,"model":"gpt","choices":[{"index":0,"message":{"role":"assistant","content":"I write.","tool_calls":[{"id":"call_87cadc29f8be7b01","type":"function","function":{"name":"write","arguments":"{\"path\":\"/w/a.txt\",\"content\":\"Grüße\\n\"}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":150,"completion_tokens":20,"total_tokens":170,"prompt_tokens_details":{"cached_tokens":50}}}"#
        ]],
    );
}

#[test]
fn chat_streamed() {
    check(
        "/v1/chat/completions",
        &chat(true),
        &expect![[r#"
            | {"id":"chatcmpl-d93a5b7fa6543c3f","object":"chat.completion.chunk","created":1,"model":"gpt","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}
            | {"id":"chatcmpl-d93a5b7fa6543c3f","object":"chat.completion.chunk","created":1,"model":"gpt","choices":[{"index":0,"delta":{"content":"I "},"finish_reason":null}]}
            | {"id":"chatcmpl-d93a5b7fa6543c3f","object":"chat.completion.chunk","created":1,"model":"gpt","choices":[{"index":0,"delta":{"content":"write."},"finish_reason":null}]}
            | {"id":"chatcmpl-d93a5b7fa6543c3f","object":"chat.completion.chunk","created":1,"model":"gpt","choices":[{"index":0,"delta":{"tool_calls":[{"id":"call_d93a5b7fa6543c3f","type":"function","function":{"name":"write","arguments":"{\"path\":\"/w/a.txt\",\""},"index":0}]},"finish_reason":null}]}
            | {"id":"chatcmpl-d93a5b7fa6543c3f","object":"chat.completion.chunk","created":1,"model":"gpt","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"content\":\"Grüße\\n\"}"}}]},"finish_reason":null}]}
            | {"id":"chatcmpl-d93a5b7fa6543c3f","object":"chat.completion.chunk","created":1,"model":"gpt","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}
            | {"id":"chatcmpl-d93a5b7fa6543c3f","object":"chat.completion.chunk","created":1,"model":"gpt","choices":[],"usage":{"prompt_tokens":150,"completion_tokens":20,"total_tokens":170,"prompt_tokens_details":{"cached_tokens":50}}}
            | [DONE]
        "#]],
    );
}

fn responses(stream: bool) -> Value {
    let text = json!({"type": "input_text", "text": steps()});
    json!({
        "model": "gpt", "stream": stream, "instructions": "x",
        "input": [{"type": "message", "role": "user", "content": [text]}],
        "tools": [{"type": "function", "name": "exec_command", "parameters": object(&["cmd"])}],
    })
}

#[test]
fn responses_whole() {
    check(
        "/v1/responses",
        &responses(false),
        &expect![[
            r#"{"id":"resp_889ae0cbf18003ee","object":"response","created_at":1,"model":"gpt","status":"completed","output":[{"type":"message","id":"msg_889ae0cbf18003ee","role":"assistant","status":"completed","content":[{"type":"output_text","text":"I write.","annotations":[]}]},{"type":"function_call","id":"fc_889ae0cbf18003ee","call_id":"call_889ae0cbf18003ee","name":"exec_command","arguments":"{\"cmd\":\"mkdir -p -- \\\"$(dirname -- '/w/a.txt')\\\" && printf %s 'Grüße\\n' > '/w/a.txt'\"}","status":"completed"}],"usage":{"input_tokens":150,"input_tokens_details":{"cached_tokens":50},"output_tokens":20,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":170},"error":null,"incomplete_details":null,"parallel_tool_calls":true,"tools":[],"metadata":{}}"#
        ]],
    );
}

#[test]
fn responses_streamed() {
    check(
        "/v1/responses",
        &responses(true),
        &expect![[r#"
            response.created| {"type":"response.created","response":{"id":"resp_57b6b1bcab6b8b67","object":"response","created_at":1,"model":"gpt","status":"in_progress","output":[],"usage":null,"error":null,"incomplete_details":null,"parallel_tool_calls":true,"tools":[],"metadata":{}},"sequence_number":0}
            response.in_progress| {"type":"response.in_progress","response":{"id":"resp_57b6b1bcab6b8b67","object":"response","created_at":1,"model":"gpt","status":"in_progress","output":[],"usage":null,"error":null,"incomplete_details":null,"parallel_tool_calls":true,"tools":[],"metadata":{}},"sequence_number":1}
            response.output_item.added| {"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"msg_57b6b1bcab6b8b67","role":"assistant","status":"in_progress","content":[]},"sequence_number":2}
            response.content_part.added| {"type":"response.content_part.added","item_id":"msg_57b6b1bcab6b8b67","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[]},"sequence_number":3}
            response.output_text.delta| {"type":"response.output_text.delta","item_id":"msg_57b6b1bcab6b8b67","output_index":0,"content_index":0,"delta":"I ","logprobs":[],"sequence_number":4}
            response.output_text.delta| {"type":"response.output_text.delta","item_id":"msg_57b6b1bcab6b8b67","output_index":0,"content_index":0,"delta":"write.","logprobs":[],"sequence_number":5}
            response.output_text.done| {"type":"response.output_text.done","item_id":"msg_57b6b1bcab6b8b67","output_index":0,"content_index":0,"text":"I write.","logprobs":[],"sequence_number":6}
            response.content_part.done| {"type":"response.content_part.done","item_id":"msg_57b6b1bcab6b8b67","output_index":0,"content_index":0,"part":{"type":"output_text","text":"I write.","annotations":[]},"sequence_number":7}
            response.output_item.done| {"type":"response.output_item.done","output_index":0,"item":{"type":"message","id":"msg_57b6b1bcab6b8b67","role":"assistant","status":"completed","content":[{"type":"output_text","text":"I write.","annotations":[]}]},"sequence_number":8}
            response.output_item.added| {"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","id":"fc_57b6b1bcab6b8b67","call_id":"call_57b6b1bcab6b8b67","name":"exec_command","arguments":"","status":"in_progress"},"sequence_number":9}
            response.function_call_arguments.delta| {"type":"response.function_call_arguments.delta","item_id":"fc_57b6b1bcab6b8b67","output_index":1,"delta":"{\"cmd\":\"mkdir -p -- \\\"$(dirname -- '/w/a.txt","sequence_number":10}
            response.function_call_arguments.delta| {"type":"response.function_call_arguments.delta","item_id":"fc_57b6b1bcab6b8b67","output_index":1,"delta":"')\\\" && printf %s 'Grüße\\n' > '/w/a.txt'\"}","sequence_number":11}
            response.function_call_arguments.done| {"type":"response.function_call_arguments.done","item_id":"fc_57b6b1bcab6b8b67","output_index":1,"name":"exec_command","arguments":"{\"cmd\":\"mkdir -p -- \\\"$(dirname -- '/w/a.txt')\\\" && printf %s 'Grüße\\n' > '/w/a.txt'\"}","sequence_number":12}
            response.output_item.done| {"type":"response.output_item.done","output_index":1,"item":{"type":"function_call","id":"fc_57b6b1bcab6b8b67","call_id":"call_57b6b1bcab6b8b67","name":"exec_command","arguments":"{\"cmd\":\"mkdir -p -- \\\"$(dirname -- '/w/a.txt')\\\" && printf %s 'Grüße\\n' > '/w/a.txt'\"}","status":"completed"},"sequence_number":13}
            response.completed| {"type":"response.completed","response":{"id":"resp_57b6b1bcab6b8b67","object":"response","created_at":1,"model":"gpt","status":"completed","output":[{"type":"message","id":"msg_57b6b1bcab6b8b67","role":"assistant","status":"completed","content":[{"type":"output_text","text":"I write.","annotations":[]}]},{"type":"function_call","id":"fc_57b6b1bcab6b8b67","call_id":"call_57b6b1bcab6b8b67","name":"exec_command","arguments":"{\"cmd\":\"mkdir -p -- \\\"$(dirname -- '/w/a.txt')\\\" && printf %s 'Grüße\\n' > '/w/a.txt'\"}","status":"completed"}],"usage":{"input_tokens":150,"input_tokens_details":{"cached_tokens":50},"output_tokens":20,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":170},"error":null,"incomplete_details":null,"parallel_tool_calls":true,"tools":[],"metadata":{}},"sequence_number":14}
        "#]],
    );
}

#[test]
fn responses_with_a_tool_that_runs_programs() {
    let exec = json!({"type": "custom", "name": "exec", "format": {"type": "text"}});
    let tools = json!([{"type": "namespace", "name": "functions", "tools": [exec]}]);
    let request = |stream| {
        json!({"model": "gpt", "stream": stream, "input": [
            {"type": "additional_tools", "role": "developer", "tools": tools},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": steps()}]},
        ]})
    };
    check(
        "/v1/responses",
        &request(false),
        &expect![[
            r#"{"id":"resp_2eea6798d6182ab3","object":"response","created_at":1,"model":"gpt","status":"completed","output":[{"type":"message","id":"msg_2eea6798d6182ab3","role":"assistant","status":"completed","content":[{"type":"output_text","text":"I write.","annotations":[]}]},{"type":"custom_tool_call","id":"ctc_2eea6798d6182ab3","call_id":"call_2eea6798d6182ab3","name":"exec","input":"const result = await tools.exec_command({\"cmd\":\"mkdir -p -- \\\"$(dirname -- '/w/a.txt')\\\" && printf %s 'Grüße\\n' > '/w/a.txt'\"}); text(result.output);","status":"completed","namespace":"functions"}],"usage":{"input_tokens":150,"input_tokens_details":{"cached_tokens":50},"output_tokens":20,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":170},"error":null,"incomplete_details":null,"parallel_tool_calls":true,"tools":[],"metadata":{}}"#
        ]],
    );
    let model = ScriptedModel::start_with(Options::default());
    let streamed = events(&post(&model, "/v1/responses", &request(true)).text());
    let delta = |event: &Value| event["type"] == "response.custom_tool_call_input.delta";
    let pieces = streamed.iter().map(|event| event.json()).filter(delta);
    let program: String = pieces.filter_map(|event| Some(event["delta"].as_str()?.to_owned())).collect();
    expect![[r#"const result = await tools.exec_command({"cmd":"mkdir -p -- \"$(dirname -- '/w/a.txt')\" && printf %s 'Grüße\n' > '/w/a.txt'"}); text(result.output);"#]].assert_eq(&program);
}

fn gemini() -> Value {
    let function = json!({"name": "write_file", "parametersJsonSchema": object(&["file_path", "content"])});
    json!({
        "contents": [{"role": "user", "parts": [{"text": steps()}]}],
        "tools": [{"functionDeclarations": [function]}],
    })
}

#[test]
fn gemini_whole() {
    check(
        "/v1beta/models/gemini-2.5-pro:generateContent",
        &gemini(),
        &expect![[
            r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"I write."},{"functionCall":{"name":"write_file","args":{"file_path":"/w/a.txt","content":"Grüße\n"}}}]},"index":0,"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":150,"candidatesTokenCount":20,"totalTokenCount":170,"cachedContentTokenCount":50},"modelVersion":"gemini-2.5-pro","responseId":"6c7e93bffa25be29"}"#
        ]],
    );
}

#[test]
fn gemini_with_tools_that_are_no_list() {
    let mut request = gemini();
    request["tools"] = request["tools"][0].take();
    let model = ScriptedModel::start_with(Options::default());
    let answer = post(&model, "/v1beta/models/m:generateContent", &request).text();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["candidates"][0]["content"]["parts"][1]["functionCall"]["name"], "write_file");
}

#[test]
fn gemini_streamed() {
    check(
        "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse",
        &gemini(),
        &expect![[r#"
            | {"candidates":[{"content":{"role":"model","parts":[{"text":"I "}]},"index":0}],"usageMetadata":{"promptTokenCount":150,"candidatesTokenCount":20,"totalTokenCount":170,"cachedContentTokenCount":50},"modelVersion":"gemini-2.5-pro","responseId":"6c7e93bffa25be29"}
            | {"candidates":[{"content":{"role":"model","parts":[{"text":"write."}]},"index":0}],"usageMetadata":{"promptTokenCount":150,"candidatesTokenCount":20,"totalTokenCount":170,"cachedContentTokenCount":50},"modelVersion":"gemini-2.5-pro","responseId":"6c7e93bffa25be29"}
            | {"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"name":"write_file","args":{"file_path":"/w/a.txt","content":"Grüße\n"}}}]},"index":0,"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":150,"candidatesTokenCount":20,"totalTokenCount":170,"cachedContentTokenCount":50},"modelVersion":"gemini-2.5-pro","responseId":"6c7e93bffa25be29"}
        "#]],
    );
}

#[test]
fn gemini_streamed_as_an_array() {
    check(
        "/v1beta/models/gemini-2.5-pro:streamGenerateContent",
        &gemini(),
        &expect![[
            r#"[{"candidates":[{"content":{"role":"model","parts":[{"text":"I "}]},"index":0}],"usageMetadata":{"promptTokenCount":150,"candidatesTokenCount":20,"totalTokenCount":170,"cachedContentTokenCount":50},"modelVersion":"gemini-2.5-pro","responseId":"6c7e93bffa25be29"},{"candidates":[{"content":{"role":"model","parts":[{"text":"write."}]},"index":0}],"usageMetadata":{"promptTokenCount":150,"candidatesTokenCount":20,"totalTokenCount":170,"cachedContentTokenCount":50},"modelVersion":"gemini-2.5-pro","responseId":"6c7e93bffa25be29"},{"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"name":"write_file","args":{"file_path":"/w/a.txt","content":"Grüße\n"}}}]},"index":0,"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":150,"candidatesTokenCount":20,"totalTokenCount":170,"cachedContentTokenCount":50},"modelVersion":"gemini-2.5-pro","responseId":"6c7e93bffa25be29"}]"#
        ]],
    );
}

/// The conversation after the tool has run: the next step is a text.
#[test]
fn the_next_step_follows_the_tool_result_in_every_format() {
    let model = ScriptedModel::start_with(Options::default());
    let says = |path: &str, body: &Value, pointer: &str| {
        let answer: Value = serde_json::from_slice(&post(&model, path, body).body).unwrap();
        assert_eq!(answer.pointer(pointer), Some(&json!("All done.")), "{answer}");
    };
    let push = |mut body: Value, list: &str, items: [Value; 2]| {
        body[list].as_array_mut().unwrap().extend(items);
        body
    };
    let tool_use = json!({"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "Write", "input": {}}]});
    let result =
        json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "ok"}]});
    says("/v1/messages", &push(anthropic(false), "messages", [tool_use, result]), "/content/0/text");
    let call = json!({"role": "assistant", "content": null, "tool_calls": []});
    let result = json!({"role": "tool", "tool_call_id": "t", "content": "ok"});
    says(
        "/v1/chat/completions",
        &push(chat(false), "messages", [call, result]),
        "/choices/0/message/content",
    );
    let call = json!({"type": "function_call", "call_id": "t", "name": "exec_command", "arguments": "{}"});
    let result = json!({"type": "function_call_output", "call_id": "t", "output": "ok"});
    says("/v1/responses", &push(responses(false), "input", [call, result]), "/output/0/content/0/text");
    let call = json!({"role": "model", "parts": [{"functionCall": {"name": "write_file", "args": {}}}]});
    let result =
        json!({"role": "user", "parts": [{"functionResponse": {"name": "write_file", "response": {}}}]});
    let path = "/v1beta/models/m:generateContent";
    says(path, &push(gemini(), "contents", [call, result]), "/candidates/0/content/parts/0/text");
}

#[test]
fn a_streamed_tool_call_adds_up_to_its_arguments() {
    let model = ScriptedModel::start_with(Options::default());
    let streamed = |path: &str, body: &Value, piece: &dyn Fn(&Value) -> Option<String>| -> Value {
        let text = post(&model, path, body).text();
        let events = events(&text);
        let pieces =
            events.iter().filter(|event| event.data != "[DONE]").filter_map(|event| piece(&event.json()));
        serde_json::from_str(&pieces.collect::<String>()).unwrap()
    };
    let at = |pointer: &'static str| move |event: &Value| Some(event.pointer(pointer)?.as_str()?.to_owned());
    let file = json!({"file_path": "/w/a.txt", "content": "Grüße\n"});
    assert_eq!(streamed("/v1/messages", &anthropic(true), &at("/delta/partial_json")), file);
    let arguments = streamed(
        "/v1/chat/completions",
        &chat(true),
        &at("/choices/0/delta/tool_calls/0/function/arguments"),
    );
    assert_eq!(arguments, json!({"path": "/w/a.txt", "content": "Grüße\n"}));
    let delta = |event: &Value| {
        (event["type"] == "response.function_call_arguments.delta")
            .then_some(())
            .and_then(|()| Some(event["delta"].as_str()?.to_owned()))
    };
    let arguments = streamed("/v1/responses", &responses(true), &delta);
    assert!(arguments["cmd"].as_str().unwrap().contains("printf %s 'Grüße\n' > '/w/a.txt'"), "{arguments}");
}

#[test]
fn usage_is_streamed_only_where_it_was_asked_for() {
    let model = ScriptedModel::start_with(Options::default());
    let mut body = chat(true);
    assert!(post(&model, "/v1/chat/completions", &body).text().contains("prompt_tokens"));
    body.as_object_mut().unwrap().remove("stream_options");
    assert!(!post(&model, "/v1/chat/completions", &body).text().contains("prompt_tokens"));
}

#[test]
fn a_key_is_wanted_where_the_provider_wants_it() {
    let model = ScriptedModel::start_with_key("right");
    let status = |path: &str, headers: &[(&str, &str)]| {
        request("POST", &format!("{}{path}", model.base_url()), headers, b"{}", PATIENCE).unwrap().status
    };
    for path in ["/v1/messages", "/v1/chat/completions", "/v1/responses", "/v1beta/models/m:generateContent"]
    {
        assert_eq!(status(path, &[]), 401, "{path}");
        assert_eq!(status(path, &[("authorization", "Bearer wrong")]), 401, "{path}");
        assert_eq!(status(path, &[("authorization", "Bearer right")]), 200, "{path}");
    }
    assert_eq!(status("/v1/messages", &[("x-api-key", "right")]), 200);
    assert_eq!(status("/v1/responses", &[("x-api-key", "right")]), 401);
    assert_eq!(status("/v1beta/models/m:generateContent?key=right", &[]), 200);
    assert_eq!(status("/v1beta/models/m:generateContent", &[("x-goog-api-key", "right")]), 200);
    let keys: Vec<_> = model.requests().into_iter().map(|request| request.key.map(|key| key.place)).collect();
    assert_eq!(keys[0], None);
    assert_eq!(keys[12..], [Some("x-api-key"), Some("x-api-key"), Some("?key"), Some("x-goog-api-key")]);
}

#[test]
fn models_and_counts_are_told_and_the_rest_is_not_found() {
    let model = ScriptedModel::start_with(Options::default());
    let get = |path: &str| {
        let bearer = [("authorization", "Bearer k")];
        request("GET", &format!("{}{path}", model.base_url()), &bearer, b"", PATIENCE).unwrap()
    };
    let json_of = |answer: &Answer| serde_json::from_slice::<Value>(&answer.body).unwrap();
    assert_eq!(json_of(&get("/v1/models"))["data"][0]["id"], "scripted-model");
    assert_eq!(json_of(&get("/v1beta/models"))["models"][0]["name"], "models/scripted-model");
    let count = post(&model, "/v1/messages/count_tokens", &json!({"messages": []}));
    assert_eq!(json_of(&count), json!({"input_tokens": 3}));
    let count = post(&model, "/v1beta/models/m:countTokens", &json!({"contents": []}));
    assert_eq!(json_of(&count), json!({"totalTokens": 3}));
    assert_eq!(get("/v2/else").status, 404);
    assert_eq!(model.requests().last().unwrap().path, "/v2/else");
    assert_eq!(post(&model, "/v1/responses", &json!("no object")).status, 200);
    let broken = request(
        "POST",
        &format!("{}/v1/responses", model.base_url()),
        &[("authorization", "Bearer k")],
        b"{",
        PATIENCE,
    );
    assert_eq!(broken.unwrap().status, 400);
}

#[test]
fn a_conversation_without_a_script_gets_the_plain_answer_or_the_fallback() {
    let ask = json!({"model": "m", "messages": [{"role": "user", "content": "What is this?"}]});
    let said = |model: &ScriptedModel| {
        let answer: Value = serde_json::from_slice(&post(model, "/v1/chat/completions", &ask).body).unwrap();
        answer["choices"][0]["message"]["content"].as_str().unwrap().to_owned()
    };
    let plain = ScriptedModel::start_with(Options::default());
    assert_eq!(said(&plain), "No script was given, so this is the scripted model's plain answer.");
    let fallback = Some(Script::parse(r#"{"steps":[{"text":"The fallback."}]}"#).unwrap());
    let model = ScriptedModel::start_with(Options { fallback, ..Options::default() });
    assert_eq!(said(&model), "The fallback.");
}
