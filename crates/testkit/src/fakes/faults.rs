//! Failures that a test plans (dev layer).
//!
//! A fake names each of its calls here before it acts. A plan hits the N-th call of all, or the N-th of one name: with
//! an error, or by never coming back, which is what a caller sees of a crash.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use telecoder_model::{ErrorClass, PortError};
use tokio::sync::watch;

/// What hits a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blow {
    /// It fails, and has had no effect.
    Fail(ErrorClass),
    /// It has its effect, and fails all the same.
    FailAfter(ErrorClass),
    /// It has no effect and never comes back.
    Hang,
    /// It has its effect and never comes back.
    HangAfter,
}

/// A plan of failures, and a record of calls. Shared by the fakes of one test.
#[derive(Debug, Default)]
pub struct Faults {
    state: Mutex<State>,
    /// How many calls hang, as it changes.
    hanging: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<&'static str>,
    counts: HashMap<&'static str, u64>,
    by_number: HashMap<u64, Blow>,
    by_name: HashMap<(&'static str, u64), Blow>,
}

impl Faults {
    /// No failure yet.
    pub fn none() -> Arc<Self> {
        Arc::default()
    }

    /// Plans a blow for the N-th call of all, from 1, counted from the very first.
    pub fn hit_call(&self, number: u64, blow: Blow) {
        self.lock().by_number.insert(number, blow);
    }

    /// Plans a blow for the N-th call of a name, from 1, counted from the very first.
    pub fn hit(&self, name: &'static str, number: u64, blow: Blow) {
        self.lock().by_name.insert((name, number), blow);
    }

    /// The names of all calls so far.
    pub fn calls(&self) -> Vec<&'static str> {
        self.lock().calls.clone()
    }

    /// Waits until a call hangs, as planned.
    pub async fn wait_for_hang(&self) {
        let mut hanging = self.hanging.subscribe();
        // The sender lives as long as `self`, so that this cannot fail.
        drop(hanging.wait_for(|count| *count > 0).await);
    }

    /// Counts a call and does it, unless the plan says otherwise.
    ///
    /// # Errors
    /// What the plan wants, or what the call itself gives.
    pub async fn call<T>(
        &self,
        name: &'static str,
        act: impl Future<Output = Result<T, PortError>>,
    ) -> Result<T, PortError> {
        match self.next(name) {
            None => act.await,
            Some(Blow::Fail(class)) => Err(planned(class, name)),
            Some(Blow::FailAfter(class)) => {
                act.await?;
                Err(planned(class, name))
            }
            Some(Blow::Hang) => self.hang().await,
            Some(Blow::HangAfter) => {
                act.await?;
                self.hang().await
            }
        }
    }

    fn next(&self, name: &'static str) -> Option<Blow> {
        let mut state = self.lock();
        state.calls.push(name);
        let number = state.calls.len() as u64;
        let count = state.counts.entry(name).or_default();
        *count += 1;
        let count = *count;
        state.by_number.remove(&number).or_else(|| state.by_name.remove(&(name, count)))
    }

    async fn hang<T>(&self) -> T {
        self.hanging.send_modify(|count| *count += 1);
        std::future::pending().await
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn planned(class: ErrorClass, name: &str) -> PortError {
    PortError::new(class, format!("{name} fails because the test wants it"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn blows_hit_the_planned_call_and_only_that() {
        let faults = Faults::none();
        let effects = Arc::new(AtomicU32::new(0));
        let call = |name| {
            let (faults, effects) = (Arc::clone(&faults), Arc::clone(&effects));
            async move {
                let act = async { Ok(effects.fetch_add(1, Ordering::SeqCst)) };
                faults.call(name, act).await.map_err(|error| error.class)
            }
        };
        faults.hit_call(2, Blow::Fail(ErrorClass::Transient));
        faults.hit("b", 2, Blow::FailAfter(ErrorClass::Full));
        faults.hit("a", 3, Blow::HangAfter);
        assert_eq!(call("a").await, Ok(0));
        assert_eq!(call("b").await, Err(ErrorClass::Transient));
        assert_eq!(call("a").await, Ok(1));
        assert_eq!(call("b").await, Err(ErrorClass::Full));
        let hanging = tokio::spawn(call("a"));
        faults.wait_for_hang().await;
        assert_eq!((effects.load(Ordering::SeqCst), hanging.is_finished()), (4, false));
        hanging.abort();
        assert_eq!(faults.calls(), ["a", "b", "a", "b", "a"]);
    }
}
