//! Bounded waiting for tests (dev layer).
//!
//! A test should wait for a notification; where there is none, it waits here until a condition holds. The bound is real
//! time, so that a paused tokio clock cannot end the wait before the other side had a chance.

use crate::surroundings;
use std::future::Future;
use std::time::{Duration, Instant};

/// How long a condition may take.
pub const LONGEST: Duration = Duration::from_secs(30);

const PAUSE: Duration = Duration::from_millis(5);

/// Waits until `look` gives something.
///
/// # Panics
/// After [`LONGEST`]; the message names what was awaited.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        give_up_after(begun, LONGEST, what);
        tokio::time::sleep(PAUSE).await;
    }
}

/// Waits until `look` gives something, on a thread that may block.
///
/// # Panics
/// As [`until`].
pub fn until_blocking<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    until_blocking_within(LONGEST, what, look)
}

/// Waits for something that may take longer, on a thread that may block.
///
/// # Panics
/// After `longest`; the message names what was awaited.
pub fn until_blocking_within<T>(longest: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        give_up_after(begun, longest, what);
        surroundings::pause(PAUSE);
    }
}

/// Waits for a future.
///
/// # Panics
/// If it is not ready after [`LONGEST`] by tokio's clock.
#[expect(clippy::panic, reason = "this is an assertion")]
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(LONGEST, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited {LONGEST:?} in vain for {what}"),
    }
}

#[expect(clippy::panic, reason = "this is an assertion")]
fn give_up_after(begun: Instant, longest: Duration, what: &str) {
    if begun.elapsed() > longest {
        panic!("waited {longest:?} in vain for {what}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_looks_until_the_condition_holds() {
        let mut looks = 0;
        let look = || {
            looks += 1;
            let found = (looks == 3).then_some(looks);
            async move { found }
        };
        assert_eq!(until("the third look", look).await, 3);
        let mut looks = 0;
        let third = || {
            looks += 1;
            (looks == 3).then_some(())
        };
        until_blocking("the third look", third);
        assert_eq!(soon("a value", async { 7 }).await, 7);
    }

    #[tokio::test(start_paused = true)]
    #[should_panic(expected = "in vain for nothing")]
    async fn it_gives_up() {
        soon("nothing", std::future::pending::<()>()).await;
    }
}
