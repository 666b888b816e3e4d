//! Answers as the providers' references describe them: one whole answer of each format, streamed and not.

/// What a provider sends, and what the gateway must read in it.
pub(crate) struct Transcript {
    pub(crate) name: &'static str,
    pub(crate) listener: &'static str,
    pub(crate) path: &'static str,
    pub(crate) request: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) body: &'static str,
    /// From this text on the answer counts as whole. None: only its good end makes it whole.
    pub(crate) end_mark: Option<&'static str>,
    pub(crate) model: &'static str,
    /// Input, output, cached.
    pub(crate) tokens: (u64, u64, u64),
}

pub(crate) fn all() -> [Transcript; 11] {
    [
        MESSAGES_STREAM,
        MESSAGES,
        CHAT_STREAM,
        CHAT_STREAM_WITHOUT_DONE,
        CHAT,
        EMBEDDINGS,
        RESPONSES_STREAM,
        RESPONSES,
        GEMINI_STREAM,
        GEMINI_ARRAY,
        GEMINI,
    ]
}

const EVENTS: &str = "text/event-stream; charset=utf-8";
const JSON: &str = "application/json";

pub(crate) const MESSAGES_STREAM: Transcript = Transcript {
    name: "anthropic messages, streamed",
    listener: "model-anthropic",
    path: "/v1/messages?beta=true",
    request: r#"{"model":"claude-sonnet-4-5","max_tokens":100,"stream":true,"messages":[{"role":"user","content":"hi"}]}"#,
    content_type: EVENTS,
    body: concat!(
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[],\"stop_reason\":null,\"usage\":{\"input_tokens\":20,\"cache_creation_input_tokens\":300,\"cache_read_input_tokens\":4000,\"output_tokens\":1}}}\n\n",
        "event: ping\ndata: {\"type\": \"ping\"}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"h\u{e9}llo\"}}\n\n",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":15}}\n\n",
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    ),
    end_mark: Some("data: {\"type\":\"message_stop\"}\n\n"),
    model: "claude-sonnet-4-5",
    tokens: (4320, 15, 4000),
};

pub(crate) const MESSAGES: Transcript = Transcript {
    name: "anthropic messages",
    request: r#"{"model":"claude-sonnet-4-5","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}"#,
    content_type: JSON,
    body: r#"{"id":"msg_1","type":"message","role":"assistant","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","usage":{"input_tokens":20,"cache_read_input_tokens":4000,"output_tokens":15}}"#,
    end_mark: None,
    tokens: (4020, 15, 4000),
    ..MESSAGES_STREAM
};

pub(crate) const CHAT_STREAM: Transcript = Transcript {
    name: "chat completions, streamed",
    listener: "model-openai",
    path: "/v1/chat/completions",
    request: r#"{"model":"gpt-5","stream":true,"stream_options":{"include_usage":true},"messages":[]}"#,
    content_type: EVENTS,
    body: concat!(
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"he\"},\"finish_reason\":null}],\"usage\":null}\n\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1100,\"completion_tokens\":7,\"prompt_tokens_details\":{\"cached_tokens\":1024}}}\n\n",
        "data: [DONE]\n\n",
    ),
    end_mark: Some("data: [DONE]\n\n"),
    model: "gpt-5",
    tokens: (1100, 7, 1024),
};

pub(crate) const CHAT_STREAM_WITHOUT_DONE: Transcript = Transcript {
    name: "chat completions, streamed by an endpoint that sends no [DONE]",
    path: "/chat/completions",
    request: r#"{"model":"llama","stream":true}"#,
    body: concat!(
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"he\"},\"finish_reason\":\"\"}]}\r\n\r\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\r\n\r\n",
    ),
    end_mark: None,
    model: "llama",
    tokens: (5, 2, 0),
    ..CHAT_STREAM
};

pub(crate) const CHAT: Transcript = Transcript {
    name: "chat completions",
    request: r#"{"model":"gpt-5","messages":[]}"#,
    content_type: JSON,
    body: r#"{"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}}"#,
    end_mark: None,
    tokens: (11, 7, 0),
    ..CHAT_STREAM
};

pub(crate) const EMBEDDINGS: Transcript = Transcript {
    name: "embeddings",
    path: "/v1/embeddings",
    request: r#"{"model":"text-embedding-3-small","input":"hi"}"#,
    body: r#"{"object":"list","data":[{"index":0,"embedding":[0.5]}],"usage":{"prompt_tokens":3,"total_tokens":3}}"#,
    model: "text-embedding-3-small",
    tokens: (3, 0, 0),
    ..CHAT
};

pub(crate) const RESPONSES_STREAM: Transcript = Transcript {
    name: "responses, streamed",
    path: "/v1/responses",
    request: r#"{"model":"gpt-5.1-codex","stream":true,"store":false,"input":[]}"#,
    body: concat!(
        "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\",\"status\":\"in_progress\",\"error\":null,\"usage\":null}}\n\n",
        "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"hi\"}\n\n",
        "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"id\":\"resp_1\",\"status\":\"completed\",\"usage\":{\"input_tokens\":90,\"input_tokens_details\":{\"cached_tokens\":64},\"output_tokens\":9}}}\n\n",
    ),
    end_mark: Some("\"output_tokens\":9}}}\n\n"),
    model: "gpt-5.1-codex",
    tokens: (90, 9, 64),
    ..CHAT_STREAM
};

pub(crate) const RESPONSES: Transcript = Transcript {
    name: "responses",
    path: "/responses",
    request: r#"{"model":"gpt-5.1-codex","input":[]}"#,
    content_type: JSON,
    body: r#"{"id":"resp_1","object":"response","status":"completed","error":null,"output":[],"usage":{"input_tokens":90,"input_tokens_details":{"cached_tokens":64},"output_tokens":9}}"#,
    end_mark: None,
    ..RESPONSES_STREAM
};

pub(crate) const GEMINI_STREAM: Transcript = Transcript {
    name: "gemini, streamed",
    listener: "model-gemini",
    path: "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse",
    request: r#"{"contents":[]}"#,
    content_type: EVENTS,
    body: concat!(
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"h\"}]}}],\"usageMetadata\":{\"promptTokenCount\":50,\"cachedContentTokenCount\":30}}\r\n\r\n",
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"i\"}]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":50,\"cachedContentTokenCount\":30,\"candidatesTokenCount\":4,\"thoughtsTokenCount\":20,\"totalTokenCount\":74}}\r\n\r\n",
    ),
    end_mark: None,
    model: "gemini-2.5-pro",
    tokens: (50, 24, 30),
};

pub(crate) const GEMINI_ARRAY: Transcript = Transcript {
    name: "gemini, streamed as an array",
    path: "/v1beta/models/gemini-2.5-pro%3AstreamGenerateContent",
    content_type: JSON,
    body: concat!(
        "[{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"h\"}]}}],\"usageMetadata\":{\"promptTokenCount\":50}}\n,\r\n",
        "{\"candidates\":[{\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":50,\"candidatesTokenCount\":4}}\n]",
    ),
    tokens: (50, 4, 0),
    ..GEMINI_STREAM
};

pub(crate) const GEMINI: Transcript = Transcript {
    name: "gemini",
    path: "/models/gemini-2.5-flash:generateContent",
    content_type: JSON,
    body: r#"{"candidates":[{"content":{"parts":[{"text":"hi"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":8,"toolUsePromptTokenCount":2,"candidatesTokenCount":3}}"#,
    model: "gemini-2.5-flash",
    tokens: (10, 3, 0),
    ..GEMINI_STREAM
};
