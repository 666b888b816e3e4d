//! One connection from inside: HTTP/1.1, many requests, one after the other (layer 1).
//!
//! Invariants: every request is read whole, within bounds, before anything of it goes out; a call runs in a task of its
//! own, so that the end of the connection never cancels the telling of its end; all tasks are over when `serve` returns.

use crate::answer::AnswerBody;
use crate::exchange::Exchange;
use crate::gateway::Shared;
use crate::lane::Lane;
use crate::refusal::Refusal;
use crate::request::{self, Asked};
use crate::route::{Route, Screened, screen};
use crate::upstream::Upstream;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::header::{ALLOW, EXPECT, HeaderMap, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use telecoder_model::port::gateway::CallSink;
use telecoder_model::port::sandbox::Duplex;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

/// The most headers of a request.
const MAX_HEADERS: usize = 100;
/// The largest head of a request, in bytes; also how much is read at once.
const MAX_HEAD: usize = 64 * 1024;
/// How much of a refused request is read before it is answered, so that its sender gets to read the answer.
const MAX_DRAIN: usize = 1024 * 1024;
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
/// From this size on, a body is parsed off the threads that serve everybody.
const LARGE_BODY: usize = 1024 * 1024;

struct Connection {
    shared: Arc<Shared>,
    upstream: Arc<Upstream>,
    lane: Arc<Lane>,
    calls: Arc<dyn CallSink>,
    tasks: TaskTracker,
}

/// Serves a connection to its end, and to the end of its calls.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    upstream: Arc<Upstream>,
    stream: Box<dyn Duplex>,
    calls: Arc<dyn CallSink>,
) {
    let lane = shared.lanes.enter(&calls, &shared.options);
    let Some(room) = lane.connection() else {
        tracing::warn!(
            provider = upstream.provider.as_str(),
            "a session has too many connections; one was closed"
        );
        return;
    };
    let rest = shared.options.request_timeout;
    let tasks = TaskTracker::new();
    let connection = Arc::new(Connection { shared, upstream, lane, calls, tasks: tasks.clone() });
    let service = service_fn(move |request| {
        let connection = Arc::clone(&connection);
        async move { Ok::<_, Infallible>(connection.answer(request).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(rest)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection from a sandbox ended early");
    }
    tasks.close();
    tasks.wait().await;
    drop(room);
}

impl Connection {
    async fn answer(&self, request: Request<Incoming>) -> Response<AnswerBody> {
        let provider = self.upstream.provider;
        let (parts, body) = request.into_parts();
        let route = match screen(provider, &parts) {
            Ok(Screened::Pass(route)) => route,
            Ok(Screened::Options(methods)) => return options(methods),
            Err(refusal) => {
                drain(&parts.headers, body).await;
                return refusal.response(provider);
            }
        };
        let Some(room) = self.lane.call() else {
            drain(&parts.headers, body).await;
            return too_much("this session has too many model calls at once").response(provider);
        };
        match self.pass(route, &parts.headers, body, room).await {
            Ok(response) => response,
            Err(refusal) => refusal.response(provider),
        }
    }

    async fn pass(
        &self,
        route: Route,
        headers: &HeaderMap,
        body: Incoming,
        call_room: OwnedSemaphorePermit,
    ) -> Result<Response<AnswerBody>, Refusal> {
        let (body, body_room) = match route.method {
            Method::POST => self.read(body).await?,
            _ => (Bytes::new(), None),
        };
        let headers = request::headers(headers, &body);
        let (route, asked) = read_asked(route, body.clone()).await?;
        let exchange = Exchange {
            shared: Arc::clone(&self.shared),
            upstream: Arc::clone(&self.upstream),
            sink: Arc::clone(&self.calls),
            route,
            asked,
            headers,
            body,
            body_room,
        };
        let (reply, answer) = oneshot::channel();
        self.tasks.spawn(async move {
            exchange.run(reply).await;
            drop(call_room);
        });
        answer
            .await
            .map_err(|_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "the call was lost on the server"))
    }

    /// Reads a body whole. Its bytes count against the session until the permit is dropped.
    async fn read(&self, body: Incoming) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Refusal> {
        let limit = self.shared.options.max_request_bytes;
        let too_large =
            || Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, format!("a request has at most {limit} bytes"));
        if body.size_hint().lower() > limit as u64 {
            return Err(too_large());
        }
        let reading = async move {
            let (mut bytes, mut room, mut body) = (BytesMut::new(), None::<OwnedSemaphorePermit>, body);
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(|_| Refusal::new(StatusCode::BAD_REQUEST, "the body broke off"))?;
                let Ok(part) = frame.into_data() else { continue };
                if bytes.len().saturating_add(part.len()) > limit {
                    return Err(too_large());
                }
                let more = self.lane.bytes(part.len());
                let more =
                    more.ok_or_else(|| too_much("this session has too many large requests at once"))?;
                match &mut room {
                    Some(room) => room.merge(more),
                    None => room = Some(more),
                }
                bytes.extend_from_slice(&part);
            }
            Ok((bytes.freeze(), room))
        };
        let late = |_| Refusal::new(StatusCode::REQUEST_TIMEOUT, "the body took too long");
        timeout(self.shared.options.request_timeout, reading).await.map_err(late)?
    }
}

async fn read_asked(route: Route, body: Bytes) -> Result<(Route, Asked), Refusal> {
    if route.method != Method::POST {
        return Ok((route, Asked::default()));
    }
    if body.len() < LARGE_BODY {
        let asked = request::read(&route, &body)?;
        return Ok((route, asked));
    }
    let parse = tokio::task::spawn_blocking(move || request::read(&route, &body).map(|asked| (route, asked)));
    let lost = |_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "the request was lost on the server");
    parse.await.map_err(lost)?
}

fn too_much(message: &str) -> Refusal {
    Refusal::new(StatusCode::TOO_MANY_REQUESTS, message).retry_after(1)
}

fn options(methods: &'static str) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::full(Bytes::new()));
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    response
}

/// Reads on a little, so that a client that writes before it reads is not cut off in the middle. One that waits for
/// leave to send gets the refusal instead of the leave.
async fn drain(headers: &HeaderMap, mut body: Incoming) {
    if headers.contains_key(EXPECT) || body.size_hint().lower() > MAX_DRAIN as u64 {
        return;
    }
    let reading = async {
        let mut read = 0;
        while let Some(Ok(frame)) = body.frame().await {
            read += frame.data_ref().map_or(0, Bytes::len);
            if read > MAX_DRAIN {
                break;
            }
        }
    };
    if timeout(DRAIN_TIMEOUT, reading).await.is_err() {
        tracing::debug!("a refused request did not end");
    }
}
