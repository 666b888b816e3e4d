//! Stopping: bypasses every queue. The state changes at once; the worker that holds the session sees it and ends the tree.

use crate::engine::Engine;
use crate::error::{EngineError, Fault};
use telecoder_model::decision::DecisionState;
use telecoder_model::event::EventBody;
use telecoder_model::id::SessionId;
use telecoder_model::port::bus::Topic;
use telecoder_model::port::store::{Commit, MessageState, Write};
use telecoder_model::principal::{Principal, Scope};
use telecoder_model::session::{Move, Session};

/// How often a change is tried again when another writer was faster.
const MAX_TRIES: u32 = 20;

impl Engine {
    /// Stops a session. A session that has ended stays as it is.
    pub async fn stop(&self, who: &Principal, id: &SessionId) -> Result<Session, EngineError> {
        let session = retry_on_conflict(|| async {
            let versioned = self.owned(who, id, Scope::Run).await?;
            let mut session = versioned.value;
            let Some(status) = session.status.after(Move::Stop) else {
                return Ok(session);
            };
            let now = self.now();
            session.status = status;
            session.updated_at = now;
            session.finished_at = Some(now);
            let mut commit = Commit::new(id.clone(), now);
            commit.expect = Some(versioned.version);
            for mut decision in self.ports().store.pending_decisions(&who.tenant, None, Some(id)).await? {
                decision.state = DecisionState::Cancelled;
                decision.answered_at = Some(now);
                commit.writes.push(Write::Decision(Box::new(decision)));
            }
            for message in self.ports().store.messages(id).await? {
                if message.state == MessageState::Queued {
                    let (number, state) = (message.number, MessageState::Dropped);
                    commit.writes.push(Write::Message { number, state, turn: None });
                }
            }
            commit
                .events
                .push(EventBody::Status { status, reason: Some(format!("stopped by {}", who.user)) });
            commit.events.push(EventBody::Done { status });
            commit.writes.push(Write::Session(Box::new(session.clone())));
            // Whoever holds the job learns it from the session; where nobody does, a worker clears up.
            commit.writes.push(Write::Enqueue { not_before: now });
            self.ports().store.commit(commit).await?;
            Ok(session)
        })
        .await?;
        self.drain().stopped(id);
        self.ports().bus.wake(&Topic::Session(id.clone()));
        self.ports().bus.wake(&Topic::Jobs);
        self.ports().bus.wake(&Topic::Everything);
        Ok(session)
    }
}

/// Repeats a read-change-commit while others are faster.
pub(crate) async fn retry_on_conflict<T, F>(mut change: impl FnMut() -> F) -> Result<T, EngineError>
where
    F: Future<Output = Result<T, EngineError>>,
{
    let mut tries = 0;
    loop {
        match change().await {
            Err(error) if error.fault == Fault::Conflict && error.code == "conflict" && tries < MAX_TRIES => {
                tries += 1
            }
            other => return other,
        }
    }
}
