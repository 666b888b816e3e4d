//! An orderly end (layer 1): no model call begins any more, and those under way may finish, so that their answers are not
//! paid for twice. Everything else is left as a kill would leave it.
//!
//! Invariant: what is counted as under way is counted back, whatever becomes of the connection, the worker or the session.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::watch;

/// What the parts of one engine know about its end.
#[derive(Debug, Clone)]
pub(crate) struct Drain {
    begun: watch::Sender<bool>,
    open: watch::Sender<usize>,
}

impl Default for Drain {
    fn default() -> Self {
        Self { begun: watch::Sender::new(false), open: watch::Sender::new(0) }
    }
}

impl Drain {
    /// Begins it.
    pub(crate) fn begin(&self) {
        self.begun.send_replace(true);
    }

    /// Waits for as long as a call may not begin: for ever, once the end has begun. Whoever waits here is dropped with its
    /// connection, and the supervisor sends the request again to the next server.
    pub(crate) async fn hold(&self) {
        if *self.begun.borrow() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until no call is under way.
    pub(crate) async fn quiet(&self) {
        // The sender lives as long as `self`, so that this cannot fail.
        drop(self.open.subscribe().wait_for(|open| *open == 0).await);
    }

    /// The calls of one attached sandbox.
    pub(crate) fn calls(&self) -> Arc<OpenCalls> {
        Arc::new(OpenCalls { drain: self.clone(), count: AtomicUsize::new(0) })
    }
}

/// Calls of one attached sandbox that are under way.
#[derive(Debug)]
pub(crate) struct OpenCalls {
    drain: Drain,
    count: AtomicUsize,
}

impl OpenCalls {
    /// The end that is waited for.
    pub(crate) fn drain(&self) -> &Drain {
        &self.drain
    }

    /// Counts one call.
    pub(crate) fn began(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
        self.drain.open.send_modify(|open| *open = open.saturating_add(1));
    }

    /// Gives what counts it back once it is dropped.
    pub(crate) fn ends(self: &Arc<Self>) -> Ends {
        Ends(Arc::clone(self))
    }

    fn back(&self, count: usize) {
        self.drain.open.send_modify(|open| *open = open.saturating_sub(count));
    }
}

impl Drop for OpenCalls {
    fn drop(&mut self) {
        self.back(self.count.load(Ordering::SeqCst));
    }
}

/// A call that has ended; it is under way until this is dropped, which is when its end is recorded.
#[derive(Debug)]
pub(crate) struct Ends(Arc<OpenCalls>);

impl Drop for Ends {
    fn drop(&mut self) {
        // One that was never counted is not counted back.
        let counted =
            self.0.count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| count.checked_sub(1));
        if counted.is_ok() {
            self.0.back(1);
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
        one.began();
        one.began();
        other.began();
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
        assert_eq!(*drain.open.borrow(), 0);
    }

    #[tokio::test]
    async fn nothing_begins_after_it_has_begun() {
        let drain = Drain::default();
        drain.hold().await;
        drain.begin();
        let held = tokio::spawn(async move { drain.hold().await });
        tokio::task::yield_now().await;
        assert!(!held.is_finished());
        held.abort();
    }
}
