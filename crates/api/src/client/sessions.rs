//! Calls on sessions, their events, messages and changes (layer 0).

use super::{
    Client, ClientError, Created, Follower, LONG_REQUEST_TIMEOUT, MAX_ANSWER_BYTES, Nothing, Page, Query,
    Reconnect, Start,
};
use super::{Method, with_json};
use crate::diff::Diff;
use crate::event::Event;
use crate::message::{Message, NewMessage};
use crate::prune::{PruneRequest, Pruned};
use crate::pull::{FailingLog, PublishRequest, Published};
use crate::session::{NewSession, Session, SessionChange, SessionFilter};
use crate::usage::SessionUsage;
use bytes::Bytes;
use std::time::Duration;

/// How long a removal of many sessions may take.
const PRUNE_TIMEOUT: Duration = Duration::from_secs(10 * 60);

impl Client {
    /// Creates a session. Where the answer is lost, it is asked for again, and the session is still one. With a key of the
    /// caller's, repeating the call gives the session that the first one made.
    ///
    /// # Errors
    /// See [`ClientError`], as for all calls.
    pub async fn create_session(
        &self,
        task: &NewSession,
        idempotency_key: Option<&str>,
    ) -> Result<Created<Session>, ClientError> {
        self.create_once(self.post(&["api", "sessions"], task)?, idempotency_key).await
    }

    /// A page of sessions, newest first.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn sessions(&self, filter: &SessionFilter) -> Result<Page<Session>, ClientError> {
        let query = Query::default()
            .with("status", filter.status.as_ref())
            .with("agent", filter.agent.as_ref())
            .with("policy", filter.policy.as_ref())
            .with("parent", filter.parent.as_ref())
            .with("lineage", filter.lineage.as_ref())
            .with("repo", filter.repo.as_ref())
            .with("q", filter.q.as_ref())
            .with("pr", filter.pr.as_ref())
            .with("prState", filter.pr_state.as_ref())
            .with("prRepo", filter.pr_repo.as_ref())
            .with("limit", filter.limit)
            .with("cursor", filter.cursor.as_ref());
        self.json_page(query.on(self.get(&["api", "sessions"])?), "cursor").await
    }

    /// A session, by its id or a unique prefix of it (as everywhere).
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn session(&self, id: &str) -> Result<Session, ClientError> {
        self.json(self.get(&["api", "sessions", id])?).await
    }

    /// Gives a session a title.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn rename_session(&self, id: &str, title: &str) -> Result<Session, ClientError> {
        let request = self.request(Method::PATCH, &["api", "sessions", id], Some(super::REQUEST_TIMEOUT))?;
        self.json(with_json(request, &SessionChange { title: title.to_owned() })?).await
    }

    /// The session and its reruns, oldest first.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn lineage(&self, id: &str) -> Result<Vec<Session>, ClientError> {
        self.json(self.get(&["api", "sessions", id, "lineage"])?).await
    }

    /// A page of events with a number above `after`, in order; `next` is the `after` of the next page.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn events(&self, id: &str, after: u64, limit: Option<u32>) -> Result<Page<Event>, ClientError> {
        let query = Query::default().with("after", Some(after)).with("limit", limit);
        self.json_page(query.on(self.get(&["api", "sessions", id, "events"])?), "after").await
    }

    /// Follows a session's events over any number of connections: each event once and in order, until the session has
    /// ended and its log is drained. Nothing is sent before the first [`Follower::next`].
    pub fn follow(&self, id: &str, start: Start, reconnect: Reconnect) -> Follower {
        Follower::new(self.clone(), id.to_owned(), start, reconnect)
    }

    /// A session's messages, in order.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn messages(&self, id: &str) -> Result<Vec<Message>, ClientError> {
        self.json(self.get(&["api", "sessions", id, "messages"])?).await
    }

    /// Sends a message to a session; once, as [`Client::create_session`].
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn send_message(
        &self,
        id: &str,
        message: &NewMessage,
        idempotency_key: Option<&str>,
    ) -> Result<Message, ClientError> {
        let request = self.post(&["api", "sessions", id, "messages"], message)?;
        Ok(self.create_once(request, idempotency_key).await?.value)
    }

    /// The ends of the logs of the checks that have failed on a session's pull request.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn failing_logs(&self, id: &str) -> Result<Vec<FailingLog>, ClientError> {
        self.json(self.get(&["api", "sessions", id, "failing-logs"])?).await
    }

    /// Stops a session.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn stop_session(&self, id: &str) -> Result<Session, ClientError> {
        self.json(self.post(&["api", "sessions", id, "stop"], &Nothing {})?).await
    }

    /// Runs a session's task again, as a new session; once, as [`Client::create_session`].
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn rerun_session(
        &self,
        id: &str,
        idempotency_key: Option<&str>,
    ) -> Result<Created<Session>, ClientError> {
        self.create_once(self.post(&["api", "sessions", id, "rerun"], &Nothing {})?, idempotency_key).await
    }

    /// Removes a session that has ended, with everything that belongs to it.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn remove_session(&self, id: &str) -> Result<(), ClientError> {
        let request = self.request(Method::DELETE, &["api", "sessions", id], Some(LONG_REQUEST_TIMEOUT))?;
        self.nothing(request).await
    }

    /// Removes the sessions that have ended and did not change for a while, at most 500 a call.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn prune(&self, which: &PruneRequest) -> Result<Pruned, ClientError> {
        self.json(self.post(&["api", "prune"], which)?.timeout(PRUNE_TIMEOUT)).await
    }

    /// Publishes a session: opens its pull request, or gives the one that is there.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn publish_session(
        &self,
        id: &str,
        how: &PublishRequest,
    ) -> Result<Created<Published>, ClientError> {
        let request = self.post(&["api", "sessions", id, "publish"], how)?.timeout(LONG_REQUEST_TIMEOUT);
        self.json_created(request).await
    }

    /// A session's change by files and hunks.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn diff(&self, id: &str) -> Result<Diff, ClientError> {
        let query = Query::default().with("format", Some("json"));
        self.json(query.on(self.get(&["api", "sessions", id, "diff"])?)).await
    }

    /// A session's change as a patch that `git apply` takes.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn diff_patch(&self, id: &str) -> Result<Bytes, ClientError> {
        let query = Query::default().with("format", Some("patch"));
        let response = self.send(query.on(self.get(&["api", "sessions", id, "diff"])?)).await?;
        self.read(response, MAX_ANSWER_BYTES).await
    }

    /// What a session has used.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn usage(&self, id: &str) -> Result<SessionUsage, ClientError> {
        self.json(self.get(&["api", "sessions", id, "usage"])?).await
    }
}
