//! Reads of sessions and their events.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::request::EventPage;
use telecoder_model::id::SessionId;
use telecoder_model::port::bus::{Subscription, Topic};
use telecoder_model::port::git::RepositoryFacts;
use telecoder_model::port::store::{Message, Page, QueueDepth, SessionQuery, Versioned};
use telecoder_model::principal::{Principal, Scope};
use telecoder_model::repository::Repository;
use telecoder_model::session::Session;

/// The longest line of descent that is shown.
const MAX_LINEAGE: u32 = 1000;

impl Engine {
    /// Reads a session of the principal.
    pub async fn session(&self, who: &Principal, id: &SessionId) -> Result<Session, EngineError> {
        Ok(self.owned(who, id, Scope::Read).await?.value)
    }

    /// Finds the principal's session whose id begins with `prefix`.
    pub async fn resolve(&self, who: &Principal, prefix: &str) -> Result<SessionId, EngineError> {
        let prefix = prefix.trim().to_ascii_lowercase();
        if let Ok(id) = prefix.parse() {
            return Ok(id);
        }
        let wellformed = (1..12).contains(&prefix.len())
            && prefix.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b));
        if !wellformed {
            return Err(EngineError::not_found("session_not_found", "no session has this id")
                .hint("a session id has 12 characters of a-z and 2-7, or is a unique prefix of one; see `telecoder list`"));
        }
        let mut found = self.ports().store.sessions_by_prefix(who, &prefix).await?;
        match (found.pop(), found.len()) {
            (Some(id), 0) => Ok(id),
            (Some(_), more) => Err(EngineError::invalid(
                "session_id_ambiguous",
                format!("{} sessions begin with `{prefix}`", more.saturating_add(1)),
            )
            .hint("give more characters of the id")),
            (None, _) => {
                Err(EngineError::not_found("session_not_found", format!("no session begins with `{prefix}`"))
                    .hint("`telecoder list` shows all sessions"))
            }
        }
    }

    /// A page of the principal's sessions, newest first.
    pub async fn sessions(
        &self,
        who: &Principal,
        query: &SessionQuery,
    ) -> Result<Page<Session>, EngineError> {
        allow(who, Scope::Read)?;
        Ok(self.ports().store.sessions(who, query).await?)
    }

    /// All sessions of a session's line, oldest first.
    pub async fn lineage(&self, who: &Principal, id: &SessionId) -> Result<Vec<Session>, EngineError> {
        let session = self.session(who, id).await?;
        let query =
            SessionQuery { lineage: Some(session.lineage), limit: MAX_LINEAGE, ..SessionQuery::default() };
        let mut rows = self.ports().store.sessions(who, &query).await?.rows;
        rows.reverse();
        Ok(rows)
    }

    /// Events with a number above `after`, and whether the log is drained.
    pub async fn events(
        &self,
        who: &Principal,
        id: &SessionId,
        after: u64,
        limit: u32,
    ) -> Result<EventPage, EngineError> {
        let session = self.owned(who, id, Scope::Read).await?;
        let events = self.ports().store.events(id, after, limit.clamp(1, 1000)).await?;
        let last = events.last().map_or(after, |event| event.seq);
        let drained = session.value.status.has_ended() && last >= session.last_seq;
        let reaches_end = after <= session.last_seq && last >= session.last_seq;
        Ok(EventPage { events, reaches_end, drained })
    }

    /// The number of a session's last event; 0 where it has none.
    pub async fn last_event(&self, who: &Principal, id: &SessionId) -> Result<u64, EngineError> {
        Ok(self.owned(who, id, Scope::Read).await?.last_seq)
    }

    /// Wakes whenever a session may have news. Subscribe first, then read, then wait.
    pub fn subscribe(&self, id: &SessionId) -> Box<dyn Subscription> {
        self.ports().bus.subscribe(&Topic::Session(id.clone()))
    }

    /// A session's messages in order.
    pub async fn messages(&self, who: &Principal, id: &SessionId) -> Result<Vec<Message>, EngineError> {
        self.owned(who, id, Scope::Read).await?;
        Ok(self.ports().store.messages(id).await?)
    }

    /// Looks at a repository before a task is given.
    pub async fn inspect_repository(
        &self,
        who: &Principal,
        repository: &Repository,
    ) -> Result<RepositoryFacts, EngineError> {
        allow(who, Scope::Run)?;
        self.check_local_root(repository)?;
        self.check_forge(repository)?;
        self.ports().workspaces.inspect(repository).await.map_err(EngineError::asked)
    }

    /// How much work there is.
    pub async fn queue_depth(&self) -> Result<QueueDepth, EngineError> {
        Ok(self.ports().store.depth().await?)
    }

    /// Reads a session that belongs to the principal; anything else does not exist.
    pub(crate) async fn owned(
        &self,
        who: &Principal,
        id: &SessionId,
        scope: Scope,
    ) -> Result<Versioned<Session>, EngineError> {
        allow(who, scope)?;
        let found = self.ports().store.session(id).await?;
        found
            .filter(|session| session.value.tenant == who.tenant && session.value.owner == who.user)
            .ok_or_else(|| {
                EngineError::not_found("session_not_found", format!("there is no session `{id}`"))
                    .hint("`telecoder list` shows all sessions")
            })
    }
}

/// Refuses what the principal's token does not grant.
pub(crate) fn allow(who: &Principal, scope: Scope) -> Result<(), EngineError> {
    if who.allows(scope) {
        return Ok(());
    }
    Err(EngineError::new(
        crate::error::Fault::Denied,
        "scope_missing",
        format!("this token has the scope `{}`; `{}` is needed", who.scope.as_str(), scope.as_str()),
    )
    .hint("create a token with that scope: telecoder token create --scope …"))
}
