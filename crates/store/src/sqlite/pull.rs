//! Local pull requests (layer 1).

use super::SqliteStore;
use super::failure::{is_orphan, sql};
use super::group::Change;
use super::page::{limit, read_number, write_number};
use super::row::{Columns, integer};
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use telecoder_model::PortError;
use telecoder_model::port::store::{NewPull, Page, PullChange, PullQuery, PullStore};
use telecoder_model::principal::Principal;
use telecoder_model::pull::{Pull, PullState};
use telecoder_model::time::Timestamp;

const BY_NUMBER: &str = "SELECT * FROM pulls WHERE number = ?";
pub(super) const OPEN_OF_HEAD: &str = "SELECT * FROM pulls
     WHERE tenant = ? AND repository = ? AND head = ? AND state IN ('draft', 'open')";

#[async_trait]
impl PullStore for SqliteStore {
    async fn open_pull(&self, pull: NewPull) -> Result<(Pull, bool), PortError> {
        if !pull.state.is_open() {
            return Err(PortError::permanent("a pull request begins as a draft or open"));
        }
        self.writer.apply(Open(pull)).await
    }

    async fn change_pull(&self, number: u64, change: PullChange, at: Timestamp) -> Result<Pull, PortError> {
        self.writer.apply(Alter { number, change, at }).await
    }

    async fn pull(&self, number: u64) -> Result<Option<Pull>, PortError> {
        sqlx::query(BY_NUMBER)
            .bind(integer(number))
            .fetch_optional(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot read a pull request"))?
            .as_ref()
            .map(read)
            .transpose()
    }

    async fn pulls(&self, who: &Principal, query: &PullQuery) -> Result<Page<Pull>, PortError> {
        let rows = usize::try_from(limit(query.limit)?).unwrap_or(usize::MAX);
        let found = list(who, query)?
            .build()
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(sql("cannot list pull requests"))?;
        let more = found.len() > rows;
        let rows: Vec<Pull> = found.iter().take(rows).map(read).collect::<Result<_, _>>()?;
        let next = rows.last().filter(|_| more).map(|last| write_number(last.number));
        Ok(Page { rows, next })
    }
}

fn read(row: &SqliteRow) -> Result<Pull, PortError> {
    let columns = Columns(row);
    Ok(Pull {
        number: columns.number("number")?,
        tenant: columns.parsed("tenant")?,
        owner: columns.parsed("owner")?,
        session: columns.parsed("session")?,
        repository: columns.parsed("repository")?,
        title: columns.get("title")?,
        body: columns.get("body")?,
        base: columns.parsed("base")?,
        head: columns.parsed("head")?,
        head_commit: columns.parsed("head_commit")?,
        state: columns.word("state")?,
        merge_commit: columns.optional("merge_commit")?,
        created_at: columns.time("created_at")?,
        updated_at: columns.time("updated_at")?,
    })
}

pub(super) fn list(who: &Principal, query: &PullQuery) -> Result<QueryBuilder<Sqlite>, PortError> {
    let rows = limit(query.limit)? + 1;
    let mut statement = QueryBuilder::<Sqlite>::new("SELECT * FROM pulls WHERE tenant = ");
    statement.push_bind(who.tenant.to_string());
    statement.push(" AND owner = ").push_bind(who.user.to_string());
    if !query.state.is_empty() {
        let mut states = statement.push(" AND state IN (").separated(", ");
        for state in query.state.iter().take(4) {
            states.push_bind(state.as_str());
        }
        statement.push(")");
    }
    if let Some(repository) = &query.repository {
        // The sign keeps the planner on an index that is in the order of the page.
        statement.push(" AND +repository = ").push_bind(repository.to_string());
    }
    if let Some(session) = &query.session {
        statement.push(" AND session = ").push_bind(session.to_string());
    }
    if let Some(after) = &query.after {
        statement.push(" AND number < ").push_bind(integer(read_number(after)?));
    }
    statement.push(" ORDER BY number DESC LIMIT ").push_bind(rows);
    Ok(statement)
}

struct Open(NewPull);

impl Change for Open {
    type Answer = (Pull, bool);
    async fn apply(&self, tx: &mut SqliteConnection) -> Result<Self::Answer, PortError> {
        let pull = &self.0;
        let failed = || sql("cannot open a pull request");
        let made = sqlx::query(
            "INSERT INTO pulls (tenant, owner, session, repository, title, body, base, head, head_commit, state,
                                created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)
             ON CONFLICT (tenant, repository, head) WHERE state IN ('draft', 'open') DO NOTHING RETURNING *",
        )
        .bind(pull.tenant.as_str())
        .bind(pull.owner.as_str())
        .bind(pull.session.as_str())
        .bind(pull.repository.to_string())
        .bind(pull.title.as_str())
        .bind(pull.body.as_str())
        .bind(pull.base.as_str())
        .bind(pull.head.as_str())
        .bind(pull.head_commit.as_str())
        .bind(pull.state.as_str())
        .bind(pull.at.as_micros())
        .fetch_optional(&mut *tx)
        .await
        .map_err(|error| {
            if is_orphan(&error) {
                return PortError::not_found(format!("there is no session {}", pull.session));
            }
            failed()(error)
        })?;
        if let Some(row) = made {
            return Ok((read(&row)?, true));
        }
        let row = sqlx::query(OPEN_OF_HEAD)
            .bind(pull.tenant.as_str())
            .bind(pull.repository.to_string())
            .bind(pull.head.as_str())
            .fetch_one(tx)
            .await
            .map_err(failed())?;
        Ok((read(&row)?, false))
    }
}

struct Alter {
    number: u64,
    change: PullChange,
    at: Timestamp,
}

impl Change for Alter {
    type Answer = Pull;
    async fn apply(&self, tx: &mut SqliteConnection) -> Result<Pull, PortError> {
        let row = sqlx::query(BY_NUMBER)
            .bind(integer(self.number))
            .fetch_optional(&mut *tx)
            .await
            .map_err(sql("cannot read a pull request"))?;
        let Some(row) = row else {
            return Err(PortError::not_found(format!("there is no pull request {}", self.number)));
        };
        let pull = changed(read(&row)?, &self.change, self.at)?;
        sqlx::query(
            "UPDATE pulls SET title = ?, body = ?, base = ?, head_commit = ?, state = ?, merge_commit = ?,
                              updated_at = ?
             WHERE number = ?",
        )
        .bind(pull.title.as_str())
        .bind(pull.body.as_str())
        .bind(pull.base.as_str())
        .bind(pull.head_commit.as_str())
        .bind(pull.state.as_str())
        .bind(pull.merge_commit.as_ref().map(|commit| commit.as_str()))
        .bind(pull.updated_at.as_micros())
        .bind(integer(pull.number))
        .execute(tx)
        .await
        .map_err(sql("cannot change a pull request"))?;
        Ok(pull)
    }
}

/// Title and body may change for ever; everything else only while it is open.
fn changed(mut pull: Pull, change: &PullChange, at: Timestamp) -> Result<Pull, PortError> {
    let PullChange { title, body, head_commit, base, state, merge_commit } = change.clone();
    let needs_open = head_commit.is_some() || base.is_some() || state.is_some() || merge_commit.is_some();
    if needs_open && !pull.state.is_open() {
        return Err(PortError::conflict(format!("pull request {} is {}", pull.number, pull.state.as_str())));
    }
    if merge_commit.is_some() && state != Some(PullState::Merged) {
        return Err(PortError::permanent("a merge commit belongs to a change to merged"));
    }
    pull.title = title.unwrap_or(pull.title);
    pull.body = body.unwrap_or(pull.body);
    pull.head_commit = head_commit.unwrap_or(pull.head_commit);
    pull.base = base.unwrap_or(pull.base);
    pull.state = state.unwrap_or(pull.state);
    pull.merge_commit = merge_commit.or(pull.merge_commit);
    pull.updated_at = at;
    Ok(pull)
}
