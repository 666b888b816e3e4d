//! The HTTP side of the scripted model (dev layer): routes, keys, and which answer a request gets.

use super::Options;
use super::deliver::{deliver, json};
use super::faults::{Blow, Faults};
use super::plan::{Ask, Bearing, Plan, plan};
use super::record::{Record, RecordedRequest, SeenKey};
use super::reply::Reply;
use super::script::FaultKind;
use super::wire::{Wire, anthropic, chat, gemini, responses};
use axum::Router;
use axum::body::{Body as HttpBody, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, Response, StatusCode, header, request::Parts};
use axum::routing::{get, post};
use serde_json::{Value, json as value};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// The largest request body that is read, in bytes.
const MAX_BODY: usize = 32 << 20;

/// The names in the list of models; every other name works as well.
const MODELS: &[&str] = &["scripted-model", "gpt-5.1-codex", "claude-sonnet-4-5", "gemini-2.5-pro"];

/// What one server shares between its requests.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) record: Record,
    pub(super) faults: Faults,
}

type Reached = State<Arc<Shared>>;

/// All routes.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/__requests", get(requests).delete(forget))
        .route("/v1/messages", post(messages))
        .route("/v1/messages/count_tokens", post(anthropic_count))
        .route("/v1/chat/completions", post(completions))
        .route("/v1/responses", post(create_response))
        .route("/v1/models", get(openai_models))
        .route("/v1/models/{model}", get(openai_models))
        .route("/v1beta/models", get(gemini_models))
        .route("/v1beta/models/{call}", post(gemini_call))
        .fallback(nothing)
        .with_state(shared)
}

async fn requests(State(shared): Reached) -> Response<HttpBody> {
    json(StatusCode::OK, &value!({ "requests": shared.record.all() }))
}

async fn forget(State(shared): Reached) -> StatusCode {
    shared.record.clear();
    StatusCode::NO_CONTENT
}

async fn messages(State(shared): Reached, request: Request) -> Response<HttpBody> {
    match shared.admit(Wire::Anthropic, request).await {
        Ok(body) => shared.answer(Wire::Anthropic, &anthropic::ask(&body), &body).await,
        Err(refusal) => *refusal,
    }
}

async fn anthropic_count(State(shared): Reached, request: Request) -> Response<HttpBody> {
    match shared.admit(Wire::Anthropic, request).await {
        Ok(body) => json(StatusCode::OK, &value!({"input_tokens": count(&body)})),
        Err(refusal) => *refusal,
    }
}

async fn completions(State(shared): Reached, request: Request) -> Response<HttpBody> {
    match shared.admit(Wire::Chat, request).await {
        Ok(body) => shared.answer(Wire::Chat, &chat::ask(&body), &body).await,
        Err(refusal) => *refusal,
    }
}

async fn create_response(State(shared): Reached, request: Request) -> Response<HttpBody> {
    match shared.admit(Wire::Responses, request).await {
        Ok(body) => shared.answer(Wire::Responses, &responses::ask(&body), &body).await,
        Err(refusal) => *refusal,
    }
}

async fn gemini_call(
    State(shared): Reached,
    Path(call): Path<String>,
    request: Request,
) -> Response<HttpBody> {
    let events = request.uri().query().unwrap_or_default().split('&').any(|pair| pair == "alt=sse");
    let body = match shared.admit(Wire::Gemini, request).await {
        Ok(body) => body,
        Err(refusal) => return *refusal,
    };
    let (model, verb) = call.rsplit_once(':').unwrap_or((call.as_str(), ""));
    let stream = match verb {
        "countTokens" => return json(StatusCode::OK, &value!({"totalTokens": count(&body)})),
        "generateContent" => Bearing::Whole,
        "streamGenerateContent" if events => Bearing::Events,
        "streamGenerateContent" => Bearing::Array,
        _ => return not_found(Wire::Gemini, &call),
    };
    shared.answer(Wire::Gemini, &gemini::ask(model, stream, &body), &body).await
}

async fn openai_models(State(shared): Reached, request: Request) -> Response<HttpBody> {
    if let Err(refusal) = shared.admit(Wire::Chat, request).await {
        return *refusal;
    }
    let model = |id: &&str| {
        value!({
            "id": id, "object": "model", "type": "model", "display_name": id, "created": 1,
            "created_at": "2025-01-01T00:00:00Z", "owned_by": "telecoder",
        })
    };
    let models: Vec<Value> = MODELS.iter().map(model).collect();
    json(StatusCode::OK, &value!({"object": "list", "has_more": false, "data": models}))
}

async fn gemini_models(State(shared): Reached, request: Request) -> Response<HttpBody> {
    if let Err(refusal) = shared.admit(Wire::Gemini, request).await {
        return *refusal;
    }
    let model = |id: &&str| {
        value!({
            "name": format!("models/{id}"), "displayName": id,
            "supportedGenerationMethods": ["generateContent", "countTokens"],
        })
    };
    let models: Vec<Value> = MODELS.iter().map(model).collect();
    json(StatusCode::OK, &value!({ "models": models }))
}

async fn nothing(State(shared): Reached, request: Request) -> Response<HttpBody> {
    if request.headers().contains_key(header::UPGRADE) {
        return json(StatusCode::UPGRADE_REQUIRED, &Wire::Chat.error(426, "There is no WebSocket here."));
    }
    let path = request.uri().path().to_owned();
    let (parts, _) = request.into_parts();
    shared.record.add(recorded(&parts, Value::Null));
    not_found(Wire::Chat, &path)
}

fn not_found(wire: Wire, what: &str) -> Response<HttpBody> {
    json(StatusCode::NOT_FOUND, &wire.error(404, &format!("The scripted model does not know `{what}`.")))
}

impl Shared {
    /// Records a request and lets it in if it carries a key that this provider would accept.
    async fn admit(&self, wire: Wire, request: Request) -> Result<Value, Box<Response<HttpBody>>> {
        let refuse =
            |status: StatusCode, why: &str| Box::new(json(status, &wire.error(status.as_u16(), why)));
        let (parts, body) = request.into_parts();
        let Ok(bytes) = to_bytes(body, MAX_BODY).await else {
            return Err(refuse(StatusCode::PAYLOAD_TOO_LARGE, "The request cannot be read or is too large."));
        };
        let parsed = if bytes.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&bytes) };
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        let request = recorded(&parts, parsed.as_ref().map_or_else(|_| text(), Value::clone));
        let verdict = self.check_key(wire, request.key.as_ref());
        self.record.add(request);
        verdict.map_err(|why| refuse(StatusCode::UNAUTHORIZED, &why))?;
        parsed.map_err(|error| refuse(StatusCode::BAD_REQUEST, &format!("The body is not JSON: {error}.")))
    }

    fn check_key(&self, wire: Wire, key: Option<&SeenKey>) -> Result<(), String> {
        let places: &[&str] = match wire {
            Wire::Anthropic => &["x-api-key", "authorization"],
            Wire::Chat | Wire::Responses => &["authorization"],
            Wire::Gemini => &["x-goog-api-key", "?key", "authorization"],
        };
        let Some(key) = key.filter(|key| !key.value.is_empty()) else {
            return Err(format!("No key was sent. It belongs into: {}.", places.join(", ")));
        };
        if !places.contains(&key.place) {
            return Err(format!(
                "The key was sent as {}, but it belongs into: {}.",
                key.place,
                places.join(", ")
            ));
        }
        match &self.options.expected_key {
            Some(expected) if *expected != key.value => Err("The key is wrong.".to_owned()),
            Some(_) | None => Ok(()),
        }
    }

    async fn answer(&self, wire: Wire, ask: &Ask, request: &Value) -> Response<HttpBody> {
        let id = identity(request);
        let (reply, blow) = match plan(ask, self.options.fallback.as_ref()) {
            Plan::Aside(text) => (Reply::text(text, ask, id), Blow::default()),
            Plan::Finished => (Reply::text("The script is finished.".to_owned(), ask, id), Blow::default()),
            Plan::Play { script, index, step } => {
                (Reply::of(&step.answer, ask, id), self.faults.strike(&script, index, &step))
            }
        };
        if !blow.delay.is_zero() {
            tokio::time::sleep(blow.delay).await;
        }
        let reply = match &blow.fault {
            Some(FaultKind::Error { status, retry_after }) => return http_error(wire, *status, *retry_after),
            Some(FaultKind::MaxTokens) => reply.half(),
            Some(FaultKind::Empty) => reply.emptied(),
            Some(FaultKind::Sleep(_) | FaultKind::Stall(_) | FaultKind::Cut(_) | FaultKind::Truncate)
            | None => reply,
        };
        deliver(wire.body(ask, &reply), reply.pace, blow.fault.as_ref()).await
    }
}

fn http_error(wire: Wire, status: u16, retry_after: Option<u64>) -> Response<HttpBody> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = json(status, &wire.error(status.as_u16(), "The script wants this error."));
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn recorded(parts: &Parts, body: Value) -> RecordedRequest {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut request = RecordedRequest {
        number: 0,
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        key: None,
        body,
    };
    request.key = request.find_key();
    request
}

/// The same for the same request, on every server.
fn identity(request: &Value) -> String {
    let mut hasher = DefaultHasher::new();
    request.to_string().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// A count of tokens that depends on the request alone: one for four bytes.
fn count(request: &Value) -> usize {
    request.to_string().len() / 4
}
