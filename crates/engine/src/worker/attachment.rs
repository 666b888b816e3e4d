//! A server's attachment to a running sandbox (layer 1): model traffic out of it, and news of its model calls. Dropping it
//! detaches; the sandbox goes on.

use super::calls::{self, CallNews, Calls};
use crate::engine::Engine;
use std::sync::Arc;
use telecoder_model::port::gateway::{CallSink, ModelGateway, Provider};
use telecoder_model::port::sandbox::Sandbox;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinHandle, JoinSet};

/// Connections out of one sandbox at a time.
const MAX_CONNECTIONS: usize = 256;

/// An attached sandbox with its traffic.
pub(crate) struct Attachment {
    pub(crate) sandbox: Arc<dyn Sandbox>,
    pub(crate) calls: mpsc::Receiver<CallNews>,
    traffic: JoinHandle<()>,
}

impl Attachment {
    /// Begins to carry a sandbox's traffic.
    pub(crate) fn new(engine: &Engine, sandbox: Arc<dyn Sandbox>) -> Self {
        let (sink, calls) = calls::channel(engine.drain().calls());
        let traffic = tokio::spawn(carry(Arc::clone(&sandbox), Arc::clone(&engine.ports().gateway), sink));
        Self { sandbox, calls, traffic }
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        self.traffic.abort();
    }
}

async fn carry(sandbox: Arc<dyn Sandbox>, gateway: Arc<dyn ModelGateway>, sink: Calls) {
    // One sink: the gateway knows a session by it and bounds all of its connections together.
    let sink: Arc<dyn CallSink> = Arc::new(sink);
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    // Dropping the set ends every connection with it.
    let mut connections = JoinSet::new();
    while let Ok(inbound) = sandbox.accept().await {
        while connections.try_join_next().is_some() {}
        let Some(provider) = Provider::of_listener(&inbound.listener) else {
            continue;
        };
        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else {
            continue;
        };
        let (gateway, sink) = (Arc::clone(&gateway), Arc::clone(&sink));
        connections.spawn(async move {
            gateway.serve(provider, inbound.stream, sink).await;
            drop(permit);
        });
    }
}
