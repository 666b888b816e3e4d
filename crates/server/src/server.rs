//! The server (layer 2): options, bind, run until told to stop.
//!
//! Invariants: connections are bounded, and so is the time that a client may take for its request's head; on shutdown no
//! connection is accepted, streams end, requests under way get [`ServerOptions::drain`], and every task is joined.

use crate::app::App;
use crate::hosts::HostRules;
use crate::routes;
use crate::web::WebUi;
use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use telecoder_engine::Engine;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tower::ServiceExt;

/// How long a client may take for the head of a request, and how long an idle connection is kept.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_HEAD_BYTES: usize = 64 << 10;
/// How long nothing is accepted after the system refused to (no file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Settings of the server.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// The address to listen on; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Further hosts (`name` or `name:port`) that the server answers to, beyond loopback and its own address.
    pub allowed_hosts: Vec<String>,
    /// Where people reach the server, if that is not the address it listens on; its host is allowed.
    pub public_url: Option<String>,
    /// Whether every request but health, pages and the API's description needs a token.
    pub token_required: bool,
    /// The largest body, in bytes (1 MiB).
    pub body_limit: usize,
    /// Interval of the comments that keep a stream alive (15 s).
    pub sse_heartbeat: Duration,
    /// Connections at the same time (1,024); more wait to be accepted.
    pub max_connections: usize,
    /// Event streams at the same time (512); more are refused.
    pub max_streams: usize,
    /// How long requests under way may take on shutdown (10 s).
    pub drain: Duration,
    /// The product's version.
    pub version: String,
    /// The web UI's files.
    pub web: WebUi,
}

impl ServerOptions {
    /// The defaults, for an address.
    pub fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            allowed_hosts: Vec::new(),
            public_url: None,
            token_required: false,
            body_limit: 1 << 20,
            sse_heartbeat: Duration::from_secs(15),
            max_connections: 1024,
            max_streams: 512,
            drain: Duration::from_secs(10),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            web: WebUi::embedded(),
        }
    }
}

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address cannot be bound.
    #[error("cannot listen on {listen}")]
    Bind {
        /// The address.
        listen: SocketAddr,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// An entry of the allowed hosts, or the public URL, is none.
    #[error("`{entry}` is not a host or URL that the server could answer to")]
    Host {
        /// The entry.
        entry: String,
    },
}

/// A server that does not listen yet.
#[derive(Debug, Clone)]
pub struct Server {
    engine: Engine,
    options: ServerOptions,
}

impl Server {
    /// Makes a server for an engine.
    pub fn new(engine: Engine, options: ServerOptions) -> Self {
        Self { engine, options }
    }

    /// Binds the address. From now on connections queue up; [`BoundServer::run`] answers them.
    ///
    /// # Errors
    /// If the address cannot be bound, or an allowed host is none.
    pub async fn bind(self) -> Result<BoundServer, ServerError> {
        let listen = self.options.listen;
        let bind = |source| ServerError::Bind { listen, source };
        let listener = TcpListener::bind(listen).await.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        let hosts = HostRules::new(address, &self.options.allowed_hosts, self.options.public_url.as_deref())
            .map_err(|entry| ServerError::Host { entry })?;
        Ok(BoundServer { engine: self.engine, options: self.options, listener, address, hosts })
    }
}

/// A server that listens.
#[derive(Debug)]
pub struct BoundServer {
    engine: Engine,
    options: ServerOptions,
    listener: TcpListener,
    address: SocketAddr,
    hosts: HostRules,
}

impl BoundServer {
    /// The address that it listens on, with the port that the system chose.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers requests until `shutdown` turns true (or its sender is gone); returns once every connection has ended.
    pub async fn run(self, mut shutdown: watch::Receiver<bool>) {
        let drain = self.options.drain;
        let places = Arc::new(Semaphore::new(self.options.max_connections));
        let app = App::new(self.engine, self.options, self.hosts, shutdown.clone());
        let router = routes::router(&app);
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                () = told(&mut shutdown) => break,
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
                accepted = accept(&self.listener, &places) => {
                    if let Some((stream, place)) = accepted {
                        connections.spawn(serve(stream, place, router.clone(), shutdown.clone()));
                    }
                }
            }
        }
        drop(self.listener);
        let all_done = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(drain, all_done).await.is_err() {
            tracing::warn!(
                seconds = drain.as_secs(),
                "requests were cut off because they did not end in time"
            );
            connections.shutdown().await;
        }
    }
}

/// Waits until the server is told to stop, or nobody is left who could tell it.
pub(crate) async fn told(shutdown: &mut watch::Receiver<bool>) {
    drop(shutdown.wait_for(|stop| *stop).await);
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, place)),
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

async fn serve(
    stream: TcpStream,
    place: OwnedSemaphorePermit,
    router: Router,
    mut shutdown: watch::Receiver<bool>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection stays with Nagle's algorithm");
    }
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        router.clone().oneshot(request.map(Body::new))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = told(&mut shutdown) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // Clients that go away in the middle are nothing to report.
        tracing::debug!(%error, "a connection broke");
    }
    drop(place);
}
