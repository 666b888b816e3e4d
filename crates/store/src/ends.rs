//! What keeps a session, and its rows (layer 1), the same for every database.

use crate::list::Takes;
use crate::page::limit;
use crate::row::{Columns, Record};
use sqlx::QueryBuilder;
use telecoder_model::PortError;
use telecoder_model::port::store::{EndedQuery, EndedSession, Grave, Hold};
use telecoder_model::session::Status;

/// Digests that one call looks for at most.
pub(crate) const MAX_DIGESTS: usize = 1000;

/// What stands in the way of a session's end.
pub(crate) struct Found {
    pub(crate) version: u64,
    pub(crate) tenant: String,
    pub(crate) owner: String,
    pub(crate) hold: Option<Hold>,
}

/// Reads the row of a look: what is there counts as 1.
pub(crate) fn found<R: Record>(row: &R) -> Result<Found, PortError> {
    let columns = Columns(row);
    let is = |name| Ok::<_, PortError>(columns.number(name)? != 0);
    let status: Status = columns.word("status")?;
    let hold = if !status.has_ended() {
        Some(Hold::Active)
    } else if is("job")? {
        Some(Hold::Job)
    } else if is("decision")? {
        Some(Hold::Decision)
    } else if is("publishing")? {
        Some(Hold::Publishing)
    } else {
        columns.optional_number("pull")?.map(Hold::Pull)
    };
    Ok(Found {
        version: columns.number("version")?,
        tenant: columns.text("tenant")?,
        owner: columns.text("owner")?,
        hold,
    })
}

pub(crate) fn session<R: Record>(row: &R) -> Result<EndedSession, PortError> {
    let columns = Columns(row);
    Ok(EndedSession { id: columns.parsed("id")?, updated_at: columns.time("updated_at")? })
}

pub(crate) fn grave<R: Record>(row: &R) -> Result<Grave, PortError> {
    let columns = Columns(row);
    Ok(Grave { session: columns.parsed("session")?, blobs: columns.json("blobs")? })
}

/// The statement of a page of sessions that have ended, from a table (with a hint, where the database takes one).
pub(crate) fn page<DB: Takes>(query: &EndedQuery, table: &str) -> Result<QueryBuilder<DB>, PortError> {
    let rows = limit(query.limit)?;
    let mut statement = QueryBuilder::<DB>::new("SELECT id, updated_at FROM ");
    statement.push(table).push(" WHERE status IN ('complete', 'error', 'stopped') AND updated_at < ");
    DB::number(&mut statement, query.before.as_micros());
    if let Some(after) = &query.after {
        statement.push(" AND (updated_at, id) > (");
        DB::number(&mut statement, after.updated_at.as_micros());
        statement.push(", ");
        DB::text(&mut statement, after.id.to_string());
        statement.push(")");
    }
    if let Some(who) = &query.owner {
        statement.push(" AND tenant = ");
        DB::text(&mut statement, who.tenant.to_string());
        statement.push(" AND owner = ");
        DB::text(&mut statement, who.user.to_string());
    }
    statement.push(" ORDER BY updated_at, id LIMIT ");
    DB::number(&mut statement, rows);
    Ok(statement)
}
