//! What a backup cannot bring back (layer 1): sandboxes, and the trees that agents were at work in. After a restore each session
//! either waits for its first worker as before, or has ended and says so; nothing is published by itself for work that was under
//! way when the backup was made, because it may have been published since.

use crate::following::FOLLOW;
use crate::outbox::{Failure, PUBLISH, told_failure};
use crate::upkeep::REMOVE_WORKSPACE;
use crate::worker::run_state::RunState;
use telecoder_model::decision::DecisionState;
use telecoder_model::event::{EventBody, StepState};
use telecoder_model::id::SessionId;
use telecoder_model::port::store::{
    Commit, EndedQuery, MessageState, OutboxRow, OutboxState, Store, Versioned, Write,
};
use telecoder_model::session::{FailureKind, Move, Session, Status};
use telecoder_model::time::Timestamp;
use telecoder_model::{ErrorClass, PortError};

/// Sessions that are read at once.
const BATCH: u32 = 500;
/// What became of workspaces, in the words of the log.
const NO_WORKSPACE: &str =
    "it is not part of the backup that the server was restored from; the change and the log are kept";

/// What became of the sessions of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settled {
    /// Sessions that had ended.
    pub kept: u64,
    /// Sessions that had not begun, and will.
    pub waiting: u64,
    /// Sessions whose work is done but for a person's word about publishing, for which they still wait.
    pub asked: u64,
    /// Chats that were at rest, and are closed now.
    pub closed: u64,
    /// Sessions whose work was under way, and has ended with an error now.
    pub ended: u64,
}

/// Settles all sessions of a store that was restored from a backup; done twice, it has the effect of once.
///
/// # Errors
/// What the store says.
pub async fn settle(store: &dyn Store, now: Timestamp) -> Result<Settled, PortError> {
    let mut settled = Settled::default();
    // Later than any session has changed, so that the pages do not move while sessions are settled.
    let before = Timestamp::from_micros(i64::MAX);
    let mut query = EndedQuery { before, owner: None, after: None, limit: BATCH };
    loop {
        let rows = store.ended(&query).await?;
        let Some(last) = rows.last() else { break };
        query.after = Some(last.clone());
        for row in &rows {
            if let Some(found) = store.session(&row.id).await? {
                settled.kept += 1;
                keep(store, found, now).await?;
            }
        }
    }
    let mut after: Option<SessionId> = None;
    loop {
        let rows = store.active(after.as_ref(), BATCH).await?;
        let Some(last) = rows.last() else { return Ok(settled) };
        after = Some(last.clone());
        for id in &rows {
            if let Some(found) = store.session(id).await? {
                active(store, found, now, &mut settled).await?;
            }
        }
    }
}

/// One that had ended: its workspace is not there. The time of its last change stays as it was.
async fn keep(store: &dyn Store, found: Versioned<Session>, now: Timestamp) -> Result<(), PortError> {
    let orders = orders(store, &found.value.id).await?;
    if found.value.workspace_removed_at.is_some() && orders.is_empty() {
        return Ok(());
    }
    let (mut session, mut commit) = begin(store, found, now).await?;
    without_workspace(&mut session, &mut commit, now);
    give_up(&mut commit, orders, Told::Apart)?;
    write(store, session, commit).await
}

async fn active(
    store: &dyn Store,
    found: Versioned<Session>,
    now: Timestamp,
    settled: &mut Settled,
) -> Result<(), PortError> {
    let session = &found.value;
    match session.status {
        Status::Pending if session.attempt == 0 => {
            settled.waiting += 1;
            Ok(())
        }
        Status::Idle | Status::Hibernated => {
            settled.closed += 1;
            close(store, found, now).await
        }
        Status::Waiting if is_asked(store, session).await? => {
            settled.asked += 1;
            if session.workspace_removed_at.is_some() {
                return Ok(());
            }
            let (mut session, mut commit) = begin(store, found, now).await?;
            without_workspace(&mut session, &mut commit, now);
            write(store, session, commit).await
        }
        Status::Pending
        | Status::Preparing
        | Status::Running
        | Status::Waiting
        | Status::Complete
        | Status::Error
        | Status::Stopped => {
            settled.ended += 1;
            end(store, found, now).await
        }
    }
}

/// Whether nothing is left to do but to hear whether the change may be published.
async fn is_asked(store: &dyn Store, session: &Session) -> Result<bool, PortError> {
    let Some(question) = run(store, &session.id).await?.and_then(|run| run.publish_question) else {
        return Ok(false);
    };
    let decision = store.decision(&question).await?;
    Ok(decision.is_some_and(|decision| decision.state == DecisionState::Pending))
}

/// Closes a chat that was at rest: no agent can go on in it.
async fn close(store: &dyn Store, found: Versioned<Session>, now: Timestamp) -> Result<(), PortError> {
    let orders = orders(store, &found.value.id).await?;
    let (mut session, mut commit) = begin(store, found, now).await?;
    without_workspace(&mut session, &mut commit, now);
    give_up(&mut commit, orders, Told::Apart)?;
    let reason = Some("the server was restored from a backup; begin anew with: telecoder rerun".to_owned());
    finish(&mut session, &mut commit, (Move::Stop, Status::Stopped, reason), now)?;
    write(store, session, commit).await
}

/// Ends one that was at work.
async fn end(store: &dyn Store, found: Versioned<Session>, now: Timestamp) -> Result<(), PortError> {
    let orders = orders(store, &found.value.id).await?;
    let (mut session, mut commit) = begin(store, found, now).await?;
    let id = session.id.clone();
    for mut decision in store.pending_decisions(&session.tenant, None, Some(&id)).await? {
        decision.state = DecisionState::Cancelled;
        decision.answered_at = Some(now);
        commit.writes.push(Write::Decision(Box::new(decision)));
    }
    for message in store.messages(&id).await? {
        if message.state == MessageState::Queued {
            let (number, state) = (message.number, MessageState::Dropped);
            commit.writes.push(Write::Message { number, state, turn: None });
        }
    }
    let was_publishing = orders.iter().any(|row| row.kind == PUBLISH);
    give_up(&mut commit, orders, Told::WithTheSession)?;
    without_workspace(&mut session, &mut commit, now);
    let (message, hint) = if was_publishing {
        (
            "the server was restored from a backup that was made while this session's change was being published; whether \
             that was done is not known here",
            format!("publish it; what is there already is found: telecoder publish {id}"),
        )
    } else {
        (
            "the server was restored from a backup that was made while this session was at work; what its agent had not \
             finished is not part of a backup",
            format!("run it again: telecoder rerun {id}"),
        )
    };
    let kind = FailureKind::Abandoned;
    commit.events.push(EventBody::Error { kind, message: message.to_owned(), hint: Some(hint.clone()) });
    session.failure = Some(kind);
    session.error = Some(message.to_owned());
    session.hint = Some(hint);
    finish(&mut session, &mut commit, (Move::Fail, Status::Error, None), now)?;
    write(store, session, commit).await
}

/// The session, and a commit against the version that was read, which forgets the sandbox.
async fn begin(
    store: &dyn Store,
    found: Versioned<Session>,
    now: Timestamp,
) -> Result<(Session, Commit), PortError> {
    let Versioned { value: session, version, .. } = found;
    let mut commit = Commit::new(session.id.clone(), now);
    commit.expect = Some(version);
    if let Some(mut run) = run(store, &session.id).await? {
        // One of that name may be at work for the server that the backup is of, and is not ours to end.
        run.sandbox = None;
        run.leftover.clear();
        run.workspace = None;
        run.agent = None;
        run.asked.clear();
        run.follow_up = None;
        let value = serde_json::to_value(&run)
            .map_err(|error| PortError::permanent("the run state cannot be written").because(error))?;
        commit.writes.push(Write::Run(value));
    }
    Ok((session, commit))
}

async fn run(store: &dyn Store, id: &SessionId) -> Result<Option<RunState>, PortError> {
    let Some(value) = store.run(id).await? else { return Ok(None) };
    serde_json::from_value(value).map(Some).map_err(|error| {
        PortError::permanent(format!("the run state of session {id} is unreadable")).because(error)
    })
}

/// Effects that would be performed by themselves; to follow a pull request is only to look at it.
async fn orders(store: &dyn Store, id: &SessionId) -> Result<Vec<OutboxRow>, PortError> {
    let mut rows = store.pending_outbox(id).await?;
    rows.retain(|row| row.kind != FOLLOW);
    Ok(rows)
}

/// How it is told that something is not published.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// The session's own failure tells it.
    WithTheSession,
    /// By an event of its own.
    Apart,
}

/// Gives effects up: they may have been performed since the backup, and undone again, and nobody asks for them now.
fn give_up(commit: &mut Commit, orders: Vec<OutboxRow>, told: Told) -> Result<(), PortError> {
    for mut row in orders {
        if row.kind == PUBLISH {
            let failure = Failure::new(
                ErrorClass::Conflict,
                "the server was restored from a backup that was made before this was done".to_owned(),
                Some("order it again; what is there already is found".to_owned()),
            );
            if told == Told::Apart {
                commit.events.push(EventBody::Error {
                    kind: FailureKind::ForgeError,
                    message: told_failure(&failure.message),
                    hint: failure.hint.clone(),
                });
            }
            let result = serde_json::to_value(&failure)
                .map_err(|error| PortError::permanent("a failure cannot be written").because(error))?;
            row.result = Some(result);
        }
        row.state = OutboxState::Failed;
        commit.writes.push(Write::OutboxUpdate(Box::new(row)));
    }
    Ok(())
}

fn without_workspace(session: &mut Session, commit: &mut Commit, now: Timestamp) {
    if session.workspace_removed_at.is_none() {
        session.workspace_removed_at = Some(now);
        commit.events.push(EventBody::Step {
            step: REMOVE_WORKSPACE.to_owned(),
            state: StepState::Finished,
            detail: Some(NO_WORKSPACE.to_owned()),
            duration_ms: None,
        });
    }
}

fn finish(
    session: &mut Session,
    commit: &mut Commit,
    (step, status, reason): (Move, Status, Option<String>),
    now: Timestamp,
) -> Result<(), PortError> {
    if session.status.after(step) != Some(status) {
        return Err(PortError::permanent(format!(
            "session {} cannot end from {}",
            session.id, session.status
        )));
    }
    session.status = status;
    session.finished_at = Some(now);
    session.updated_at = now;
    commit.events.push(EventBody::Status { status, reason });
    commit.events.push(EventBody::Done { status });
    Ok(())
}

async fn write(store: &dyn Store, session: Session, mut commit: Commit) -> Result<(), PortError> {
    commit.writes.push(Write::Session(Box::new(session)));
    store.commit(commit).await.map(drop)
}
