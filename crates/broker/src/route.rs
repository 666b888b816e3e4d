//! Which requests from inside are passed on, and to which path (layer 1; pure).
//!
//! Invariants: a path is taken apart, checked piece by piece and built anew, so that nothing of the raw path goes out;
//! what is not in the tables below is refused. The host is never taken from the request.

use crate::refusal::Refusal;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, TRANSFER_ENCODING, UPGRADE};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode, Uri, Version};
use percent_encoding::percent_decode_str;
use telecoder_model::port::gateway::Provider;
use url::form_urlencoded;

/// The longest path from inside, in bytes.
const MAX_PATH: usize = 1024;
/// The longest query from inside, in bytes.
const MAX_QUERY: usize = 2048;
/// The longest segment of a path, in characters. Names of models and responses are far shorter.
const MAX_SEGMENT: usize = 256;

/// How a model call's answer tells its tokens and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Anthropic messages.
    Messages,
    /// OpenAI chat completions, and embeddings, which count alike.
    Chat,
    /// OpenAI responses.
    Responses,
    /// Gemini generate content.
    Gemini,
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A model works and costs: announced to the sink.
    Call(Format),
    /// Asks for a list, a stored answer or a token count; no model works, so the sink does not hear of it.
    Look,
}

/// A request that may go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) purpose: Purpose,
    /// The API version that the path names, for Gemini.
    pub(crate) version: Option<String>,
    /// The path below the version.
    pub(crate) segments: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    /// The model, where the path names it.
    pub(crate) model: Option<String>,
    /// Whether the path asks for a stream (Gemini).
    pub(crate) streams: bool,
}

/// What the gateway does with a request's head.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Screened {
    /// Passes it on.
    Pass(Route),
    /// Answers what may be asked here; nothing goes out.
    Options(&'static str),
}

/// Checks a request's head.
pub(crate) fn screen(provider: Provider, parts: &Parts) -> Result<Screened, Refusal> {
    check_head(parts)?;
    let path = split(parts.uri.path())?;
    let upgrade = parts.headers.get(UPGRADE).and_then(|value| value.to_str().ok());
    if upgrade.is_some_and(|value| value.to_ascii_lowercase().contains("websocket")) {
        // Codex tries a WebSocket first, and takes this status as "use plain HTTP".
        return Err(Refusal::new(
            StatusCode::UPGRADE_REQUIRED,
            "WebSockets are not passed on; use plain HTTP",
        ));
    }
    let (version, rest) = version_of(provider, &path);
    let Some(entry) = find(provider, rest) else {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            format!(
                "only the model API of {} can be reached here, and this path is not part of it",
                provider.as_str()
            ),
        ));
    };
    let methods = entry.methods();
    let allowed = match &parts.method {
        &Method::OPTIONS => return Ok(Screened::Options(methods)),
        &Method::POST => entry.post,
        &Method::GET | &Method::HEAD => !entry.post,
        _ => false,
    };
    if !allowed {
        let message = format!("this path takes {methods} only");
        return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, message).allow(methods));
    }
    if entry.post {
        check_content_type(&parts.headers)?;
    }
    Ok(Screened::Pass(Route {
        method: parts.method.clone(),
        purpose: entry.purpose,
        version: version.map(str::to_owned),
        segments: rest.iter().map(|segment| (*segment).to_owned()).collect(),
        query: query(provider, &parts.uri)?,
        model: entry.model,
        streams: entry.streams,
    }))
}

struct Entry {
    purpose: Purpose,
    post: bool,
    model: Option<String>,
    streams: bool,
}

impl Entry {
    fn post(purpose: Purpose) -> Self {
        Self { purpose, post: true, model: None, streams: false }
    }
    fn get() -> Self {
        Self { purpose: Purpose::Look, post: false, model: None, streams: false }
    }
    fn methods(&self) -> &'static str {
        if self.post { "POST, OPTIONS" } else { "GET, HEAD, OPTIONS" }
    }
}

/// The tables of paths. Anything else of an account (files, batches, fine-tuning, keys, other models' stored state) stays out.
fn find(provider: Provider, path: &[String]) -> Option<Entry> {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match provider {
        Provider::Anthropic => match path.as_slice() {
            ["messages"] => Some(Entry::post(Purpose::Call(Format::Messages))),
            ["messages", "count_tokens"] => Some(Entry::post(Purpose::Look)),
            ["models"] | ["models", _] => Some(Entry::get()),
            _ => None,
        },
        Provider::Openai => match path.as_slice() {
            ["chat", "completions"] | ["embeddings"] => Some(Entry::post(Purpose::Call(Format::Chat))),
            ["responses"] | ["responses", "compact"] => Some(Entry::post(Purpose::Call(Format::Responses))),
            ["responses", "input_tokens"] => Some(Entry::post(Purpose::Look)),
            ["responses", id] | ["responses", id, "input_items"] if id.starts_with("resp_") => {
                Some(Entry::get())
            }
            // Compatible endpoints name models with slashes.
            ["models"] | ["models", _] | ["models", _, _] | ["models", _, _, _] => Some(Entry::get()),
            _ => None,
        },
        Provider::Gemini => match path.as_slice() {
            ["models"] => Some(Entry::get()),
            ["models", name] | ["tunedModels", name] => gemini_method(name),
            _ => None,
        },
    }
}

fn gemini_method(name: &str) -> Option<Entry> {
    let Some((model, method)) = name.split_once(':') else {
        return Some(Entry::get());
    };
    let (purpose, streams) = match method {
        "generateContent" => (Purpose::Call(Format::Gemini), false),
        "streamGenerateContent" => (Purpose::Call(Format::Gemini), true),
        "countTokens" => (Purpose::Look, false),
        _ => return None,
    };
    (!model.is_empty()).then(|| Entry { purpose, post: true, model: Some(model.to_owned()), streams })
}

fn version_of(provider: Provider, path: &[String]) -> (Option<&str>, &[String]) {
    let known: &[&str] = match provider {
        Provider::Anthropic | Provider::Openai => &["v1"],
        Provider::Gemini => &["v1beta", "v1", "v1alpha"],
    };
    match path.split_first() {
        Some((first, rest)) if known.contains(&first.as_str()) => (Some(first), rest),
        _ => (None, path),
    }
}

fn check_head(parts: &Parts) -> Result<(), Refusal> {
    let bad = |message: &str| Err(Refusal::new(StatusCode::BAD_REQUEST, message));
    if parts.version != Version::HTTP_11 {
        // An HTTP/1.0 answer ends with the connection, so that a cut would look like an end.
        return Err(Refusal::new(StatusCode::HTTP_VERSION_NOT_SUPPORTED, "only HTTP/1.1 is spoken here"));
    }
    if parts.uri.scheme().is_some() || parts.uri.authority().is_some() || !parts.uri.path().starts_with('/') {
        return bad("the request must name a path, not another server");
    }
    let mut hosts = parts.headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return bad("a request has exactly one Host header");
    };
    if !host.to_str().is_ok_and(is_loopback) {
        return Err(Refusal::new(
            StatusCode::MISDIRECTED_REQUEST,
            "this is the model gateway on loopback; no other host can be reached through it",
        ));
    }
    if parts.headers.contains_key(TRANSFER_ENCODING) && parts.headers.contains_key(CONTENT_LENGTH)
        || parts.headers.get_all(CONTENT_LENGTH).iter().count() > 1
    {
        return bad("the request states its length in two ways");
    }
    Ok(())
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    name.eq_ignore_ascii_case("localhost")
        || name == "[::1]"
        || name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("application/json");
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "a model call is JSON"));
    }
    let plain = headers
        .get_all("content-encoding")
        .iter()
        .all(|value| value.to_str().is_ok_and(|value| value.eq_ignore_ascii_case("identity")));
    if !plain {
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "a model call is not compressed here"));
    }
    Ok(())
}

fn split(path: &str) -> Result<Vec<String>, Refusal> {
    let bad = || Refusal::new(StatusCode::BAD_REQUEST, "the path is not in its plain form");
    if path.len() > MAX_PATH {
        return Err(Refusal::new(StatusCode::URI_TOO_LONG, "the path is too long"));
    }
    let inner = path.strip_prefix('/').ok_or_else(bad)?;
    if inner.is_empty() {
        return Ok(Vec::new());
    }
    inner
        .split('/')
        .map(|segment| {
            let text = percent_decode_str(segment).decode_utf8().map_err(|_| bad())?;
            let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:@+".contains(&byte));
            let named =
                !text.is_empty() && text.len() <= MAX_SEGMENT && !text.bytes().all(|byte| byte == b'.');
            if plain && named { Ok(text.into_owned()) } else { Err(bad()) }
        })
        .collect()
}

/// The names that a query may carry. Others are dropped, above all keys and tokens.
fn query_names(provider: Provider) -> &'static [&'static str] {
    match provider {
        Provider::Anthropic => &["beta", "limit", "after_id", "before_id"],
        Provider::Openai => &[
            "after",
            "api-version",
            "before",
            "client_version",
            "include",
            "include[]",
            "include_obfuscation",
            "limit",
            "order",
            "starting_after",
            "stream",
        ],
        Provider::Gemini => &["$alt", "alt", "pageSize", "pageToken", "prettyPrint"],
    }
}

fn query(provider: Provider, uri: &Uri) -> Result<Vec<(String, String)>, Refusal> {
    let text = uri.query().unwrap_or_default();
    if text.len() > MAX_QUERY {
        return Err(Refusal::new(StatusCode::URI_TOO_LONG, "the query is too long"));
    }
    let names = query_names(provider);
    Ok(form_urlencoded::parse(text.as_bytes())
        .filter(|(name, _)| names.contains(&name.as_ref()))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect())
}
