//! A model provider that follows a script (dev layer): agents and the model gateway are tested against it.
//!
//! It speaks the wire formats of Anthropic, `OpenAI` (chat completions and responses) and Gemini, streaming and not.
//! The script stands in the prompt: `SCRIPT{"steps":[…]}`; the newest one of a conversation counts, and the number of
//! tool results after it chooses the step. A step is one of
//!
//! | step | what the model does |
//! |---|---|
//! | `{"text": T}` | says T and ends the turn |
//! | `{"shell": C}` | calls the agent's shell tool |
//! | `{"write": [PATH, TEXT]}` | calls the agent's writing tool (or its shell) |
//! | `{"edit": [PATH, OLD, NEW]}` | calls the agent's editing tool (or its shell) |
//! | `{"read": PATH}` | calls the agent's reading tool (or its shell) |
//! | `{"tool": [NAME, {…}]}` | calls exactly this tool |
//!
//! with optional `say` (text before the call), `args` (added to the call's arguments), `usage` (`input`, `output`,
//! `cacheRead`, `cacheWrite`) and `paceMs`; or a fault that hits the step after it, `times` often (for ever if not
//! said): `{"sleep": SECONDS}`, `{"error": STATUS, "retryAfter": S}`, `{"cut": P}`, `{"stall": P}` (P is `"before"`,
//! `"middle"` or a number of bytes), `{"truncate": true}`, `{"empty": true}`, `{"maxTokens": true}`.
//!
//! Invariants: an answer depends on the request alone (faults are counted per script text and step); a request
//! without a key where the provider wants it is answered 401; what is asked is recorded.

mod deliver;
mod faults;
mod plan;
mod record;
mod reply;
mod schema;
mod script;
mod serve;
mod tools;
mod wire;
mod written;

pub use plan::UNSCRIPTED;
pub use record::{MAX_REQUESTS, RecordedRequest, SeenKey};
pub use script::{MARKER, Script, ScriptError, prompt};

use axum::body::Body;
use axum::http::{Request, Response};
use deliver::CutBefore;
use faults::Faults;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use record::Record;
use serve::Shared;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tower::ServiceExt;

/// How a scripted model is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The key that every request must carry; `None` accepts any.
    pub expected_key: Option<String>,
    /// What is played in conversations that carry no script.
    pub fallback: Option<Script>,
}

impl Default for Options {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 0)), expected_key: None, fallback: None }
    }
}

/// A running scripted model; it stops when this is dropped.
///
/// It runs on a thread of its own, so that tests may block and may pause their own clock.
#[derive(Debug)]
pub struct ScriptedModel {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ScriptedModel {
    /// Starts one on a free port that accepts any key.
    ///
    /// # Panics
    /// If it cannot listen on loopback.
    #[expect(clippy::unused_async, reason = "callers may come to depend on an awaited start")]
    pub async fn start() -> Self {
        Self::start_with(Options::default())
    }

    /// Starts one on a free port that accepts only this key.
    ///
    /// # Panics
    /// If it cannot listen on loopback.
    pub fn start_with_key(key: &str) -> Self {
        Self::start_with(Options { expected_key: Some(key.to_owned()), ..Options::default() })
    }

    /// Starts one; needs no runtime.
    ///
    /// # Panics
    /// If it cannot listen.
    #[expect(clippy::expect_used, reason = "only tests start it this way, and they cannot go on without it")]
    pub fn start_with(options: Options) -> Self {
        Self::try_start(options).expect("the scripted model cannot start")
    }

    /// Starts one; needs no runtime.
    ///
    /// # Errors
    /// If it cannot listen.
    pub fn try_start(options: Options) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(options.listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let shared = Arc::new(Shared { options, record: Record::default(), faults: Faults::default() });
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("scripted-model".to_owned()).spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = TcpListener::from_std(listener) else {
                    return;
                };
                tokio::select! {
                    () = accept(listener, serving) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { address, shared, stop: Some(stop), thread: Some(thread) })
    }

    /// Its address: `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address that `OpenAI`'s clients call their base: with `/v1`.
    pub fn openai_base_url(&self) -> String {
        format!("{}/v1", self.base_url())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// All requests so far, oldest first (at most [`MAX_REQUESTS`]).
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.record.all()
    }

    /// How many faults of scripts have hit so far.
    pub fn faults(&self) -> u32 {
        self.shared.faults.total()
    }

    /// Waits until so many requests have come, from the start on.
    pub async fn wait_for_requests(&self, count: u64) {
        let mut counted = self.shared.record.count();
        // The sender lives as long as `self`, so that this cannot fail.
        drop(counted.wait_for(|now| *now >= count).await);
    }

    /// Waits until it ends, which it does only if its listener fails.
    pub fn join(mut self) {
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl Drop for ScriptedModel {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Serves connections until it is dropped; then all of them end.
async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let router = serve::router(shared);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, router.clone()));
                }
                // A client that left again at once; a real failure of the listener repeats and ends with the test.
                Err(_) => tokio::task::yield_now().await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, router: axum::Router) {
    // Frames are small and must leave at once.
    drop(stream.set_nodelay(true));
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let router = router.clone();
        async move { respond(router, request).await }
    });
    let serving = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // An error here is a client that left, or a cut that the script wanted.
    drop(serving.await);
}

/// An error closes the connection without an answer.
async fn respond(router: axum::Router, request: Request<Incoming>) -> io::Result<Response<Body>> {
    let response = match router.oneshot(request.map(Body::new)).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    match response.extensions().get::<CutBefore>() {
        Some(CutBefore) => Err(io::Error::other("cut by the script")),
        None => Ok(response),
    }
}
