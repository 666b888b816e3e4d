//! The rows of a session and of its execution's state (layer 1).

use crate::prepared::{Head, Ready, keeps_its_owner};
use crate::row::integer;
use crate::sqlite::failure::sql;
use sqlx::SqliteConnection;
use telecoder_model::PortError;
use telecoder_model::session::Session;

/// Inserts a session at version 1.
pub(in crate::sqlite) async fn insert(
    tx: &mut SqliteConnection,
    session: &Session,
    ready: &Ready,
) -> Result<(), PortError> {
    let failed = || sql("cannot add a session");
    let pull = session.forge_pull();
    sqlx::query(
        "INSERT INTO sessions (id, tenant, owner, status, repository, agent, policy, parent, lineage, created_at,
                               updated_at, pull_number, pull_state, pull_repository, version, last_seq, messages,
                               epoch)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0, 0, 0)",
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
    .bind(pull.map(|(_, pull)| integer(pull.number)))
    .bind(pull.map(|(_, pull)| pull.state.as_str()))
    .bind(pull.map(|(repository, _)| repository.to_string()))
    .execute(&mut *tx)
    .await
    .map_err(failed())?;
    sqlx::query("INSERT INTO documents (session, tenant, owner, search, document) VALUES (?, ?, ?, ?, ?)")
        .bind(session.id.as_str())
        .bind(session.tenant.as_str())
        .bind(session.owner.as_str())
        .bind(ready.search.as_str())
        .bind(ready.document.as_str())
        .execute(tx)
        .await
        .map_err(failed())?;
    Ok(())
}

pub(super) async fn replace(
    tx: &mut SqliteConnection,
    head: &mut Head,
    session: &Session,
    ready: &Ready,
) -> Result<(), PortError> {
    keeps_its_owner(head, session)?;
    let failed = || sql("cannot replace a session");
    let pull = session.forge_pull();
    let changed = sqlx::query(
        "UPDATE sessions SET status = ?, repository = ?, agent = ?, policy = ?, parent = ?, lineage = ?,
                             updated_at = ?, pull_number = ?, pull_state = ?, pull_repository = ?, version = version + 1
         WHERE id = ? AND version = ?",
    )
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
    .bind(session.id.as_str())
    .bind(integer(head.version))
    .execute(&mut *tx)
    .await
    .map_err(failed())?;
    if changed.rows_affected() != 1 {
        return Err(PortError::conflict(format!("session {} has changed", session.id)));
    }
    sqlx::query("UPDATE documents SET search = ?, document = ? WHERE session = ?")
        .bind(ready.search.as_str())
        .bind(ready.document.as_str())
        .bind(session.id.as_str())
        .execute(tx)
        .await
        .map_err(failed())?;
    head.version += 1;
    head.repository = session.repository.as_ref().map(ToString::to_string);
    Ok(())
}

pub(super) async fn keep_run(tx: &mut SqliteConnection, head: &Head, state: &str) -> Result<(), PortError> {
    sqlx::query(
        "INSERT INTO runs (session, tenant, owner, state) VALUES (?, ?, ?, ?)
         ON CONFLICT (session) DO UPDATE SET state = excluded.state",
    )
    .bind(head.session.as_str())
    .bind(head.tenant.as_str())
    .bind(head.owner.as_str())
    .bind(state)
    .execute(tx)
    .await
    .map_err(sql("cannot write the state of an execution"))?;
    Ok(())
}
