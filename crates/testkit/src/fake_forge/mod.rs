//! A server like GitHub (dev layer): the forge's adapter and whole runs of the product are tested against it.
//!
//! Repositories are real ones behind git's own `http-backend`. The REST interface stands under `/api/v3` (as on an
//! Enterprise server) and at the root (as on api.github.com); its ids, paths, bodies and errors are GitHub's. What is
//! asked and what is answered is held against GitHub's published description; what breaks it is in
//! [`FakeForge::violations`]. Calls go wrong as planned by [`Fault`].
//!
//! As GitHub does: git takes Basic credentials only (any name, the token as password); a request without a
//! `User-Agent` is refused; what a token may not see is not found; a job's log is a redirect to another host, which
//! refuses credentials; a pull request's `draft` changes by GraphQL only.
//!
//! Not here: teams, projects, discussions, releases, webhooks, GraphQL beyond drafts, search, pushing by ssh.

mod access;
mod call;
mod control;
mod description;
mod dispatch;
mod faults;
mod graphql;
mod hosted;
mod hosting;
mod jwt;
mod making;
mod new;
mod operations;
mod order;
mod record;
mod render;
mod rest;
mod serve;
mod smart_http;
mod wire;
mod world;

pub use access::Token;
pub use faults::{Fault, FaultKind};
pub use hosted::{Comment, Hosted, Pull};
pub use jwt::App;
pub use new::{NewIssue, NewPull, NewRepository, Workflow};
pub use record::{MAX_REQUESTS, Request};
pub use world::{Access, CheckResult, Verdict};

use axum::body::Body;
use axum::http::Response;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serve::Shared;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// Every operation that it knows, by GitHub's id.
pub fn operations() -> Vec<&'static str> {
    operations::ALL.iter().map(|operation| operation.id).collect()
}

/// How a forge is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
}

impl Default for Options {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 0)) }
    }
}

/// A running forge; it stops, and its repositories go, when this is dropped.
///
/// It runs on a thread of its own, so that tests may block and may pause their own clock. Methods that name what is
/// not there panic: a test cannot go on without it.
#[derive(Debug)]
pub struct FakeForge {
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl FakeForge {
    /// Starts an empty forge on a free port; needs no runtime.
    ///
    /// # Panics
    /// If it cannot listen on loopback.
    #[expect(clippy::expect_used, reason = "only tests start it this way, and they cannot go on without it")]
    pub fn start() -> Self {
        Self::try_start(&Options::default()).expect("the fake forge cannot start")
    }

    /// Starts an empty forge; needs no runtime.
    ///
    /// # Errors
    /// If it cannot listen.
    pub fn try_start(options: &Options) -> io::Result<Self> {
        let listener = listen(options.listen)?;
        let logs = listen(SocketAddr::new(options.listen.ip(), 0))?;
        let address = |listener: &std::net::TcpListener| {
            Ok::<_, io::Error>(format!("http://{}", listener.local_addr()?))
        };
        let shared = Arc::new(Shared::new(address(&listener)?, address(&logs)?)?);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("fake-forge".to_owned()).spawn(move || {
            runtime.block_on(async {
                let (Ok(listener), Ok(logs)) = (TcpListener::from_std(listener), TcpListener::from_std(logs))
                else {
                    return;
                };
                tokio::select! {
                    () = accept(listener, Arc::clone(&serving), Part::Forge) => {}
                    () = accept(logs, serving, Part::Logs) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { shared, stop: Some(stop), thread: Some(thread) })
    }

    /// `http://127.0.0.1:PORT`: the forge's pages and repositories, and REST as on api.github.com.
    pub fn base_url(&self) -> String {
        self.shared.base.clone()
    }

    /// The REST interface as on an Enterprise server: with `/api/v3`.
    pub fn api_url(&self) -> String {
        format!("{}/api/v3", self.shared.base)
    }

    /// Its clock, in seconds since 1970.
    pub fn now(&self) -> u64 {
        self.shared.now()
    }

    /// Puts its clock ahead: tokens end, limits are lifted.
    pub fn advance(&self, by: Duration) {
        self.shared.ahead.fetch_add(by.as_secs(), Ordering::Relaxed);
    }

    /// Plans a fault.
    pub fn fault(&self, fault: Fault) {
        self.shared.lock().faults.add(fault);
    }

    /// How many calls planned faults will still hit.
    pub fn faults_left(&self) -> u64 {
        self.shared.lock().faults.left()
    }

    /// All requests so far, oldest first (at most [`MAX_REQUESTS`]).
    pub fn requests(&self) -> Vec<Request> {
        self.shared.lock().record.all()
    }

    /// How many requests were of an operation; `*` stands for anything.
    pub fn count(&self, pattern: &str) -> usize {
        self.requests().iter().filter(|request| faults::matches(pattern, &request.operation)).count()
    }

    /// Forgets all requests so far.
    pub fn forget_requests(&self) {
        self.shared.lock().record.clear();
    }

    /// Waits until so many requests of an operation have come.
    pub async fn wait_for(&self, pattern: &str, count: usize) {
        let mut arrived = self.shared.arrived.subscribe();
        while self.count(pattern) < count {
            // The sender lives as long as `self`, so that this cannot fail.
            drop(arrived.changed().await);
        }
    }

    /// Requests and answers that break GitHub's description, and credentials where they do not belong.
    pub fn violations(&self) -> Vec<String> {
        self.shared.lock().violations.clone()
    }

    /// Obeys an order as `POST /_control` does, and gives what it answers.
    ///
    /// # Errors
    /// If it is not an order, or what it names is not there.
    pub fn order(&self, order: &serde_json::Value) -> Result<serde_json::Value, String> {
        match control::answer(&self.shared, "POST", "", order.to_string().as_bytes()) {
            (200, told) => Ok(told),
            (_, problem) => Err(format!("{order}: {problem}")),
        }
    }

    /// Waits until it ends, which it does only if its listener fails.
    pub fn join(mut self) {
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl Drop for FakeForge {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// What listens on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Forge,
    Logs,
}

/// Serves connections until it is dropped; then all of them end.
async fn accept(listener: TcpListener, shared: Arc<Shared>, part: Part) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&shared), part));
                }
                // A client that left again at once; a real failure of the listener repeats and ends with the test.
                Err(_) => tokio::task::yield_now().await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>, part: Part) {
    drop(stream.set_nodelay(true));
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let shared = Arc::clone(&shared);
        async move {
            let request = request.map(Body::new);
            match part {
                Part::Forge => serve::respond(shared, request).await,
                Part::Logs => Ok::<Response<Body>, io::Error>(serve::log_store(&shared, &request)),
            }
        }
    });
    let serving = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // An error here is a client that left, or a connection that a fault closes.
    drop(serving.await);
}
