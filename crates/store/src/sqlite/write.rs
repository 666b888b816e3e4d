//! The rows that a commit writes (layer 1), one function a kind.

use super::commit::{Head, Ready};
use super::failure::{is_taken, sql};
use super::row::{integer, json, word};
use sqlx::SqliteConnection;
use telecoder_model::PortError;
use telecoder_model::decision::{Decision, DecisionState};
use telecoder_model::id::{ProcessId, UserId};
use telecoder_model::port::store::{MessageState, OutboxRow, Queueing, Reservation, Write};
use telecoder_model::session::Session;
use telecoder_model::time::Timestamp;

/// Messages that one session may have.
const MAX_MESSAGES: u64 = 10_000;

/// Writes one row of a session that exists; gives the number of a new message.
pub(super) async fn apply_write(
    tx: &mut SqliteConnection,
    head: &mut Head,
    ready: &Ready,
    at: Timestamp,
) -> Result<Option<u64>, PortError> {
    match &ready.write {
        Write::NewSession(session) => {
            return Err(PortError::conflict(format!("session {} exists", session.id)));
        }
        Write::Session(session) => replace_session(tx, head, session, ready).await?,
        Write::Run(_) => run(tx, head, &ready.document).await?,
        Write::Input {
            process,
            number,
            line,
        } => input(tx, head, process, *number, line).await?,
        Write::DropInputs { process, up_to } => drop_inputs(tx, head, process, *up_to).await?,
        Write::NewMessage {
            author,
            content,
            queue,
        } => {
            return new_message(tx, head, (author, content, *queue), at)
                .await
                .map(Some);
        }
        Write::Message { number, state, turn } => message(tx, head, *number, *state, *turn).await?,
        Write::NewDecision(decision) => new_decision(tx, head, decision, &ready.document).await?,
        Write::Decision(decision) => answer(tx, head, decision, &ready.document).await?,
        Write::Enqueue { not_before } => enqueue(tx, head, *not_before).await?,
        Write::EndJob => end_job(tx, head).await?,
        Write::Outbox(row) => outbox(tx, head, row, &ready.document).await?,
        Write::OutboxUpdate(row) => outbox_update(tx, row).await?,
        Write::Reserve(reservation) => reserve(tx, reservation).await?,
    }
    Ok(None)
}

/// Inserts a session at version 1.
pub(super) async fn insert_session(
    tx: &mut SqliteConnection,
    session: &Session,
    ready: &Ready,
) -> Result<(), PortError> {
    let failed = || sql("cannot add a session");
    sqlx::query(
        "INSERT INTO sessions (id, tenant, owner, status, repository, agent, policy, parent, lineage, created_at,
                               updated_at, version, last_seq, messages, epoch)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0, 0, 0)",
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

async fn replace_session(
    tx: &mut SqliteConnection,
    head: &mut Head,
    session: &Session,
    ready: &Ready,
) -> Result<(), PortError> {
    if head.tenant != session.tenant.as_str()
        || head.owner != session.owner.as_str()
        || head.created_at != session.created_at
    {
        return Err(PortError::permanent(format!(
            "tenant, owner and creation time of session {} never change",
            session.id
        )));
    }
    let failed = || sql("cannot replace a session");
    let changed = sqlx::query(
        "UPDATE sessions SET status = ?, repository = ?, agent = ?, policy = ?, parent = ?, lineage = ?,
                             updated_at = ?, version = version + 1
         WHERE id = ? AND version = ?",
    )
    .bind(session.status.as_str())
    .bind(session.repository.as_ref().map(ToString::to_string))
    .bind(session.agent.as_str())
    .bind(session.policy.name.as_str())
    .bind(session.parent.as_ref().map(|parent| parent.as_str()))
    .bind(session.lineage.as_str())
    .bind(session.updated_at.as_micros())
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

async fn run(tx: &mut SqliteConnection, head: &Head, state: &str) -> Result<(), PortError> {
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

async fn input(
    tx: &mut SqliteConnection,
    head: &Head,
    process: &ProcessId,
    number: u64,
    line: &[u8],
) -> Result<(), PortError> {
    // Numbers follow on each other among the lines that are kept; the first line that is kept may have any.
    let written = sqlx::query(
        "INSERT INTO inputs (session, process, number, tenant, owner, line)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6
         WHERE ?3 >= 1 AND ?3 = coalesce(
             (SELECT max(i.number) + 1 FROM inputs i WHERE i.session = ?1 AND i.process = ?2), ?3)",
    )
    .bind(head.session.as_str())
    .bind(process.as_str())
    .bind(integer(number))
    .bind(head.tenant.as_str())
    .bind(head.owner.as_str())
    .bind(line)
    .execute(tx)
    .await
    .map_err(sql("cannot write an input line"))?;
    if written.rows_affected() == 1 {
        return Ok(());
    }
    Err(PortError::conflict(format!(
        "line {number} is not the next one for process {process} of session {}",
        head.session
    )))
}

async fn drop_inputs(
    tx: &mut SqliteConnection,
    head: &Head,
    process: &ProcessId,
    up_to: u64,
) -> Result<(), PortError> {
    sqlx::query("DELETE FROM inputs WHERE session = ? AND process = ? AND number <= ?")
        .bind(head.session.as_str())
        .bind(process.as_str())
        .bind(integer(up_to))
        .execute(tx)
        .await
        .map_err(sql("cannot forget input lines"))?;
    Ok(())
}

async fn new_message(
    tx: &mut SqliteConnection,
    head: &mut Head,
    (author, content, queue): (&UserId, &str, Queueing),
    at: Timestamp,
) -> Result<u64, PortError> {
    if head.messages >= MAX_MESSAGES {
        return Err(PortError::full(format!(
            "session {} has {MAX_MESSAGES} messages; no more are accepted",
            head.session
        ))
        .remedy("Start a new session."));
    }
    let number: i64 =
        sqlx::query_scalar("UPDATE sessions SET messages = messages + 1 WHERE id = ? RETURNING messages")
            .bind(head.session.as_str())
            .fetch_one(&mut *tx)
            .await
            .map_err(sql("cannot number a message"))?;
    sqlx::query(
        "INSERT INTO messages (session, number, tenant, owner, author, content, queue, state, turn, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', NULL, ?)",
    )
    .bind(head.session.as_str())
    .bind(number)
    .bind(head.tenant.as_str())
    .bind(head.owner.as_str())
    .bind(author.as_str())
    .bind(content)
    .bind(word(&queue)?)
    .bind(at.as_micros())
    .execute(tx)
    .await
    .map_err(sql("cannot write a message"))?;
    head.messages = u64::try_from(number).unwrap_or(0);
    Ok(head.messages)
}

async fn message(
    tx: &mut SqliteConnection,
    head: &Head,
    number: u64,
    state: MessageState,
    turn: Option<u32>,
) -> Result<(), PortError> {
    let changed = sqlx::query(
        "UPDATE messages SET state = ?, turn = ? WHERE session = ? AND number = ? AND state = 'queued'",
    )
    .bind(word(&state)?)
    .bind(turn)
    .bind(head.session.as_str())
    .bind(integer(number))
    .execute(tx)
    .await
    .map_err(sql("cannot change a message"))?;
    if changed.rows_affected() == 1 {
        return Ok(());
    }
    Err(if (1..=head.messages).contains(&number) {
        PortError::conflict(format!(
            "message {number} of session {} no longer waits",
            head.session
        ))
    } else {
        PortError::not_found(format!("session {} has no message {number}", head.session))
    })
}

async fn new_decision(
    tx: &mut SqliteConnection,
    head: &Head,
    decision: &Decision,
    document: &str,
) -> Result<(), PortError> {
    if decision.tenant.as_str() != head.tenant || decision.owner.as_str() != head.owner {
        return Err(PortError::permanent(format!(
            "decision {} does not belong to the owner of its session",
            decision.id
        )));
    }
    sqlx::query(
        "INSERT INTO decisions (id, session, tenant, owner, state, created_at, document)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(decision.id.as_str())
    .bind(head.session.as_str())
    .bind(head.tenant.as_str())
    .bind(head.owner.as_str())
    .bind(word(&decision.state)?)
    .bind(decision.created_at.as_micros())
    .bind(document)
    .execute(tx)
    .await
    .map_err(|error| {
        if is_taken(&error) {
            return PortError::conflict(format!("decision {} exists", decision.id));
        }
        sql("cannot add a decision")(error)
    })?;
    Ok(())
}

async fn answer(
    tx: &mut SqliteConnection,
    head: &Head,
    decision: &Decision,
    document: &str,
) -> Result<(), PortError> {
    let changed = sqlx::query(
        "UPDATE decisions SET state = ?, document = ? WHERE id = ? AND session = ? AND state = 'pending'",
    )
    .bind(word(&decision.state)?)
    .bind(document)
    .bind(decision.id.as_str())
    .bind(head.session.as_str())
    .execute(&mut *tx)
    .await
    .map_err(sql("cannot change a decision"))?;
    if changed.rows_affected() == 1 {
        return Ok(());
    }
    let exists: Option<i64> = sqlx::query_scalar("SELECT 1 FROM decisions WHERE id = ? AND session = ?")
        .bind(decision.id.as_str())
        .bind(head.session.as_str())
        .fetch_optional(tx)
        .await
        .map_err(sql("cannot read a decision"))?;
    Err(match exists {
        Some(_) => PortError::conflict(format!(
            "decision {} is no longer {}",
            decision.id,
            word(&DecisionState::Pending)?
        )),
        None => PortError::not_found(format!(
            "session {} has no decision {}",
            head.session, decision.id
        )),
    })
}

async fn enqueue(tx: &mut SqliteConnection, head: &Head, not_before: Timestamp) -> Result<(), PortError> {
    sqlx::query(
        "INSERT INTO jobs (session, tenant, owner, account, repository, instance, epoch, tries, place, not_before)
         VALUES (?, ?, ?, ?, ?, NULL, 0, 0, (SELECT coalesce(max(place), 0) + 1 FROM jobs), ?)
         ON CONFLICT (session) DO UPDATE SET
             not_before = CASE WHEN instance IS NULL THEN min(not_before, excluded.not_before) ELSE not_before END,
             news_at = CASE WHEN instance IS NULL THEN news_at
                            ELSE min(coalesce(news_at, excluded.not_before), excluded.not_before) END",
    )
    .bind(head.session.as_str())
    .bind(head.tenant.as_str())
    .bind(head.owner.as_str())
    .bind(format!("{}/{}", head.tenant, head.owner))
    .bind(head.repository.as_deref())
    .bind(not_before.as_micros())
    .execute(tx)
    .await
    .map_err(sql("cannot queue a session"))?;
    Ok(())
}

/// The fence was held against the job's row before; within the transaction nothing else can have changed it.
async fn end_job(tx: &mut SqliteConnection, head: &Head) -> Result<(), PortError> {
    let failed = || sql("cannot end a job");
    let requeued = sqlx::query(
        "UPDATE jobs SET instance = NULL, tries = 0, not_before = news_at, news_at = NULL,
                         place = (SELECT coalesce(max(place), 0) + 1 FROM jobs)
         WHERE session = ? AND news_at IS NOT NULL",
    )
    .bind(head.session.as_str())
    .execute(&mut *tx)
    .await
    .map_err(failed())?;
    if requeued.rows_affected() == 0 {
        sqlx::query("DELETE FROM jobs WHERE session = ?")
            .bind(head.session.as_str())
            .execute(tx)
            .await
            .map_err(failed())?;
    }
    Ok(())
}

async fn outbox(
    tx: &mut SqliteConnection,
    head: &Head,
    row: &OutboxRow,
    payload: &str,
) -> Result<(), PortError> {
    sqlx::query(
        "INSERT INTO outbox (key, session, tenant, owner, kind, payload, state, tries, not_before, result)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
    )
    .bind(row.key.as_str())
    .bind(head.session.as_str())
    .bind(head.tenant.as_str())
    .bind(head.owner.as_str())
    .bind(row.kind.as_str())
    .bind(payload)
    .bind(word(&row.state)?)
    .bind(row.tries)
    .bind(row.not_before.as_micros())
    .bind(row.result.as_ref().map(json).transpose()?)
    .execute(tx)
    .await
    .map_err(sql("cannot write an outside effect"))?;
    Ok(())
}

async fn outbox_update(tx: &mut SqliteConnection, row: &OutboxRow) -> Result<(), PortError> {
    let changed = sqlx::query(
        "UPDATE outbox SET state = ?, tries = ?, not_before = ?, result = ?
         WHERE key = ? AND session = ? AND state = 'pending'",
    )
    .bind(word(&row.state)?)
    .bind(row.tries)
    .bind(row.not_before.as_micros())
    .bind(row.result.as_ref().map(json).transpose()?)
    .bind(row.key.as_str())
    .bind(row.session.as_str())
    .execute(&mut *tx)
    .await
    .map_err(sql("cannot change an outside effect"))?;
    if changed.rows_affected() == 1 {
        return Ok(());
    }
    let exists: Option<i64> = sqlx::query_scalar("SELECT 1 FROM outbox WHERE key = ? AND session = ?")
        .bind(row.key.as_str())
        .bind(row.session.as_str())
        .fetch_optional(tx)
        .await
        .map_err(sql("cannot read an outside effect"))?;
    Err(match exists {
        Some(_) => PortError::conflict(format!("the outside effect {} is settled", row.key)),
        None => PortError::not_found(format!(
            "session {} has no outside effect {}",
            row.session, row.key
        )),
    })
}

async fn reserve(tx: &mut SqliteConnection, reservation: &Reservation) -> Result<(), PortError> {
    sqlx::query("INSERT INTO reservations (tenant, owner, key, request, session) VALUES (?, ?, ?, ?, ?)")
        .bind(reservation.tenant.as_str())
        .bind(reservation.user.as_str())
        .bind(reservation.key.as_str())
        .bind(reservation.request.as_str())
        .bind(reservation.session.as_str())
        .execute(tx)
        .await
        .map_err(|error| {
            if is_taken(&error) {
                return PortError::conflict("the idempotency key is taken");
            }
            sql("cannot reserve an idempotency key")(error)
        })?;
    Ok(())
}
