//! What every request sees of the server (layer 2).

use crate::hosts::HostRules;
use crate::server::ServerOptions;
use crate::tail::{Tail, Tails};
use std::sync::Arc;
use telecoder_engine::Engine;
use telecoder_model::id::SessionId;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

/// Shared by all requests of a server; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct App {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    engine: Engine,
    options: ServerOptions,
    hosts: HostRules,
    started: Instant,
    streams: Arc<Semaphore>,
    tails: Tails,
    stopping: watch::Receiver<bool>,
}

impl App {
    pub(crate) fn new(
        engine: Engine,
        options: ServerOptions,
        hosts: HostRules,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        let streams = Arc::new(Semaphore::new(options.max_streams));
        let (started, tails) = (Instant::now(), Tails::default());
        Self { inner: Arc::new(Inner { engine, options, hosts, started, streams, tails, stopping }) }
    }
    pub(crate) fn engine(&self) -> &Engine {
        &self.inner.engine
    }
    pub(crate) fn options(&self) -> &ServerOptions {
        &self.inner.options
    }
    pub(crate) fn hosts(&self) -> &HostRules {
        &self.inner.hosts
    }
    pub(crate) fn uptime_seconds(&self) -> u64 {
        self.inner.started.elapsed().as_secs()
    }
    /// Bounds the event streams that are open at the same time.
    pub(crate) fn streams(&self) -> Arc<Semaphore> {
        Arc::clone(&self.inner.streams)
    }
    /// The end of a session's log, for one that follows it.
    pub(crate) fn tail(&self, session: &SessionId) -> Arc<Tail> {
        self.inner.tails.of(self, session)
    }
    /// Turns true when the server stops.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.inner.stopping.clone()
    }
}
