//! An orderly end (layer 1): no model call begins any more, and those under way may finish, so that their answers are not
//! paid for twice; what was stopped is ended, so that no agent goes on that nobody wants. Everything else is left as a kill
//! would leave it.
//!
//! Invariant: what is counted as under way is counted back, whatever becomes of the connection, the worker or the session.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use telecoder_model::id::SessionId;
use tokio::sync::watch;

/// What the parts of one engine know about its end.
#[derive(Debug, Clone)]
pub(crate) struct Drain {
    state: watch::Sender<State>,
}

/// One state, so that no call begins between a look at the end and its being counted.
#[derive(Debug, Default)]
struct State {
    begun: bool,
    open: usize,
    /// The sessions at work on this server, and whether they were stopped.
    working: HashMap<SessionId, bool>,
}

impl State {
    fn is_quiet(&self) -> bool {
        self.open == 0 && !self.working.values().any(|stopped| *stopped)
    }
}

impl Default for Drain {
    fn default() -> Self {
        Self { state: watch::Sender::new(State::default()) }
    }
}

impl Drain {
    /// Begins it.
    pub(crate) fn begin(&self) {
        self.state.send_modify(|state| state.begun = true);
    }

    /// Waits until no call is under way, and whatever was stopped has been ended.
    pub(crate) async fn quiet(&self) {
        // The sender lives as long as `self`, so that this cannot fail.
        drop(self.state.subscribe().wait_for(State::is_quiet).await);
    }

    /// A session is at work here, until what this gives is dropped.
    pub(crate) fn working(&self, session: &SessionId) -> Working {
        self.state.send_modify(|state| {
            state.working.insert(session.clone(), false);
        });
        Working { drain: self.clone(), session: session.clone() }
    }

    /// A session was stopped; if it is at work here, its worker has an agent to end.
    pub(crate) fn stopped(&self, session: &SessionId) {
        self.state.send_if_modified(|state| {
            let Some(stopped) = state.working.get_mut(session) else { return false };
            !std::mem::replace(stopped, true)
        });
    }

    /// The calls of one attached sandbox.
    pub(crate) fn calls(&self) -> Arc<OpenCalls> {
        Arc::new(OpenCalls { drain: self.clone(), count: AtomicUsize::new(0) })
    }
}

/// A session at work.
#[derive(Debug)]
pub(crate) struct Working {
    drain: Drain,
    session: SessionId,
}

impl Drop for Working {
    fn drop(&mut self) {
        self.drain.state.send_modify(|state| {
            state.working.remove(&self.session);
        });
    }
}

/// Calls of one attached sandbox that are under way.
#[derive(Debug)]
pub(crate) struct OpenCalls {
    drain: Drain,
    count: AtomicUsize,
}

impl OpenCalls {
    /// Counts one call, until it is given back by what this gives. Once the end has begun, it waits for ever: whoever waits is
    /// dropped with its connection, and the supervisor sends the request again to the next server.
    pub(crate) async fn begin(self: &Arc<Self>) -> Ends {
        let mut counted = false;
        self.drain.state.send_if_modified(|state| {
            counted = !state.begun;
            state.open = state.open.saturating_add(usize::from(counted));
            counted
        });
        if !counted {
            std::future::pending::<()>().await;
        }
        self.count.fetch_add(1, Ordering::SeqCst);
        self.ends()
    }

    /// Gives what counts it back once it is dropped.
    pub(crate) fn ends(self: &Arc<Self>) -> Ends {
        Ends { calls: Arc::clone(self), goes_on: false }
    }

    fn back(&self, count: usize) {
        self.drain.state.send_modify(|state| state.open = state.open.saturating_sub(count));
    }
}

impl Drop for OpenCalls {
    fn drop(&mut self) {
        self.back(self.count.load(Ordering::SeqCst));
    }
}

/// A call that has ended; it is under way until this is dropped, which is when its end is recorded.
#[derive(Debug)]
pub(crate) struct Ends {
    calls: Arc<OpenCalls>,
    goes_on: bool,
}

impl Ends {
    /// The call is under way; another value will tell its end.
    pub(crate) fn go_on(mut self) {
        self.goes_on = true;
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        if self.goes_on {
            return;
        }
        // One that was never counted is not counted back.
        let count = &self.calls.count;
        let counted = count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| count.checked_sub(1));
        if counted.is_ok() {
            self.calls.back(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_quiet_once_every_call_was_recorded_or_its_sandbox_is_let_go() {
        let drain = Drain::default();
        drain.quiet().await;
        let (one, other) = (drain.calls(), drain.calls());
        one.begin().await.go_on();
        one.begin().await.go_on();
        other.begin().await.go_on();
        // One that could not be announced.
        drop(other.begin().await);
        let end = one.ends();
        drop(one.ends());
        let quiet = tokio::spawn({
            let drain = drain.clone();
            async move { drain.quiet().await }
        });
        tokio::task::yield_now().await;
        assert!(!quiet.is_finished());
        drop(other);
        drop(end);
        // More ends than calls count for nothing.
        drop(one.ends());
        quiet.await.unwrap();
        assert_eq!(drain.state.borrow().open, 0);
    }

    #[tokio::test]
    async fn it_is_quiet_once_what_was_stopped_has_ended() {
        let drain = Drain::default();
        let (one, other) = ("abcd2345efgh".parse().unwrap(), "bcde2345fghi".parse().unwrap());
        // What is not at work here is nothing to wait for, and neither is what goes on.
        drain.stopped(&one);
        let (works, goes_on) = (drain.working(&one), drain.working(&other));
        drain.quiet().await;
        drain.stopped(&one);
        let quiet = tokio::spawn({
            let drain = drain.clone();
            async move { drain.quiet().await }
        });
        tokio::task::yield_now().await;
        assert!(!quiet.is_finished());
        drop(works);
        quiet.await.unwrap();
        drop(goes_on);
        assert!(drain.state.borrow().working.is_empty());
    }

    #[tokio::test]
    async fn nothing_begins_after_it_has_begun() {
        let drain = Drain::default();
        let calls = drain.calls();
        let before = calls.begin().await;
        drain.begin();
        let held = tokio::spawn({
            let calls = Arc::clone(&calls);
            async move { drop(calls.begin().await) }
        });
        tokio::task::yield_now().await;
        assert!(!held.is_finished());
        // It is not counted either: only what had begun is waited for.
        drop(before);
        drain.quiet().await;
        held.abort();
    }
}
