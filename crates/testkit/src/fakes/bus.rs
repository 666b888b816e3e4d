//! A bus in memory (dev layer).

use async_trait::async_trait;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use telecoder_model::port::bus::{Bus, Subscription, Topic};
use tokio::sync::watch;

/// Wakes readers of this process, and counts how often each topic was woken.
#[derive(Debug, Default)]
pub struct MemoryBus {
    topics: Mutex<HashMap<Topic, watch::Sender<u64>>>,
}

impl MemoryBus {
    /// Makes one.
    pub fn new() -> Self {
        Self::default()
    }

    /// How often a topic was woken.
    pub fn wakes(&self, topic: &Topic) -> u64 {
        *self.topic(topic).borrow()
    }

    fn topic(&self, topic: &Topic) -> watch::Sender<u64> {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        topics.entry(topic.clone()).or_insert_with(|| watch::Sender::new(0)).clone()
    }
}

impl Bus for MemoryBus {
    fn wake(&self, topic: &Topic) {
        self.topic(topic).send_modify(|count| *count += 1);
    }

    fn subscribe(&self, topic: &Topic) -> Box<dyn Subscription> {
        let sender = self.topic(topic);
        Box::new(Place { receiver: sender.subscribe(), _sender: sender })
    }
}

struct Place {
    receiver: watch::Receiver<u64>,
    /// Keeps the topic alive even if the bus is gone.
    _sender: watch::Sender<u64>,
}

#[async_trait]
impl Subscription for Place {
    async fn changed(&mut self) {
        // The sender lives as long as this place, so that this cannot fail.
        drop(self.receiver.changed().await);
    }
}
