//! The rows of a session and of its execution's state (layer 1).

use crate::postgres::failure::sql;
use crate::postgres::row::plain;
use crate::prepared::{Head, Ready, keeps_its_owner};
use crate::row::integer;
use sqlx::PgConnection;
use telecoder_model::PortError;
use telecoder_model::session::Session;

/// Inserts a session at version 1.
pub(in crate::postgres) async fn insert(
    tx: &mut PgConnection,
    session: &Session,
    ready: &Ready,
) -> Result<(), PortError> {
    let pull = session.forge_pull();
    let added = sqlx::query(
        "WITH added AS (
             INSERT INTO sessions (id, tenant, owner, status, repository, agent, policy, parent, lineage, created_at,
                                   updated_at, version, last_seq, messages, epoch, pull_number, pull_state,
                                   pull_repository)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, 0, 0, 0, $14, $15, $16)
             ON CONFLICT (id) DO NOTHING RETURNING id, tenant, owner)
         INSERT INTO documents (session, tenant, owner, search, document)
         SELECT id, tenant, owner, $12, $13 FROM added",
    )
    .bind(session.id.as_str())
    .bind(session.tenant.as_str())
    .bind(session.owner.as_str())
    .bind(session.status.as_str())
    .bind(session.repository.as_ref().map(ToString::to_string))
    .bind(session.agent.as_str())
    .bind(session.policy.name.as_str())
    .bind(session.parent.as_ref().map(|parent| parent.as_str()))
    .bind(session.lineage.as_str())
    .bind(session.created_at.as_micros())
    .bind(session.updated_at.as_micros())
    .bind(plain(&ready.search))
    .bind(ready.document.as_str())
    .bind(pull.map(|(_, pull)| integer(pull.number)))
    .bind(pull.map(|(_, pull)| pull.state.as_str()))
    .bind(pull.map(|(repository, _)| repository.to_string()))
    .execute(tx)
    .await
    .map_err(sql("cannot add a session"))?;
    if added.rows_affected() == 1 {
        return Ok(());
    }
    Err(PortError::conflict(format!("session {} exists", session.id)))
}

/// The version is counted in the head, and written at the end of the group.
pub(super) async fn replace(
    tx: &mut PgConnection,
    head: &mut Head,
    session: &Session,
    ready: &Ready,
) -> Result<(), PortError> {
    keeps_its_owner(head, session)?;
    let pull = session.forge_pull();
    sqlx::query(
        "WITH words AS (UPDATE documents SET search = $2, document = $3 WHERE session = $1)
         UPDATE sessions SET status = $4, repository = $5, agent = $6, policy = $7, parent = $8, lineage = $9,
                             updated_at = $10, pull_number = $11, pull_state = $12, pull_repository = $13
         WHERE id = $1",
    )
    .bind(session.id.as_str())
    .bind(plain(&ready.search))
    .bind(ready.document.as_str())
    .bind(session.status.as_str())
    .bind(session.repository.as_ref().map(ToString::to_string))
    .bind(session.agent.as_str())
    .bind(session.policy.name.as_str())
    .bind(session.parent.as_ref().map(|parent| parent.as_str()))
    .bind(session.lineage.as_str())
    .bind(session.updated_at.as_micros())
    .bind(pull.map(|(_, pull)| integer(pull.number)))
    .bind(pull.map(|(_, pull)| pull.state.as_str()))
    .bind(pull.map(|(repository, _)| repository.to_string()))
    .execute(tx)
    .await
    .map_err(sql("cannot replace a session"))?;
    head.version += 1;
    head.repository = session.repository.as_ref().map(ToString::to_string);
    Ok(())
}

pub(super) async fn keep_run(tx: &mut PgConnection, head: &Head, state: &str) -> Result<(), PortError> {
    sqlx::query(
        "INSERT INTO runs (session, tenant, owner, state) VALUES ($1, $2, $3, $4)
         ON CONFLICT (session) DO UPDATE SET state = excluded.state",
    )
    .bind(head.session.as_str())
    .bind(head.tenant.as_str())
    .bind(head.owner.as_str())
    .bind(state)
    .execute(tx)
    .await
    .map(|_| ())
    .map_err(sql("cannot write the state of an execution"))
}
