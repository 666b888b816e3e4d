//! The inbox: what waits for a person, then what has ended.

use crate::command::read::allow;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::request::Inbox;
use telecoder_model::port::bus::Topic;
use telecoder_model::port::store::{Cursor, SessionQuery};
use telecoder_model::principal::{Principal, Scope};
use telecoder_model::session::Status;
use telecoder_model::time::Timestamp;

const CURSOR: &str = "inbox";

impl Engine {
    /// What waits, and the last `limit` (1 to 200) sessions that ended.
    pub async fn inbox(&self, who: &Principal, limit: u32) -> Result<Inbox, EngineError> {
        allow(who, Scope::Read)?;
        let store = &self.ports().store;
        let waiting = self.asked(who).await?;
        let seen = store.cursor(&who.tenant, &who.user, CURSOR).await?;
        let query = SessionQuery {
            status: vec![Status::Complete, Status::Error, Status::Stopped],
            limit: limit.clamp(1, 200),
            ..SessionQuery::default()
        };
        let rows = store.sessions(who, &query).await?.rows;
        let unread =
            |at: Option<Timestamp>| at.is_some_and(|at| u64::try_from(at.as_micros()).unwrap_or(0) > seen);
        let mut finished: Vec<_> =
            rows.into_iter().map(|session| (unread(session.finished_at), session)).collect();
        finished.sort_by_key(|(_, session)| std::cmp::Reverse(session.finished_at));
        Ok(Inbox {
            waiting,
            finished: finished.into_iter().map(|(unread, session)| (session, unread)).collect(),
            seen_at: seen_at(seen),
        })
    }

    /// Marks everything that has ended up to now as seen.
    pub async fn inbox_seen(&self, who: &Principal) -> Result<(), EngineError> {
        allow(who, Scope::Read)?;
        let position = u64::try_from(self.now().as_micros()).unwrap_or(0);
        let cursor = Cursor { name: CURSOR.to_owned(), position };
        self.ports().store.set_cursor(&who.tenant, &who.user, cursor).await?;
        self.ports().bus.wake(&Topic::Everything);
        Ok(())
    }

    /// When the principal's marks were last cleared.
    pub async fn inbox_seen_at(&self, who: &Principal) -> Result<Option<Timestamp>, EngineError> {
        allow(who, Scope::Read)?;
        Ok(seen_at(self.ports().store.cursor(&who.tenant, &who.user, CURSOR).await?))
    }
}

fn seen_at(position: u64) -> Option<Timestamp> {
    i64::try_from(position).ok().filter(|micros| *micros > 0).map(Timestamp::from_micros)
}
