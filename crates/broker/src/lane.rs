//! What one session may hold at once (layer 1): connections, calls, bytes of requests.
//!
//! A session is known by its call sink: connections that share one share the bounds. A lane lives as long as a connection
//! of it, and a connection holds its sink, so that no address can come to mean another session.

use crate::options::GatewayOptions;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use telecoder_model::port::gateway::CallSink;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The room of one session.
#[derive(Debug)]
pub(crate) struct Lane {
    connections: Arc<Semaphore>,
    calls: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
}

impl Lane {
    fn new(options: &GatewayOptions) -> Self {
        let room = |size: usize| Arc::new(Semaphore::new(size.min(Semaphore::MAX_PERMITS)));
        Self {
            connections: room(options.max_connections),
            calls: room(options.max_calls),
            bytes: room(options.max_buffered_bytes),
        }
    }
    pub(crate) fn connection(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.connections).try_acquire_owned().ok()
    }
    pub(crate) fn call(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.calls).try_acquire_owned().ok()
    }
    pub(crate) fn bytes(&self, count: usize) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.bytes).try_acquire_many_owned(u32::try_from(count).ok()?).ok()
    }
}

/// The lanes of all sessions that are connected now.
#[derive(Debug, Default)]
pub(crate) struct Lanes(Mutex<HashMap<usize, Weak<Lane>>>);

impl Lanes {
    pub(crate) fn enter(&self, calls: &Arc<dyn CallSink>, options: &GatewayOptions) -> Arc<Lane> {
        let address = Arc::as_ptr(calls).cast::<()>().addr();
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get(&address).and_then(Weak::upgrade) {
            return lane;
        }
        lanes.retain(|_, lane| lane.strong_count() > 0);
        let lane = Arc::new(Lane::new(options));
        lanes.insert(address, Arc::downgrade(&lane));
        lane
    }
}
