//! Conformance suite of the bus port (dev layer). A spurious wake-up is allowed, so that no case shows that one is
//! absent.

use crate::wait::soon;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use telecoder_model::id::SessionId;
use telecoder_model::port::bus::{Bus, Topic};

cases! { $ bus, bus_conformance, dyn Bus {
    a_wake_up_after_subscribing_is_seen
    every_subscriber_is_woken
    each_topic_is_woken
    a_wait_that_is_given_up_loses_nothing
    a_wake_up_without_subscribers_does_nothing
    no_wake_up_is_lost_between_threads
} }

/// Also if it is sent before anybody waits.
pub async fn a_wake_up_after_subscribing_is_seen(bus: Arc<dyn Bus>) {
    let mut place = bus.subscribe(&Topic::Jobs);
    for _ in 0..3 {
        bus.wake(&Topic::Jobs);
        soon("a wake-up", place.changed()).await;
    }
}

/// One that comes later is woken by what comes later.
pub async fn every_subscriber_is_woken(bus: Arc<dyn Bus>) {
    let mut places: Vec<_> = (0..20).map(|_| bus.subscribe(&Topic::Everything)).collect();
    bus.wake(&Topic::Everything);
    let mut late = bus.subscribe(&Topic::Everything);
    for place in &mut places {
        soon("a wake-up", place.changed()).await;
    }
    bus.wake(&Topic::Everything);
    soon("a wake-up", late.changed()).await;
}

/// Sessions are topics of their own.
pub async fn each_topic_is_woken(bus: Arc<dyn Bus>) {
    let session = |number| Topic::Session(SessionId::from_random([number; 8]));
    for topic in [session(1), session(2), Topic::Jobs, Topic::Outbox, Topic::Everything] {
        let mut place = bus.subscribe(&topic);
        bus.wake(&topic);
        soon("a wake-up", place.changed()).await;
    }
}

/// Cancel-safe.
pub async fn a_wait_that_is_given_up_loses_nothing(bus: Arc<dyn Bus>) {
    let mut place = bus.subscribe(&Topic::Outbox);
    for _ in 0..50 {
        bus.wake(&Topic::Outbox);
        drop(place.changed());
        tokio::select! {
            biased;
            () = std::future::ready(()) => {}
            () = place.changed() => {}
        }
        soon("a wake-up", place.changed()).await;
    }
}

/// Neither then nor later.
pub async fn a_wake_up_without_subscribers_does_nothing(bus: Arc<dyn Bus>) {
    bus.wake(&Topic::Jobs);
    drop(bus.subscribe(&Topic::Jobs));
    bus.wake(&Topic::Jobs);
    let mut place = bus.subscribe(&Topic::Jobs);
    bus.wake(&Topic::Jobs);
    soon("a wake-up", place.changed()).await;
}

/// Whoever reads the truth after each wake-up reads its last state in the end.
pub async fn no_wake_up_is_lost_between_threads(bus: Arc<dyn Bus>) {
    const ROUNDS: u64 = 1000;
    let truth = Arc::new(AtomicU64::new(0));
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (mut place, truth) = (bus.subscribe(&Topic::Jobs), Arc::clone(&truth));
            tokio::spawn(async move {
                while truth.load(Ordering::SeqCst) < ROUNDS {
                    place.changed().await;
                }
            })
        })
        .collect();
    for _ in 0..ROUNDS {
        truth.fetch_add(1, Ordering::SeqCst);
        bus.wake(&Topic::Jobs);
        tokio::task::yield_now().await;
    }
    for reader in readers {
        soon("a reader's end", reader).await.unwrap();
    }
}
