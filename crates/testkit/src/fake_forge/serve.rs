//! The HTTP side of the fake forge (dev layer): which part answers a request, and which fault hits it.

use super::access::Who;
use super::call::{Call, Links, Refusal, Reply};
use super::control;
use super::dispatch::{self, State};
use super::faults::FaultKind;
use super::graphql;
use super::operations;
use super::record::{self, Request as Recorded};
use super::smart_http::{self, GitAnswer};
use super::wire::{cut, decoded, json_response, pairs, plain};
use crate::surroundings;
use axum::body::{Body, to_bytes};
use axum::http::header::DATE;
use axum::http::{HeaderMap, HeaderValue, Request, Response};
use bytes::Bytes;
use jiff::fmt::rfc2822::DateTimePrinter;
use serde_json::{Value, json};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;
use tokio::sync::watch;

/// The largest request body that is read, in bytes.
const MAX_BODY: usize = 256 << 20;

/// What one forge shares between its requests and its owner.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// Seconds by which its clock is ahead.
    pub(super) ahead: AtomicU64,
    pub(super) base: String,
    pub(super) logs: String,
    pub(super) root: TempDir,
    /// How many requests have come.
    pub(super) arrived: watch::Sender<u64>,
}

impl Shared {
    pub(super) fn new(base: String, logs: String) -> io::Result<Self> {
        let state = Mutex::new(State::default());
        let root = tempfile::tempdir()?;
        Ok(Self { state, ahead: AtomicU64::new(0), base, logs, root, arrived: watch::Sender::new(0) })
    }

    /// The state, as of now.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.world.now = self.now();
        state
    }

    /// The forge's clock, in seconds since 1970.
    pub(super) fn now(&self) -> u64 {
        surroundings::now().saturating_add(self.ahead.load(Ordering::Relaxed))
    }
}

/// A request with its body.
struct Received {
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Received {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// What is recorded of it.
    fn recorded(&self, operation: &str, token: String, body: &Value) -> Recorded {
        Recorded {
            number: 0,
            operation: operation.to_owned(),
            method: self.method.clone(),
            path: self.path.clone(),
            query: self.query.clone(),
            headers: record::headers(&self.headers),
            token,
            body: body.clone(),
            status: None,
        }
    }
}

/// An answer on its way, and what it is to be cut to.
enum Outcome {
    Whole(Response<Body>),
    Cut(Response<Body>),
    Closed,
}

/// Answers a request; an error closes the connection.
pub(super) async fn respond(shared: Arc<Shared>, request: Request<Body>) -> io::Result<Response<Body>> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY).await.map_err(io::Error::other)?;
    let received = Received {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    };
    if let Some(order) = received.path.strip_prefix("/_control") {
        let (status, value) = control::answer(&shared, &received.method, order, &received.body);
        return Ok(plain(status, &[("content-type", "application/json")], value.to_string().into_bytes()));
    }
    let outcome = match smart_http::find(&received.path, &received.query) {
        Some((name, service)) => git(&shared, &received, &name, service).await,
        None => rest(&shared, &received).await,
    };
    match outcome {
        Outcome::Whole(response) => Ok(dated(&shared, response)),
        Outcome::Cut(response) => cut(dated(&shared, response)).await,
        Outcome::Closed => Err(io::Error::other("closed by a fault")),
    }
}

/// Says what time it is here: by that a client knows when tokens and limits end.
fn dated(shared: &Shared, mut response: Response<Body>) -> Response<Body> {
    let now = i64::try_from(shared.now()).ok().and_then(|now| jiff::Timestamp::from_second(now).ok());
    let text = now.and_then(|now| DateTimePrinter::new().timestamp_to_rfc9110_string(&now).ok());
    if let Some(value) = text.and_then(|text| HeaderValue::try_from(text).ok()) {
        response.headers_mut().insert(DATE, value);
    }
    response
}

/// What is done before an answer, given the fault: nothing more, or this answer.
async fn before(shared: &Shared, who: &Who, fault: Option<FaultKind>) -> Result<(), Option<Reply>> {
    match fault {
        Some(FaultKind::DropBefore) => Err(None),
        Some(FaultKind::FailBefore(status)) => Err(Some(failure(status))),
        Some(FaultKind::RateLimited { seconds }) => {
            let reset = shared.now() + seconds;
            let refusal = dispatch::limited(who.login().unwrap_or("nobody"));
            let refusal = refusal.header("x-ratelimit-remaining", "0");
            Err(Some(refusal.header("x-ratelimit-reset", &reset.to_string()).reply()))
        }
        Some(FaultKind::SecondaryLimited { seconds }) => Err(Some(dispatch::secondary(seconds).reply())),
        Some(FaultKind::Slow(delay)) => {
            tokio::time::sleep(delay).await;
            Ok(())
        }
        Some(FaultKind::DropAfter | FaultKind::FailAfter(_) | FaultKind::Truncated | FaultKind::Stale)
        | None => Ok(()),
    }
}

fn failure(status: u16) -> Reply {
    Refusal::new(status, "Server Error").reply()
}

/// What is left of an answer, given the fault.
fn after(fault: Option<FaultKind>, response: Response<Body>) -> Outcome {
    match fault {
        Some(FaultKind::DropAfter) => Outcome::Closed,
        Some(FaultKind::Truncated) => Outcome::Cut(response),
        Some(FaultKind::FailAfter(status)) => Outcome::Whole(json_response(&failure(status), Vec::new())),
        Some(
            FaultKind::DropBefore
            | FaultKind::FailBefore(_)
            | FaultKind::RateLimited { .. }
            | FaultKind::SecondaryLimited { .. }
            | FaultKind::Slow(_)
            | FaultKind::Stale,
        )
        | None => Outcome::Whole(response),
    }
}

async fn git(shared: &Shared, received: &Received, name: &str, service: smart_http::Service) -> Outcome {
    let (admitted, who, fault, number) = {
        let mut state = shared.lock();
        super::hosting::sync(&mut state.world, name);
        let who = match received.header("authorization") {
            Some(value) => dispatch::basic(&state.world, value),
            None => Some(Who::Nobody),
        };
        let fault = state.faults.take(service.name(), &received.method, &received.path);
        let admitted = smart_http::admit(&state.world, who.as_ref(), name, service);
        let label = who.as_ref().map_or_else(|| "bad".to_owned(), Who::label);
        let number = state.record.add(received.recorded(service.name(), label, &Value::Null));
        (admitted, who.unwrap_or(Who::Nobody), fault, number)
    };
    shared.arrived.send_modify(|count| *count += 1);
    if let Err(reply) = before(shared, &who, fault).await {
        return finished(shared, number, reply.map(|reply| json_response(&reply, Vec::new())));
    }
    let answer = match admitted {
        Ok(admitted) => {
            let earlier = shared.lock().world.clone();
            let answer = smart_http::serve(
                admitted,
                &received.method,
                &received.query,
                &received.headers,
                &received.body,
            );
            let answer = answer.await.unwrap_or_else(|problem| GitAnswer {
                status: 500,
                headers: Vec::new(),
                body: problem.into_bytes(),
            });
            if service == smart_http::Service::ReceivePack {
                let mut state = shared.lock();
                super::hosting::sync(&mut state.world, name);
                let refs =
                    |world: &super::world::World| world.repository(name).map(|found| found.refs.clone());
                if refs(&earlier) != refs(&state.world) {
                    state.before = earlier;
                }
            }
            answer
        }
        Err(refusal) => refusal,
    };
    // git repeats by itself what was lost on a connection that it used before; faults are for all to see.
    let close = ("connection", "close");
    let headers: Vec<(&str, &str)> =
        answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain([close]).collect();
    let outcome = after(fault, plain(answer.status, &headers, answer.body));
    finished_as(shared, number, outcome)
}

/// Ends a call with an answer, or without one.
fn finished(shared: &Shared, number: u64, response: Option<Response<Body>>) -> Outcome {
    finished_as(shared, number, response.map_or(Outcome::Closed, Outcome::Whole))
}

fn finished_as(shared: &Shared, number: u64, outcome: Outcome) -> Outcome {
    match &outcome {
        Outcome::Whole(response) | Outcome::Cut(response) => {
            shared.lock().record.answered(number, response.status().as_u16());
        }
        Outcome::Closed => {}
    }
    outcome
}

async fn rest(shared: &Shared, received: &Received) -> Outcome {
    let stripped = received.path.strip_prefix("/api/v3").filter(|rest| rest.starts_with('/'));
    let api = if stripped.is_some() { format!("{}/api/v3", shared.base) } else { shared.base.clone() };
    let links = Links { api, html: shared.base.clone(), logs: shared.logs.clone() };
    let path = decoded(stripped.unwrap_or(&received.path));
    let found = operations::find(&received.method, &path);
    let of_drafts = graphql::is_at(&received.path);
    let id = match &found {
        Some((operation, _)) => operation.id,
        None if of_drafts => "graphql",
        None => "unknown",
    };
    let body: Result<Value, _> =
        if received.body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&received.body) };
    let recorded_body = body.as_ref().map_or(Value::Null, |body| without_secrets(body.clone()));
    let (who, fault, number) = {
        let mut state = shared.lock();
        let who = dispatch::who(&state.world, received.header("authorization"));
        let label = who.as_ref().map_or_else(|_| "bad".to_owned(), Who::label);
        let number = state.record.add(received.recorded(id, label, &recorded_body));
        let fault = state.faults.take(id, &received.method, &path);
        (who, fault, number)
    };
    shared.arrived.send_modify(|count| *count += 1);
    let early = who.clone().unwrap_or(Who::Nobody);
    if let Err(reply) = before(shared, &early, fault).await {
        let response = reply.map(|reply| {
            let headers = dispatch::about_credential(&shared.lock().world, &early);
            json_response(&reply, headers)
        });
        return finished(shared, number, response);
    }
    let (reply, headers) = {
        let mut state = shared.lock();
        let reply = answer(&mut state, received, found, who, body, links, fault);
        let headers = dispatch::about_credential(&state.world, &early);
        (reply, headers)
    };
    let outcome = after(fault, json_response(&reply, headers));
    finished_as(shared, number, outcome)
}

/// Passes a request through everything that may refuse it, and to its operation.
fn answer(
    state: &mut State,
    received: &Received,
    found: Option<(&'static operations::Operation, operations::Parts)>,
    who: Result<Who, &'static str>,
    body: Result<Value, serde_json::Error>,
    links: Links,
    fault: Option<FaultKind>,
) -> Reply {
    if received.header("user-agent").is_none_or(str::is_empty) {
        let message = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header (https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required).";
        return Refusal::forbidden(message).reply();
    }
    let who = match who {
        Ok(who) => who,
        Err(message) => return Refusal::unauthorized(message).reply(),
    };
    let Ok(body) = body else {
        return Refusal::new(400, "Problems parsing JSON").reply();
    };
    if let Err(refusal) = dispatch::count(&mut state.world, &who) {
        return refusal.header("x-ratelimit-remaining", "0").reply();
    }
    let Some((operation, path)) = found else {
        if graphql::is_at(&received.path) && received.method == "POST" {
            return graphql::answer(&mut state.world, &who, &body).unwrap_or_else(Refusal::reply);
        }
        let problem = format!("request {} {}: no such operation here", received.method, received.path);
        state.violated(vec![problem]);
        return Refusal::not_found().reply();
    };
    let accept = received.header("accept").unwrap_or_default().to_owned();
    let call = Call { operation, path, query: pairs(&received.query), body, accept, who, links };
    let reply = state.call(&call, fault);
    if operation.reads() {
        let known = received.header("if-none-match");
        return dispatch::unless_known(&mut state.world, &call.who, reply, known);
    }
    reply
}

/// A body whose secrets are not kept.
fn without_secrets(mut body: Value) -> Value {
    if let Some(fields) = body.as_object_mut() {
        for (name, value) in fields {
            if name.contains("token") || name.contains("secret") {
                *value = json!("***");
            }
        }
    }
    body
}

/// The store of logs, which is another host: a credential sent here is refused, and a leak.
pub(super) fn log_store(shared: &Shared, request: &Request<Body>) -> Response<Body> {
    let mut state = shared.lock();
    let path = request.uri().path();
    if request.headers().contains_key("authorization") {
        state.violated(vec![format!("request GET {path}: a credential was sent to the store of logs")]);
        return plain(
            400,
            &[("content-type", "application/xml")],
            b"<Error>InvalidAuthenticationInfo</Error>".to_vec(),
        );
    }
    let id = path.strip_prefix("/logs/").and_then(|id| id.parse::<u64>().ok());
    let mut jobs = state.world.repositories.values().flat_map(|shown| &shown.runs).flat_map(|run| &run.jobs);
    match jobs.find(|job| Some(job.id) == id) {
        Some(job) => {
            plain(200, &[("content-type", "text/plain; charset=utf-8")], job.log.clone().into_bytes())
        }
        None => plain(404, &[], Vec::new()),
    }
}
