//! A clock that stands still until a test moves it (dev layer).

use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use telecoder_model::port::clock::Clock;
use telecoder_model::time::Timestamp;
use tokio::sync::{oneshot, watch};

/// A manual clock. Clones share the time.
#[derive(Debug, Clone)]
pub struct FakeClock {
    state: Arc<Mutex<State>>,
    /// How many sleep, as it changes.
    sleeping: watch::Sender<usize>,
}

#[derive(Debug)]
struct State {
    start: Timestamp,
    passed: Duration,
    /// By the time they wake; the number keeps the order of those that wake at the same time.
    sleepers: BTreeMap<(Duration, u64), oneshot::Sender<()>>,
    last: u64,
}

impl Default for FakeClock {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeClock {
    /// Stands at 2024-01-01T00:00:00Z.
    pub fn new() -> Self {
        Self::at(Timestamp::from_micros(1_704_067_200_000_000))
    }

    /// Stands at a point in time.
    pub fn at(start: Timestamp) -> Self {
        let state = State { start, passed: Duration::ZERO, sleepers: BTreeMap::new(), last: 0 };
        Self { state: Arc::new(Mutex::new(state)), sleeping: watch::Sender::new(0) }
    }

    /// Moves on, and wakes every sleeper whose time has come, the earliest first.
    pub fn advance(&self, duration: Duration) {
        let mut state = self.lock();
        state.passed = state.passed.saturating_add(duration);
        let passed = state.passed;
        while let Some(entry) = state.sleepers.first_entry() {
            if entry.key().0 > passed {
                break;
            }
            // Whoever was cancelled in its sleep is not there any more.
            entry.remove().send(()).ok();
        }
        let left = state.sleepers.len();
        drop(state);
        self.sleeping.send_replace(left);
    }

    /// Moves on to the moment when the next sleeper wakes; `false` if nobody sleeps.
    pub fn advance_to_next(&self) -> bool {
        let state = self.lock();
        let next = state.sleepers.first_key_value().map(|((wakes, _), _)| wakes.saturating_sub(state.passed));
        drop(state);
        next.map(|duration| self.advance(duration)).is_some()
    }

    /// Sets the wall clock forward or back; the monotonic time does not notice.
    pub fn set_wall(&self, now: Timestamp) {
        let mut state = self.lock();
        state.start = now.minus(state.passed);
    }

    /// How many sleep now. Those that were cancelled count until their time has come.
    pub fn sleepers(&self) -> usize {
        self.lock().sleepers.len()
    }

    /// Waits (in real time) until so many sleep, so that a test may advance without a race.
    pub async fn wait_for_sleepers(&self, count: usize) {
        let mut sleeping = self.sleeping.subscribe();
        // The sender lives as long as `self`, so that this cannot fail.
        drop(sleeping.wait_for(|now| *now >= count).await);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        let state = self.lock();
        state.start.plus(state.passed)
    }

    fn monotonic(&self) -> Duration {
        self.lock().passed
    }

    async fn sleep(&self, duration: Duration) {
        if duration.is_zero() {
            return tokio::task::yield_now().await;
        }
        let (wake, woken) = oneshot::channel();
        let count = {
            let mut state = self.lock();
            state.last += 1;
            let key = (state.passed.saturating_add(duration), state.last);
            state.sleepers.insert(key, wake);
            state.sleepers.len()
        };
        self.sleeping.send_replace(count);
        // The clock is alive as long as this borrow of it, so that this cannot fail.
        drop(woken.await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn time_moves_only_when_it_is_moved() {
        let clock = FakeClock::new();
        assert_eq!(clock.now().to_string(), "2024-01-01T00:00:00.000Z");
        let sleeper = |seconds| {
            let clock = clock.clone();
            tokio::spawn(async move {
                clock.sleep(Duration::from_secs(seconds)).await;
                clock.monotonic()
            })
        };
        let (long, short) = (sleeper(20), sleeper(10));
        clock.wait_for_sleepers(2).await;
        clock.advance(Duration::from_secs(9));
        assert_eq!(clock.sleepers(), 2);
        assert!(clock.advance_to_next());
        assert_eq!(short.await.unwrap(), Duration::from_secs(10));
        assert!(!long.is_finished());
        assert!(clock.advance_to_next() && !clock.advance_to_next());
        assert_eq!(long.await.unwrap(), Duration::from_secs(20));
        assert_eq!(clock.now().to_string(), "2024-01-01T00:00:20.000Z");
    }

    #[test]
    fn the_wall_clock_may_jump() {
        let clock = FakeClock::new();
        clock.advance(Duration::from_secs(5));
        clock.set_wall(Timestamp::from_micros(0));
        assert_eq!((clock.now().as_micros(), clock.monotonic()), (0, Duration::from_secs(5)));
    }
}
