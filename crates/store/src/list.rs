//! Statements of lists (layer 1): filters, order and pages, for every database.

use crate::page::{MAX_ROWS, SessionPlace, limit, read_number, write_number};
use crate::row::{Columns, Record, integer};
use sqlx::{Database, Encode, QueryBuilder, Type};
use telecoder_model::PortError;
use telecoder_model::id::{SessionId, TenantId, UserId};
use telecoder_model::port::store::{Page, PullFilter, PullQuery, SessionQuery};
use telecoder_model::principal::Principal;
use telecoder_model::pull::Pull;
use telecoder_model::session::{Session, Status};

/// The longest text to search for, in bytes.
const MAX_SEARCH: usize = 1000;

/// Where databases differ.
pub(crate) trait Dialect: Database {
    /// The function that gives the place of its second argument within its first one, from 1.
    const PLACE_OF: &'static str;
    /// What stands before a column that the planner shall not look up in an index.
    const UNINDEXED: &'static str;
}

/// A database that takes texts and numbers.
pub(crate) trait Takes: Dialect {
    fn text(statement: &mut QueryBuilder<Self>, value: String);
    fn number(statement: &mut QueryBuilder<Self>, value: i64);
}

impl<DB> Takes for DB
where
    DB: Dialect,
    String: Type<DB> + for<'q> Encode<'q, DB>,
    i64: Type<DB> + for<'q> Encode<'q, DB>,
{
    fn text(statement: &mut QueryBuilder<Self>, value: String) {
        statement.push_bind(value);
    }
    fn number(statement: &mut QueryBuilder<Self>, value: i64) {
        statement.push_bind(value);
    }
}

/// The statement of a list of sessions: one row more than the page, to know whether there is another.
pub(crate) fn sessions<DB: Takes>(
    who: &Principal,
    query: &SessionQuery,
) -> Result<QueryBuilder<DB>, PortError> {
    let rows = limit(query.limit)? + 1;
    let mut statement = QueryBuilder::<DB>::new(
        "SELECT d.document FROM sessions s CROSS JOIN documents d WHERE d.session = s.id AND s.tenant = ",
    );
    DB::text(&mut statement, who.tenant.to_string());
    statement.push(" AND s.owner = ");
    DB::text(&mut statement, who.user.to_string());
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
            statement.push(" AND s.").push(column).push(" = ");
            DB::text(&mut statement, value);
        }
    }
    if let Some(text) = &query.text {
        if text.len() > MAX_SEARCH {
            return Err(PortError::permanent(format!("a text to search for has at most {MAX_SEARCH} bytes")));
        }
        statement.push(" AND ").push(DB::PLACE_OF).push("(d.search, ");
        DB::text(&mut statement, text.to_lowercase());
        statement.push(") > 0");
    }
    if let Some(pull) = &query.pull {
        filter_pull(&mut statement, pull);
    }
    if let Some(after) = &query.after {
        let place = SessionPlace::read(after)?;
        statement.push(" AND (s.created_at, s.id) < (");
        DB::number(&mut statement, place.created_at.as_micros());
        statement.push(", ");
        DB::text(&mut statement, place.id.to_string());
        statement.push(")");
    }
    statement.push(" ORDER BY s.created_at DESC, s.id DESC LIMIT ");
    DB::number(&mut statement, rows);
    Ok(statement)
}

fn filter_pull<DB: Takes>(statement: &mut QueryBuilder<DB>, pull: &PullFilter) {
    match pull.number {
        Some(number) => {
            statement.push(" AND s.pull_number = ");
            DB::number(statement, integer(number));
        }
        None => {
            statement.push(" AND s.pull_number IS NOT NULL");
        }
    }
    if !pull.state.is_empty() {
        statement.push(" AND s.pull_state IN (");
        one_of(statement, pull.state.iter().take(4).map(|state| state.as_str()));
    }
    if let Some(repository) = &pull.repository {
        // Keeps the planner from joining two ranges and sorting them.
        statement.push(" AND (").push(DB::UNINDEXED).push("s.pull_repository = ");
        DB::text(statement, repository.to_string());
        statement.push(" OR ").push(DB::UNINDEXED).push("s.repository = ");
        DB::text(statement, repository.to_string());
        statement.push(")");
    }
}

fn filter_status<DB: Takes>(statement: &mut QueryBuilder<DB>, status: &[Status]) {
    match status {
        [] => {}
        [only] => {
            statement.push(" AND s.status = ");
            DB::text(statement, only.as_str().to_owned());
        }
        several => {
            // Keeps the planner from reading one range a status and sorting all of them.
            statement.push(" AND ").push(DB::UNINDEXED).push("s.status IN (");
            let words = several.iter().take(Status::ALL.len()).map(|status| status.as_str());
            one_of(statement, words);
        }
    }
}

/// Closes a list of words.
fn one_of<'a, DB: Takes>(statement: &mut QueryBuilder<DB>, words: impl Iterator<Item = &'a str>) {
    for (index, word) in words.enumerate() {
        if index > 0 {
            statement.push(", ");
        }
        DB::text(statement, word.to_owned());
    }
    statement.push(")");
}

/// A page of sessions from the rows that [`sessions`] found.
pub(crate) fn page_of_sessions<R: Record>(
    query: &SessionQuery,
    found: &[R],
) -> Result<Page<Session>, PortError> {
    page(
        query.limit,
        found,
        |row| Columns(row).json("document"),
        |last: &Session| SessionPlace { created_at: last.created_at, id: last.id.clone() }.write(),
    )
}

/// The statement of a list of pull requests.
pub(crate) fn pulls<DB: Takes>(who: &Principal, query: &PullQuery) -> Result<QueryBuilder<DB>, PortError> {
    let rows = limit(query.limit)? + 1;
    let mut statement = QueryBuilder::<DB>::new("SELECT * FROM pulls WHERE tenant = ");
    DB::text(&mut statement, who.tenant.to_string());
    statement.push(" AND owner = ");
    DB::text(&mut statement, who.user.to_string());
    if !query.state.is_empty() {
        statement.push(" AND state IN (");
        one_of(&mut statement, query.state.iter().take(4).map(|state| state.as_str()));
    }
    if let Some(repository) = &query.repository {
        // Keeps the planner on an index that is in the order of the page.
        statement.push(" AND ").push(DB::UNINDEXED).push("repository = ");
        DB::text(&mut statement, repository.to_string());
    }
    if let Some(session) = &query.session {
        statement.push(" AND session = ");
        DB::text(&mut statement, session.to_string());
    }
    if let Some(after) = &query.after {
        statement.push(" AND number < ");
        DB::number(&mut statement, integer(read_number(after)?));
    }
    statement.push(" ORDER BY number DESC LIMIT ");
    DB::number(&mut statement, rows);
    Ok(statement)
}

/// A page of pull requests from the rows that [`pulls`] found.
pub(crate) fn page_of_pulls<R: Record>(query: &PullQuery, found: &[R]) -> Result<Page<Pull>, PortError> {
    page(query.limit, found, crate::document::pull, |last: &Pull| write_number(last.number))
}

/// What was asked for, and where the next page begins if there was one row more.
fn page<R, T>(
    wanted: u32,
    found: &[R],
    read: impl Fn(&R) -> Result<T, PortError>,
    place: impl Fn(&T) -> String,
) -> Result<Page<T>, PortError> {
    let wanted = usize::try_from(limit(wanted)?).unwrap_or(usize::MAX);
    let rows: Vec<T> = found.iter().take(wanted).map(read).collect::<Result<_, _>>()?;
    let next = rows.last().filter(|_| found.len() > wanted).map(place);
    Ok(Page { rows, next })
}

/// The statement of the decisions that wait.
pub(crate) fn pending<DB: Takes>(
    tenant: &TenantId,
    owner: Option<&UserId>,
    session: Option<&SessionId>,
) -> QueryBuilder<DB> {
    let mut statement =
        QueryBuilder::<DB>::new("SELECT document FROM decisions WHERE state = 'pending' AND tenant = ");
    DB::text(&mut statement, tenant.to_string());
    if let Some(owner) = owner {
        statement.push(" AND owner = ");
        DB::text(&mut statement, owner.to_string());
    }
    if let Some(session) = session {
        statement.push(" AND session = ");
        DB::text(&mut statement, session.to_string());
    }
    statement.push(" ORDER BY created_at, id LIMIT ");
    DB::number(&mut statement, i64::from(MAX_ROWS));
    statement
}
