//! Port: bus (layer 0).
//!
//! Contract: the bus carries no content, only wake-ups; the store is the truth. A wake-up that is sent after `subscribe`
//! returned makes the next `changed` return; several may collapse into one; a spurious one is allowed; none is lost.

use crate::id::SessionId;
use async_trait::async_trait;
use std::fmt;

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Events of a session, or anything else a reader of it or its worker waits for.
    Session(SessionId),
    /// The queue of jobs.
    Jobs,
    /// The outbox.
    Outbox,
    /// Anything that a list or the inbox shows.
    Everything,
}

/// Wakes readers.
pub trait Bus: Send + Sync + fmt::Debug {
    /// Wakes all subscribers of a topic.
    fn wake(&self, topic: &Topic);
    /// Subscribes to a topic from now on.
    fn subscribe(&self, topic: &Topic) -> Box<dyn Subscription>;
}

/// A place in line for wake-ups.
#[async_trait]
pub trait Subscription: Send {
    /// Waits for a wake-up since the last call (or since `subscribe`). Cancel-safe.
    async fn changed(&mut self);
}
