//! Actions on the network (dev layer).
//!
//! `{"model": PROMPT, "api": A, "stream": B, "timeoutMs": N, "key": K, "model_name": M}` calls the model at the base
//! address of the environment and says what came back. `api` is `chat`, `responses`, `anthropic` or `gemini`; without
//! it the first whose base address is set: `OPENAI_BASE_URL` (with `/v1`) or `OPENAI_HOST`, `ANTHROPIC_BASE_URL`,
//! `GOOGLE_GEMINI_BASE_URL`. The key comes from `OPENAI_API_KEY`, `ANTHROPIC_API_KEY`, `GEMINI_API_KEY`.
//! `{"get": URL}` · `{"connect": "HOST:PORT"}` try to reach something and say whether they did.

use super::Verb;
use crate::gym::actor::{Actor, Done, Flow};
use crate::gym::script::Action;
use crate::plain_http::{self, Answer, Ended};
use crate::surroundings::variable;
use serde_json::{Value, json};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::mpsc::channel;
use std::time::Duration;

pub(super) const VERBS: &[Verb] = &[("model", model), ("get", get), ("connect", connect)];

/// A wire format with its base address.
struct Endpoint {
    api: &'static str,
    base: String,
    key: String,
}

fn endpoint(wanted: Option<&str>) -> Result<Endpoint, String> {
    let openai = || {
        let host = || variable("OPENAI_HOST").map(|host| format!("{}/v1", host.trim_end_matches('/')));
        variable("OPENAI_BASE_URL").or_else(host)
    };
    let known = [
        ("chat", openai(), "OPENAI_API_KEY"),
        ("responses", openai(), "OPENAI_API_KEY"),
        ("anthropic", variable("ANTHROPIC_BASE_URL"), "ANTHROPIC_API_KEY"),
        ("gemini", variable("GOOGLE_GEMINI_BASE_URL"), "GEMINI_API_KEY"),
    ];
    let fits = |api: &str| wanted.is_none_or(|wanted| wanted == api);
    let found = known.into_iter().filter(|(api, _, _)| fits(api)).find_map(|(api, base, key)| {
        let base = base?.trim_end_matches('/').to_owned();
        Some(Endpoint { api, base, key: variable(key).unwrap_or_default() })
    });
    found.ok_or_else(|| "no base address of a model is set in the environment".to_owned())
}

fn model(actor: &Actor, action: &Action) -> Done {
    let endpoint = match endpoint(action.option_text("api")) {
        Ok(endpoint) => endpoint,
        Err(problem) => {
            actor.say(&format!("model: {problem}"))?;
            return Ok(Flow::On);
        }
    };
    let stream = action.options.get("stream").and_then(Value::as_bool).unwrap_or(false);
    let name = action.option_text("model_name").unwrap_or("scripted-model");
    let key = action.option_text("key").unwrap_or(&endpoint.key).to_owned();
    let (url, header, body) = call(&endpoint, name, action.text()?, stream, &key);
    let timeout = Duration::from_millis(action.option_number("timeoutMs", 60_000));
    let answer = off_thread(actor, timeout, move || {
        let headers = [("content-type", "application/json"), (header.0, header.1.as_str())];
        plain_http::request("POST", &url, &headers, body.to_string().as_bytes(), timeout)
    });
    actor.say(&match answer {
        Some(Ok(answer)) => described(&answer),
        Some(Err(error)) => format!("model: failed: {error}"),
        None => "model: no answer".to_owned(),
    })?;
    Ok(Flow::On)
}

/// Address, header with the key, and body of a call.
fn call(
    endpoint: &Endpoint,
    model: &str,
    prompt: &str,
    stream: bool,
    key: &str,
) -> (String, (&'static str, String), Value) {
    let base = &endpoint.base;
    let bearer = ("authorization", format!("Bearer {key}"));
    let messages = json!([{"role": "user", "content": prompt}]);
    match endpoint.api {
        "responses" => {
            (format!("{base}/responses"), bearer, json!({"model": model, "input": prompt, "stream": stream}))
        }
        "anthropic" => (
            format!("{base}/v1/messages"),
            ("x-api-key", key.to_owned()),
            json!({"model": model, "max_tokens": 1000, "messages": messages, "stream": stream}),
        ),
        "gemini" => {
            let verb = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
            let contents = json!([{"role": "user", "parts": [{"text": prompt}]}]);
            let url = format!("{base}/v1beta/models/{model}:{verb}");
            (url, ("x-goog-api-key", key.to_owned()), json!({ "contents": contents }))
        }
        _ => (
            format!("{base}/chat/completions"),
            bearer,
            json!({
                "model": model, "messages": messages, "stream": stream, "max_tokens": 1000,
                "stream_options": if stream { json!({"include_usage": true}) } else { Value::Null },
            }),
        ),
    }
}

/// `model: STATUS, BYTES bytes, ended …` and the beginning of an error's body.
fn described(answer: &Answer) -> String {
    let ended = match answer.ended {
        Ended::Properly => "properly",
        Ended::Broken => "broken",
        Ended::Silent => "silent",
    };
    let text: String = answer.text().chars().take(300).collect();
    let detail = if answer.status == 200 { String::new() } else { format!(": {text}") };
    format!("model: {}, {} bytes, ended {ended}{detail}. ", answer.status, answer.body.len())
}

/// Does something on a thread of its own, so that a cancel ends the turn all the same.
fn off_thread<T: Send + 'static>(
    actor: &Actor,
    longest: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = channel();
    let begun = std::thread::Builder::new().spawn(move || drop(sender.send(work())));
    begun.ok()?;
    // The work has bounds of its own between two reads; this one is for the whole.
    actor.wait(longest.saturating_mul(10), || receiver.try_recv().ok())
}

fn get(actor: &Actor, action: &Action) -> Done {
    let url = action.text()?.to_owned();
    let timeout = Duration::from_millis(action.option_number("timeoutMs", 5_000));
    let address = url.clone();
    let answer = off_thread(actor, timeout, move || plain_http::request("GET", &address, &[], b"", timeout));
    actor.say(&match answer {
        Some(Ok(answer)) => format!("get {url}: {}. ", answer.status),
        Some(Err(error)) => format!("get {url}: failed: {error}. "),
        None => format!("get {url}: no answer. "),
    })?;
    Ok(Flow::On)
}

fn connect(actor: &Actor, action: &Action) -> Done {
    let name = action.text()?.to_owned();
    let timeout = Duration::from_millis(action.option_number("timeoutMs", 2_000));
    let target = name.clone();
    let result = off_thread(actor, timeout, move || -> std::io::Result<()> {
        let mut last = Err(std::io::ErrorKind::AddrNotAvailable.into());
        for address in target.to_socket_addrs()? {
            last = TcpStream::connect_timeout(&address, timeout).map(drop);
            if last.is_ok() {
                break;
            }
        }
        last
    });
    actor.say(&match result {
        Some(Ok(())) => format!("connect {name}: reached. "),
        Some(Err(error)) => format!("connect {name}: failed: {error}. "),
        None => format!("connect {name}: no answer. "),
    })?;
    Ok(Flow::On)
}
