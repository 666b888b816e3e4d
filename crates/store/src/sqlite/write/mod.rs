//! The rows that a commit writes (layer 1), one function a kind.

mod blob;
mod decision;
mod input;
mod message;
mod outbox;
mod queue;
mod session;

pub(super) use session::insert as insert_session;

use crate::prepared::{Head, Ready};
use sqlx::SqliteConnection;
use telecoder_model::PortError;
use telecoder_model::port::store::Write;
use telecoder_model::time::Timestamp;

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
        Write::Session(session) => session::replace(tx, head, session, ready).await?,
        Write::Run(_) => session::keep_run(tx, head, &ready.document).await?,
        Write::Input { process, number, line } => input::add(tx, head, process, *number, line).await?,
        Write::DropInputs { process, up_to } => input::forget(tx, head, process, *up_to).await?,
        Write::NewMessage { author, content, queue } => {
            return message::add(tx, head, (author, content, *queue), at).await.map(Some);
        }
        Write::Message { number, state, turn } => message::change(tx, head, *number, *state, *turn).await?,
        Write::NewDecision(decision) => decision::ask(tx, head, decision, &ready.document).await?,
        Write::Decision(decision) => decision::answer(tx, head, decision, &ready.document).await?,
        Write::Enqueue { not_before } => queue::enqueue(tx, head, *not_before).await?,
        Write::EndJob => queue::end(tx, head).await?,
        Write::Outbox(row) => outbox::add(tx, head, row, &ready.document).await?,
        Write::OutboxUpdate(row) => outbox::update(tx, row).await?,
        Write::Blob { digest } => blob::name(tx, head, digest).await?,
        Write::Reserve(reservation) => outbox::reserve(tx, head, reservation).await?,
    }
    Ok(None)
}
