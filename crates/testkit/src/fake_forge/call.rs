//! One REST call (dev layer): what was asked, what is answered, and the errors as GitHub words them.

use super::access::Who;
use super::operations::Operation;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Where GitHub's errors send their readers.
const DOCUMENTATION: &str = "https://docs.github.com/rest";

/// The addresses that answers name.
#[derive(Debug, Clone)]
pub(super) struct Links {
    /// Of the REST interface, as the caller reached it.
    pub(super) api: String,
    /// Of the pages that people see.
    pub(super) html: String,
    /// Of the store of logs, which is another host.
    pub(super) logs: String,
}

/// A call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) operation: &'static Operation,
    /// The parts of the path that have names.
    pub(super) path: BTreeMap<&'static str, String>,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Value,
    pub(super) accept: String,
    pub(super) who: Who,
    pub(super) links: Links,
}

impl Call {
    /// A part of the path.
    pub(super) fn part(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// `owner/name` of the path.
    pub(super) fn full_name(&self) -> String {
        format!("{}/{}", self.part("owner"), self.part("repo"))
    }

    /// A number in the path.
    pub(super) fn number(&self, name: &str) -> Result<u64, Refusal> {
        self.part(name).parse().map_err(|_| Refusal::not_found())
    }

    pub(super) fn asked(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A text of the body.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::as_str)
    }

    /// A truth of the body; what is not there is false.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.body.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A text of the body that must be there.
    pub(super) fn needed(&self, resource: &str, name: &str) -> Result<String, Refusal> {
        self.text(name).map(ToOwned::to_owned).ok_or_else(|| Refusal::missing(resource, name))
    }

    /// The texts of a list in the body.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        strings(self.body.get(name))
    }

    pub(super) fn login(&self) -> Result<String, Refusal> {
        self.who
            .login()
            .map(ToOwned::to_owned)
            .ok_or_else(|| Refusal::unauthorized("Requires authentication"))
    }

    /// One page of a list, with the `Link` header to the others.
    pub(super) fn page(&self, all: Vec<Value>) -> Reply {
        let (items, link) = self.cut(all);
        with_link(Reply::ok(Value::Array(items)), link)
    }

    /// One page of a list that stands in an object beside its total.
    pub(super) fn counted_page(&self, name: &str, all: Vec<Value>) -> Reply {
        let total = all.len();
        let (items, link) = self.cut(all);
        with_link(Reply::ok(json!({"total_count": total, name: items})), link)
    }

    fn cut(&self, all: Vec<Value>) -> (Vec<Value>, Option<String>) {
        let number =
            |name: &str, usual: usize| self.asked(name).and_then(|v| v.parse().ok()).unwrap_or(usual);
        let size = number("per_page", 30).clamp(1, 100);
        let page = number("page", 1).max(1);
        let last = all.len().div_ceil(size).max(1);
        let mut links = Vec::new();
        let mut to = |page: usize, rel: &str| links.push(format!("<{}>; rel=\"{rel}\"", self.at_page(page)));
        if page > 1 {
            to(page - 1, "prev");
        }
        if page < last {
            to(page + 1, "next");
            to(last, "last");
        }
        if page > 1 {
            to(1, "first");
        }
        let items = all.into_iter().skip((page - 1).saturating_mul(size)).take(size).collect();
        (items, (!links.is_empty()).then(|| links.join(", ")))
    }

    /// This call's address, at another page.
    fn at_page(&self, page: usize) -> String {
        let mut path = self.operation.path.to_owned();
        for (name, value) in &self.path {
            path = path.replace(&format!("{{{name}}}"), value);
        }
        let mut query: Vec<String> = self
            .query
            .iter()
            .filter(|(name, _)| name != "page")
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        query.push(format!("page={page}"));
        format!("{}{path}?{}", self.links.api, query.join("&"))
    }
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// The texts of a list.
pub(super) fn strings(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}

fn with_link(reply: Reply, link: Option<String>) -> Reply {
    match link {
        Some(link) => reply.header("link", &link),
        None => reply,
    }
}

/// What an answer carries.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Carried {
    Nothing,
    Json(Value),
    Text(String),
}

/// An answer.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) carried: Carried,
    pub(super) headers: Vec<(String, String)>,
}

impl Reply {
    pub(super) fn ok(body: Value) -> Self {
        Self::with(200, body)
    }

    pub(super) fn with(status: u16, body: Value) -> Self {
        Self { status, carried: Carried::Json(body), headers: Vec::new() }
    }

    pub(super) fn empty(status: u16) -> Self {
        Self { status, carried: Carried::Nothing, headers: Vec::new() }
    }

    pub(super) fn text(body: String) -> Self {
        Self { status: 200, carried: Carried::Text(body), headers: Vec::new() }
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A call that is not done, told as GitHub tells it.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) message: String,
    pub(super) errors: Vec<Value>,
    pub(super) headers: Vec<(String, String)>,
}

/// What a call comes to.
pub(super) type Answer = Result<Reply, Refusal>;

impl Refusal {
    pub(super) fn new(status: u16, message: &str) -> Self {
        Self { status, message: message.to_owned(), errors: Vec::new(), headers: Vec::new() }
    }

    pub(super) fn unauthorized(message: &str) -> Self {
        Self::new(401, message)
    }

    pub(super) fn forbidden(message: &str) -> Self {
        Self::new(403, message)
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    /// A field that is needed and missing.
    pub(super) fn missing(resource: &str, field: &str) -> Self {
        Self::invalid(json!({"resource": resource, "field": field, "code": "missing_field"}))
    }

    /// A field whose value is not possible.
    pub(super) fn field(resource: &str, field: &str) -> Self {
        Self::invalid(json!({"resource": resource, "field": field, "code": "invalid"}))
    }

    /// A rule of its own, in words.
    pub(super) fn custom(resource: &str, message: &str) -> Self {
        Self::invalid(json!({"resource": resource, "code": "custom", "message": message}))
    }

    fn invalid(error: Value) -> Self {
        Self { errors: vec![error], ..Self::new(422, "Validation Failed") }
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The answer that tells it.
    pub(super) fn reply(self) -> Reply {
        let mut body = json!({"message": self.message});
        if let Some(body) = body.as_object_mut() {
            if !self.errors.is_empty() {
                body.insert("errors".to_owned(), Value::Array(self.errors));
            }
            body.insert("documentation_url".to_owned(), json!(DOCUMENTATION));
            body.insert("status".to_owned(), json!(self.status.to_string()));
        }
        Reply { headers: self.headers, ..Reply::with(self.status, body) }
    }
}
