//! The bus within one process (layer 1).
//!
//! Invariants: a topic exists only while somebody subscribes to it; a wake-up never waits for a reader.

use async_trait::async_trait;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use telecoder_model::port::bus::{Bus, Subscription, Topic};
use tokio::sync::watch;

type Topics = Arc<Mutex<HashMap<Topic, watch::Sender<()>>>>;

/// Wakes the readers of this process.
#[derive(Debug, Clone, Default)]
pub struct LocalBus {
    topics: Topics,
}

impl LocalBus {
    /// Makes one that nobody subscribes to yet.
    pub fn new() -> Self {
        Self::default()
    }
}

#[cfg(feature = "postgres")]
impl LocalBus {
    /// Wakes the readers of every topic.
    pub(crate) fn wake_all(&self) {
        for sender in lock(&self.topics).values() {
            sender.send_replace(());
        }
    }
}

fn lock(topics: &Topics) -> MutexGuard<'_, HashMap<Topic, watch::Sender<()>>> {
    // The map is whole after every statement, so a panic elsewhere cannot have left it half changed.
    topics.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bus for LocalBus {
    fn wake(&self, topic: &Topic) {
        if let Some(sender) = lock(&self.topics).get(topic) {
            sender.send_replace(());
        }
    }
    fn subscribe(&self, topic: &Topic) -> Box<dyn Subscription> {
        let receiver =
            lock(&self.topics).entry(topic.clone()).or_insert_with(|| watch::Sender::new(())).subscribe();
        Box::new(Place { topics: Arc::clone(&self.topics), topic: topic.clone(), receiver: Some(receiver) })
    }
}

struct Place {
    topics: Topics,
    topic: Topic,
    /// Present until the place is given up.
    receiver: Option<watch::Receiver<()>>,
}

#[async_trait]
impl Subscription for Place {
    async fn changed(&mut self) {
        if let Some(receiver) = &mut self.receiver
            && receiver.changed().await.is_ok()
        {
            return;
        }
        // Unreachable while the topic is in the map, which holds as long as this place exists.
        std::future::pending::<()>().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut topics = lock(&self.topics);
        self.receiver = None;
        if topics.get(&self.topic).is_some_and(|sender| sender.receiver_count() == 0) {
            topics.remove(&self.topic);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn ready(future: impl Future) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        matches!(pin!(future).poll(&mut context), Poll::Ready(_))
    }

    #[test]
    fn a_wake_up_after_subscribing_is_never_lost_and_several_collapse() {
        let bus = LocalBus::new();
        bus.wake(&Topic::Jobs);
        let mut first = bus.subscribe(&Topic::Jobs);
        let mut second = bus.subscribe(&Topic::Jobs);
        let mut other = bus.subscribe(&Topic::Outbox);
        assert!(!ready(first.changed()), "nothing was sent since it subscribed");
        bus.wake(&Topic::Jobs);
        bus.wake(&Topic::Jobs);
        assert!(ready(first.changed()));
        assert!(!ready(first.changed()));
        assert!(ready(second.changed()), "each reader has its own place");
        assert!(!ready(other.changed()), "another topic sleeps on");
    }

    #[test]
    fn a_cancelled_wait_keeps_the_wake_up() {
        let bus = LocalBus::new();
        let mut reader = bus.subscribe(&Topic::Everything);
        assert!(!ready(reader.changed()));
        bus.wake(&Topic::Everything);
        drop(reader.changed());
        assert!(ready(reader.changed()));
    }

    #[test]
    fn a_topic_without_readers_takes_no_memory() {
        let bus = LocalBus::new();
        let places: Vec<_> = (0..100)
            .map(|n| bus.subscribe(&Topic::Session(telecoder_model::id::SessionId::from_random([n; 8]))))
            .collect();
        assert_eq!(lock(&bus.topics).len(), 100);
        drop(places);
        assert_eq!(lock(&bus.topics).len(), 0);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_wake_up_is_lost_between_threads() {
        let bus = LocalBus::new();
        let counter = Arc::new(std::sync::atomic::AtomicU64::new(0));
        let mut reader = bus.subscribe(&Topic::Jobs);
        let writer = tokio::spawn({
            let (bus, counter) = (bus.clone(), Arc::clone(&counter));
            async move {
                for _ in 0..2000 {
                    counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    bus.wake(&Topic::Jobs);
                    tokio::task::yield_now().await;
                }
            }
        });
        while counter.load(std::sync::atomic::Ordering::SeqCst) < 2000 {
            reader.changed().await;
        }
        writer.await.unwrap();
    }
}
