//! Conformance suite of the clock port (dev layer). Cases wait some milliseconds by the clock itself; a manual clock is
//! tried together with something that moves it.

use futures::future::join_all;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use telecoder_model::port::clock::Clock;
use telecoder_model::time::Timestamp;

cases! { $ clock, clock_conformance, dyn Clock {
    monotonic_time_never_goes_back
    a_sleep_lasts_by_the_monotonic_time
    a_sleep_of_nothing_ends
    sleepers_wake_in_the_order_of_their_times
    a_sleep_that_is_given_up_harms_nobody
    the_wall_clock_moves_with_the_monotonic_time
} }

/// Also when many look at once.
pub async fn monotonic_time_never_goes_back(clock: Arc<dyn Clock>) {
    let look = || {
        let clock = Arc::clone(&clock);
        tokio::spawn(async move {
            let mut before = clock.monotonic();
            for _ in 0..2000 {
                let now = clock.monotonic();
                assert!(now >= before, "{now:?} follows {before:?}");
                before = now;
            }
        })
    };
    for task in [look(), look(), look()] {
        task.await.unwrap();
    }
}

/// Never shorter than asked for.
pub async fn a_sleep_lasts_by_the_monotonic_time(clock: Arc<dyn Clock>) {
    for millis in [1, 5, 20] {
        let before = clock.monotonic();
        clock.sleep(Duration::from_millis(millis)).await;
        let slept = clock.monotonic().saturating_sub(before);
        assert!(slept >= Duration::from_millis(millis), "{slept:?} of {millis} ms");
    }
}

/// At once, for all that matters.
pub async fn a_sleep_of_nothing_ends(clock: Arc<dyn Clock>) {
    clock.sleep(Duration::ZERO).await;
}

/// The differences are large enough for a busy machine.
pub async fn sleepers_wake_in_the_order_of_their_times(clock: Arc<dyn Clock>) {
    let order = Arc::new(Mutex::new(Vec::new()));
    let sleeper = |millis: u64| {
        let (clock, order) = (Arc::clone(&clock), Arc::clone(&order));
        async move {
            clock.sleep(Duration::from_millis(millis)).await;
            order.lock().unwrap().push(millis);
        }
    };
    join_all([sleeper(300), sleeper(1), sleeper(150)]).await;
    assert_eq!(*order.lock().unwrap(), [1, 150, 300]);
}

/// A dropped sleep neither wakes nor blocks another.
pub async fn a_sleep_that_is_given_up_harms_nobody(clock: Arc<dyn Clock>) {
    let long = clock.sleep(Duration::from_secs(3600));
    tokio::select! {
        () = long => panic!("an hour has passed"),
        () = clock.sleep(Duration::from_millis(2)) => {}
    }
    clock.sleep(Duration::from_millis(2)).await;
}

/// Within what a busy machine and a corrected wall clock allow.
pub async fn the_wall_clock_moves_with_the_monotonic_time(clock: Arc<dyn Clock>) {
    let (wall, monotonic) = (clock.now(), clock.monotonic());
    assert!(wall > Timestamp::from_micros(1_600_000_000_000_000), "{wall} is long ago");
    clock.sleep(Duration::from_millis(20)).await;
    let passed = clock.monotonic().saturating_sub(monotonic);
    let told = clock.now().since(wall);
    assert!(told <= passed + Duration::from_secs(5), "{told:?} instead of {passed:?}");
}
