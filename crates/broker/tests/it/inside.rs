//! The inside: connections to a gateway as an agent makes them, well-behaved or raw.

use crate::recorder::Recorder;
use crate::upstream::Upstream;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use telecoder_broker::{Gateway, GatewayOptions, ProviderOptions, Secret};
use telecoder_model::port::gateway::{ModelGateway, Provider};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::JoinHandle;

/// The key of every provider in these tests.
pub(crate) const KEY: &str = "sk-test-0123456789abcdef";

/// Options of a gateway whose three providers are one address.
pub(crate) fn options(base: &str) -> GatewayOptions {
    let provider = |provider| ProviderOptions::new(provider, base.parse().unwrap(), Some(Secret::new(KEY)));
    GatewayOptions::new(Provider::ALL.into_iter().map(provider).collect())
}

pub(crate) fn gateway(upstream: &Upstream) -> Arc<Gateway> {
    Arc::new(Gateway::new(options(&upstream.base())).unwrap())
}

/// An answer as the inside got it.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Whether it broke off.
    pub(crate) cut: bool,
}

impl Got {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A well-behaved client on one connection.
pub(crate) struct Client {
    sender: SendRequest<Full<Bytes>>,
    serving: JoinHandle<()>,
    driving: JoinHandle<hyper::Result<()>>,
}

/// Opens a raw connection.
pub(crate) fn open(
    gateway: &Arc<Gateway>,
    provider: Provider,
    sink: &Arc<Recorder>,
) -> (DuplexStream, JoinHandle<()>) {
    let (inside, outside) = tokio::io::duplex(16 * 1024);
    let (gateway, sink) = (Arc::clone(gateway), Arc::clone(sink));
    let serving = tokio::spawn(async move { gateway.serve(provider, Box::new(outside), sink).await });
    (inside, serving)
}

impl Client {
    pub(crate) async fn connect(gateway: &Arc<Gateway>, provider: Provider, sink: &Arc<Recorder>) -> Self {
        let (inside, serving) = open(gateway, provider, sink);
        let (sender, connection) = handshake(TokioIo::new(inside)).await.unwrap();
        let driving = tokio::spawn(connection);
        Self { sender, serving, driving }
    }

    pub(crate) async fn begin(&mut self, request: Request<Full<Bytes>>) -> hyper::Result<Response<Incoming>> {
        self.sender.ready().await?;
        self.sender.send_request(request).await
    }

    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> Got {
        collect(self.begin(request).await.unwrap()).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: impl Into<Bytes>) -> Got {
        self.send(post(path, body)).await
    }

    /// Sends a request whose answer nobody awaits, and waits until it has arrived at the provider as its `count`th.
    pub(crate) async fn post_until_seen(
        &mut self,
        path: &str,
        body: &'static str,
        upstream: &Upstream,
        count: usize,
    ) {
        tokio::select! {
            got = self.begin(post(path, body)) => panic!("an early answer: {got:?}"),
            () = upstream.wait(count) => {}
        }
    }

    pub(crate) fn serving(&self) -> &JoinHandle<()> {
        &self.serving
    }

    /// Goes away without a word.
    pub(crate) fn vanish(self) -> JoinHandle<()> {
        self.driving.abort();
        self.serving
    }
}

pub(crate) fn post(path: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    request(Method::POST, path, &[("content-type", "application/json")], body)
}

pub(crate) fn request(
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri(path).header("host", "127.0.0.1:4101");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::new(body.into())).unwrap()
}

pub(crate) async fn collect(response: Response<Incoming>) -> Got {
    let (parts, mut body) = response.into_parts();
    let (mut bytes, mut cut) = (Vec::new(), false);
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => bytes.extend_from_slice(frame.data_ref().unwrap()),
            Err(_) => {
                cut = true;
                break;
            }
        }
    }
    Got { status: parts.status, headers: parts.headers, body: bytes, cut }
}

/// Sends raw bytes and reads until the gateway closes.
pub(crate) async fn raw(
    gateway: &Arc<Gateway>,
    provider: Provider,
    sink: &Arc<Recorder>,
    bytes: &[u8],
) -> String {
    let (inside, serving) = open(gateway, provider, sink);
    let (mut reading, mut writing) = tokio::io::split(inside);
    let mut out = Vec::new();
    let write = async {
        drop(writing.write_all(bytes).await);
        writing
    };
    let (_writing, read) = tokio::join!(write, reading.read_to_end(&mut out));
    read.unwrap();
    serving.await.unwrap();
    String::from_utf8_lossy(&out).into_owned()
}
