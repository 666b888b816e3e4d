//! One request on its way out and its answer on its way back, up to the first byte of the body (layer 1).
//!
//! Invariants: a model call is announced before a byte goes out; whatever happens then, its end is told, and told before
//! the agent can see it, so that an agent that says it is done never overtakes the record of its last call.

use crate::answer::AnswerBody;
use crate::gateway::Shared;
use crate::ledger::{Ending, Entry};
use crate::meter::{Meter, words};
use crate::refusal::Refusal;
use crate::relay::{Pace, Relay};
use crate::request::{Asked, answer_headers};
use crate::route::{Purpose, Route};
use crate::scrub::Scrub;
use crate::upstream::Upstream;
use bytes::{Bytes, BytesMut};
use hyper::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use hyper::{Method, Response, StatusCode};
use std::sync::Arc;
use telecoder_model::error::{ErrorClass, PortError};
use telecoder_model::port::gateway::CallSink;
use telecoder_model::usage::{CallEnd, Usage};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::timeout_at;

/// The largest error answer that is passed on, in bytes.
const MAX_ERROR: usize = 1024 * 1024;

/// Where the answer's head goes. Closed once the agent is gone.
type Reply = oneshot::Sender<Response<AnswerBody>>;

/// A request that was read whole and may go out.
pub(crate) struct Exchange {
    pub(crate) shared: Arc<Shared>,
    pub(crate) upstream: Arc<Upstream>,
    pub(crate) sink: Arc<dyn CallSink>,
    pub(crate) route: Route,
    pub(crate) asked: Asked,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) body_room: Option<OwnedSemaphorePermit>,
}

/// What came of sending.
enum Sent {
    Answer(reqwest::Response),
    Gone,
    Failed { refusal: Refusal, error: String },
}

impl Exchange {
    /// Carries the call to its end.
    pub(crate) async fn run(mut self, mut reply: Reply) {
        let mut entry = None;
        if let Purpose::Call(_) = self.route.purpose {
            let opened =
                Entry::open(Arc::clone(&self.sink), self.upstream.provider, self.asked.model.clone());
            match opened.await {
                Ok(opened) => entry = Some(opened),
                Err(error) => return self.answer_refusal(reply, &refused_by_sink(&error)),
            }
        }
        if !self.upstream.ready() {
            let error = format!("no key: {} is not set on the server", self.upstream.key_setting);
            close(&mut entry, Ending::without_answer(CallEnd::Refused, error)).await;
            return self.answer_refusal(reply, &self.no_key());
        }
        let pace = Pace::start(&self.shared.options);
        match self.send(&pace, &mut reply).await {
            Sent::Gone => {
                close(
                    &mut entry,
                    Ending::without_answer(CallEnd::Abandoned, "the agent went away before an answer"),
                )
                .await;
            }
            Sent::Failed { refusal, error } => {
                close(&mut entry, Ending::without_answer(CallEnd::Broken, error)).await;
                self.answer_refusal(reply, &refusal);
            }
            Sent::Answer(answer) if answer.status().is_success() => {
                self.pass_answer(pace, answer, entry, reply).await;
            }
            Sent::Answer(answer) => self.pass_error(&pace, answer, entry, reply).await,
        }
    }

    fn answer_refusal(&self, reply: Reply, refusal: &Refusal) {
        deliver(reply, refusal.response(self.upstream.provider));
    }

    async fn send(&mut self, pace: &Pace, reply: &mut Reply) -> Sent {
        let lost = |error: String, status: StatusCode, inside: &str| Sent::Failed {
            refusal: Refusal::new(status, inside),
            error,
        };
        let Some(target) = self.upstream.target(&self.route) else {
            return lost(
                "the provider's address has no path".to_owned(),
                StatusCode::BAD_GATEWAY,
                "no such address",
            );
        };
        let client = match self.shared.outgoing.client().await {
            Ok(client) => client,
            Err(error) => {
                return lost(error.chain(), StatusCode::BAD_GATEWAY, "no model provider can be called");
            }
        };
        let mut request = client.request(self.route.method.clone(), target);
        request = request.headers(std::mem::take(&mut self.headers));
        if let Some((name, value)) = &self.upstream.credential {
            request = request.header(name, value);
        }
        if self.route.method == Method::POST {
            request = request.body(std::mem::take(&mut self.body));
        }
        let sent = tokio::select! {
            biased;
            () = reply.closed() => return Sent::Gone,
            sent = timeout_at(pace.next(), request.send()) => sent,
        };
        // The request is out; its bytes no longer count.
        self.body_room = None;
        match sent {
            Ok(Ok(answer)) => Sent::Answer(answer),
            Ok(Err(error)) => {
                let inside = if error.is_connect() {
                    "the model provider cannot be reached"
                } else {
                    "the model provider broke off before it answered"
                };
                let host = self.upstream.host();
                let error = format!("{host}: {}", self.upstream.words(error));
                lost(error, StatusCode::BAD_GATEWAY, inside)
            }
            Err(_) => lost(
                format!("{} did not begin to answer in time", self.upstream.host()),
                StatusCode::GATEWAY_TIMEOUT,
                "the model provider did not answer in time",
            ),
        }
    }

    /// An answer that is not a success: read whole, recorded, passed on.
    async fn pass_error(
        &self,
        pace: &Pace,
        mut answer: reqwest::Response,
        mut entry: Option<Entry>,
        reply: Reply,
    ) {
        let status = answer.status();
        let headers = self.headers_in(&answer);
        let body = read_error(pace, &mut answer).await.map(|body| self.scrubbed(body));
        let error = self.error_words(status, body.as_deref());
        let ending = Ending {
            end: CallEnd::Refused,
            status: Some(status.as_u16()),
            error: Some(error),
            usage: Usage::default(),
        };
        close(&mut entry, ending).await;
        let own = if status == StatusCode::UNAUTHORIZED {
            Some(Refusal::new(
                status,
                format!("the provider refused the key that the server has in {}", self.upstream.key_setting),
            ))
        } else if !status.is_client_error() && !status.is_server_error() {
            let message = "the model provider answered with a redirect; its address on the server is wrong";
            Some(Refusal::new(StatusCode::BAD_GATEWAY, message))
        } else if body.is_none() {
            Some(Refusal::new(status, "the model provider's error broke off"))
        } else {
            None
        };
        match (own, body) {
            (Some(own), _) => self.answer_refusal(reply, &own),
            (None, body) => deliver(
                reply,
                response(status, headers, AnswerBody::full(body.unwrap_or_default()), &self.route),
            ),
        }
    }

    /// An answer that is a success: followed while it is passed on.
    async fn pass_answer(&self, pace: Pace, answer: reqwest::Response, entry: Option<Entry>, reply: Reply) {
        let status = answer.status();
        if is_encoded(&answer) {
            return self.refuse_encoded(status, entry, reply).await;
        }
        let mut headers = self.headers_in(&answer);
        if self.route.method == Method::HEAD {
            return deliver(reply, response(status, headers, AnswerBody::full(Bytes::new()), &self.route));
        }
        let meter = match self.route.purpose {
            Purpose::Call(format) => {
                // Without a stated length the agent waits for the end mark, and that comes after the record.
                headers.remove(CONTENT_LENGTH);
                let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
                Some(Meter::new(format, kind, self.asked.streams))
            }
            Purpose::Look => None,
        };
        let (sender, body) = AnswerBody::coming();
        deliver(reply, response(status, headers, body, &self.route));
        let relay = Relay {
            upstream: &self.upstream,
            max_bytes: self.shared.options.max_answer_bytes,
            scrub: Scrub::new(self.upstream.key.clone()),
            status: status.as_u16(),
            sender,
            meter,
            entry,
            pace,
            passed: 0,
        };
        relay.run(answer).await;
    }

    async fn refuse_encoded(&self, status: StatusCode, mut entry: Option<Entry>, reply: Reply) {
        let error = format!("{} compressed its answer although it was asked not to", self.upstream.host());
        let ending =
            Ending { status: Some(status.as_u16()), ..Ending::without_answer(CallEnd::Broken, error) };
        close(&mut entry, ending).await;
        let message = "the model provider's answer cannot be read";
        self.answer_refusal(reply, &Refusal::new(StatusCode::BAD_GATEWAY, message));
    }

    /// An error status in words. A refused key's answer is not quoted, because it often holds the key's last characters.
    fn error_words(&self, status: StatusCode, body: Option<&[u8]>) -> String {
        let (host, code) = (self.upstream.host(), status.as_u16());
        if status == StatusCode::UNAUTHORIZED {
            return format!("{host} answered 401: it refuses the key (check {})", self.upstream.key_setting);
        }
        let value = body.and_then(|body| serde_json::from_slice(body).ok());
        match value.as_ref().and_then(words).as_deref().or(status.canonical_reason()) {
            Some(words) => format!("{host} answered {code}: {}", self.upstream.hide(words)),
            None => format!("{host} answered {code}"),
        }
    }

    fn headers_in(&self, answer: &reqwest::Response) -> HeaderMap {
        let key = self.upstream.key.as_ref();
        answer_headers(answer.headers(), |value| key.is_some_and(|key| value.contains(key.expose())))
    }

    fn scrubbed(&self, body: Bytes) -> Bytes {
        let mut scrub = Scrub::new(self.upstream.key.clone());
        let mut out = BytesMut::from(scrub.pass(body));
        out.extend_from_slice(&scrub.rest());
        out.freeze()
    }

    fn no_key(&self) -> Refusal {
        let setting = &self.upstream.key_setting;
        let message =
            format!("the server has no key for {}: set {setting} on it", self.upstream.provider.as_str());
        Refusal::new(StatusCode::UNAUTHORIZED, message)
    }
}

/// Tells a call's end, if it was announced and is still open.
pub(crate) async fn close(entry: &mut Option<Entry>, ending: Ending) {
    if let Some(entry) = entry.take() {
        entry.close(ending).await;
    }
}

/// Hands an answer to the connection. Nothing is left to do when that is gone.
fn deliver(reply: Reply, response: Response<AnswerBody>) {
    if reply.send(response).is_err() {
        tracing::debug!("the agent went away before the answer's head");
    }
}

fn response(
    status: StatusCode,
    mut headers: HeaderMap,
    body: AnswerBody,
    route: &Route,
) -> Response<AnswerBody> {
    if matches!(body, AnswerBody::Full(_)) && route.method != Method::HEAD {
        // The connection states the length of a body that it knows.
        headers.remove(CONTENT_LENGTH);
    }
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

fn is_encoded(answer: &reqwest::Response) -> bool {
    let encoding = answer.headers().get(CONTENT_ENCODING);
    encoding.is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// The body of an error, if it comes whole, in time and within its bound.
async fn read_error(pace: &Pace, answer: &mut reqwest::Response) -> Option<Bytes> {
    let mut body = BytesMut::new();
    loop {
        match timeout_at(pace.next(), answer.chunk()).await {
            Ok(Ok(Some(part))) if body.len() + part.len() <= MAX_ERROR => body.extend_from_slice(&part),
            Ok(Ok(None)) => return Some(body.freeze()),
            Ok(Ok(Some(_)) | Err(_)) | Err(_) => return None,
        }
    }
}

/// The sink's words go in only where they are a decision; faults of the server stay outside.
fn refused_by_sink(error: &PortError) -> Refusal {
    match error.class {
        ErrorClass::Denied | ErrorClass::Full | ErrorClass::Conflict => {
            Refusal::new(StatusCode::FORBIDDEN, error.what.clone())
        }
        ErrorClass::Transient => {
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "the server cannot take model calls now")
                .retry_after(5)
        }
        ErrorClass::Permanent | ErrorClass::NotFound => {
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "the server could not record the model call")
        }
    }
}
