//! Sessions and their events (layer 1).

use super::SqliteStore;
use super::commit::Prepared;
use super::failure::sql;
use super::page::{SessionPlace, limit};
use super::row::{Columns, integer};
use async_trait::async_trait;
use sqlx::QueryBuilder;
use sqlx::Sqlite;
use sqlx::sqlite::SqliteRow;
use telecoder_model::PortError;
use telecoder_model::event::Event;
use telecoder_model::id::SessionId;
use telecoder_model::port::store::{Commit, Committed, Page, SessionQuery, SessionStore, Versioned};
use telecoder_model::principal::Principal;
use telecoder_model::session::{Session, Status};

/// The longest text to search for, in bytes.
const MAX_SEARCH: usize = 1000;
/// Ids that a prefix gives at most.
const MAX_IDS: i64 = 10;

pub(super) const EVENTS: &str = "SELECT seq, global, session, at, body FROM events
     WHERE session = ? AND seq > ? ORDER BY seq LIMIT ?";
pub(super) const ALL_EVENTS: &str = "SELECT seq, global, session, at, body FROM events
     WHERE global > ? ORDER BY global LIMIT ?";
pub(super) const BY_PREFIX: &str = "SELECT id FROM sessions
     WHERE tenant = ? AND owner = ? AND id >= ? AND id < ? ORDER BY id LIMIT ?";

#[async_trait]
impl SessionStore for SqliteStore {
    async fn commit(&self, commit: Commit) -> Result<Committed, PortError> {
        self.writer.apply(Prepared::new(commit)?).await
    }

    async fn session(&self, id: &SessionId) -> Result<Option<Versioned<Session>>, PortError> {
        let row = sqlx::query(
            "SELECT s.version, s.last_seq, d.document
             FROM sessions s CROSS JOIN documents d ON d.session = s.id WHERE s.id = ?",
        )
        .bind(id.as_str())
        .fetch_optional(&mut *self.reader().await?)
        .await
        .map_err(sql("cannot read a session"))?;
        let Some(row) = row else { return Ok(None) };
        let columns = Columns(&row);
        Ok(Some(Versioned {
            value: columns.json("document")?,
            version: columns.number("version")?,
            last_seq: columns.number("last_seq")?,
        }))
    }

    async fn sessions(&self, who: &Principal, query: &SessionQuery) -> Result<Page<Session>, PortError> {
        let rows = usize::try_from(limit(query.limit)?).unwrap_or(usize::MAX);
        let found = list(who, query)?
            .build()
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot list sessions"))?;
        let more = found.len() > rows;
        let rows: Vec<Session> =
            found.iter().take(rows).map(|row| Columns(row).json("document")).collect::<Result<_, _>>()?;
        let next = rows
            .last()
            .filter(|_| more)
            .map(|last| SessionPlace { created_at: last.created_at, id: last.id.clone() }.write());
        Ok(Page { rows, next })
    }

    async fn sessions_by_prefix(&self, who: &Principal, prefix: &str) -> Result<Vec<SessionId>, PortError> {
        if prefix.len() > 12 {
            return Ok(Vec::new());
        }
        sqlx::query(BY_PREFIX)
            .bind(who.tenant.as_str())
            .bind(who.user.as_str())
            .bind(prefix)
            // Behind every id that begins so: `{` follows `z`, and ids hold nothing beyond it.
            .bind(format!("{prefix}{{"))
            .bind(MAX_IDS)
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot find sessions"))?
            .iter()
            .map(|row| Columns(row).parsed("id"))
            .collect()
    }

    async fn events(&self, id: &SessionId, after: u64, rows: u32) -> Result<Vec<Event>, PortError> {
        let rows = limit(rows)?;
        sqlx::query(EVENTS)
            .bind(id.as_str())
            .bind(integer(after))
            .bind(rows)
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot read events"))?
            .iter()
            .map(event)
            .collect()
    }

    async fn all_events(&self, after: u64, rows: u32) -> Result<Vec<Event>, PortError> {
        let rows = limit(rows)?;
        sqlx::query(ALL_EVENTS)
            .bind(integer(after))
            .bind(rows)
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot read events"))?
            .iter()
            .map(event)
            .collect()
    }
}

fn event(row: &SqliteRow) -> Result<Event, PortError> {
    let columns = Columns(row);
    Ok(Event {
        seq: columns.number("seq")?,
        global: columns.number("global")?,
        session: columns.parsed("session")?,
        at: columns.time("at")?,
        body: columns.json("body")?,
    })
}

/// The statement of a list: one row more than the page, to know whether there is another.
pub(super) fn list(who: &Principal, query: &SessionQuery) -> Result<QueryBuilder<Sqlite>, PortError> {
    let rows = limit(query.limit)? + 1;
    let mut statement = QueryBuilder::<Sqlite>::new(
        "SELECT d.document FROM sessions s CROSS JOIN documents d ON d.session = s.id WHERE s.tenant = ",
    );
    statement.push_bind(who.tenant.to_string());
    statement.push(" AND s.owner = ").push_bind(who.user.to_string());
    filter_status(&mut statement, &query.status);
    let equal = [
        ("agent", query.agent.as_ref().map(ToString::to_string)),
        ("policy", query.policy.clone()),
        ("parent", query.parent.as_ref().map(ToString::to_string)),
        ("lineage", query.lineage.as_ref().map(ToString::to_string)),
        ("repository", query.repository.as_ref().map(ToString::to_string)),
    ];
    for (column, value) in equal {
        if let Some(value) = value {
            statement.push(" AND s.").push(column).push(" = ").push_bind(value);
        }
    }
    if let Some(text) = &query.text {
        if text.len() > MAX_SEARCH {
            return Err(PortError::permanent(format!("a text to search for has at most {MAX_SEARCH} bytes")));
        }
        statement.push(" AND instr(d.search, ").push_bind(text.to_lowercase()).push(") > 0");
    }
    if let Some(after) = &query.after {
        let place = SessionPlace::read(after)?;
        statement
            .push(" AND (s.created_at, s.id) < (")
            .push_bind(place.created_at.as_micros())
            .push(", ")
            .push_bind(place.id.to_string())
            .push(")");
    }
    statement.push(" ORDER BY s.created_at DESC, s.id DESC LIMIT ").push_bind(rows);
    Ok(statement)
}

fn filter_status(statement: &mut QueryBuilder<Sqlite>, status: &[Status]) {
    match status {
        [] => {}
        [only] => {
            statement.push(" AND s.status = ").push_bind(only.as_str());
        }
        several => {
            // The sign keeps the planner from reading one range a status and sorting all of them.
            let mut list = statement.push(" AND +s.status IN (").separated(", ");
            for status in several.iter().take(Status::ALL.len()) {
                list.push_bind(status.as_str());
            }
            statement.push(")");
        }
    }
}
