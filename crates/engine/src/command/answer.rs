//! Decisions that wait for a person: the first answer wins.

use crate::command::publish::order;
use crate::command::read::allow;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::publish_decision;
use crate::request::{Answer, PublishRequest, Risk};
use telecoder_model::ErrorClass;
use telecoder_model::decision::{Decision, DecisionState};
use telecoder_model::event::EventBody;
use telecoder_model::id::DecisionId;
use telecoder_model::policy::ToolKind;
use telecoder_model::port::bus::Topic;
use telecoder_model::port::store::{Commit, OutboxRow, Write};
use telecoder_model::principal::{Principal, Scope};
use telecoder_model::session::{Move, Session, Status};

/// The longest note that goes with an answer, in characters.
const MAX_NOTE: usize = 2000;
/// How often an answer is tried while others write to the session.
const MAX_TRIES: u32 = 20;

impl Engine {
    /// All decisions that wait for the principal, oldest first.
    pub async fn decisions(&self, who: &Principal) -> Result<Vec<Decision>, EngineError> {
        allow(who, Scope::Read)?;
        Ok(self.ports().store.pending_decisions(&who.tenant, Some(&who.user), None).await?)
    }

    /// The same with their sessions.
    pub async fn asked(&self, who: &Principal) -> Result<Vec<(Decision, Session)>, EngineError> {
        let mut waiting = Vec::new();
        for decision in self.decisions(who).await? {
            if let Some(session) = self.ports().store.session(&decision.session).await? {
                waiting.push((decision, session.value));
            }
        }
        Ok(waiting)
    }

    /// Answers a decision; 409 where somebody has answered before.
    pub async fn answer(
        &self,
        who: &Principal,
        id: &DecisionId,
        answer: Answer,
        note: Option<String>,
    ) -> Result<Decision, EngineError> {
        allow(who, Scope::Run)?;
        let note = note
            .map(|text| telecoder_model::text::cut(text.trim(), MAX_NOTE))
            .filter(|text| !text.is_empty());
        for _ in 0..MAX_TRIES {
            let found = self.ports().store.decision(id).await?;
            let Some(decision) = found.filter(|d| d.tenant == who.tenant && d.owner == who.user) else {
                return Err(EngineError::not_found(
                    "approval_not_found",
                    format!("there is no approval `{id}`"),
                )
                .hint("`telecoder approvals` shows what waits"));
            };
            if decision.state != DecisionState::Pending {
                return Err(answered());
            }
            let decision = self.answered(who, decision, answer, note.clone());
            match self.record_answer(who, &decision, answer).await? {
                // Somebody has written to the session, or answered: the next look tells.
                None => {}
                Some(()) => return Ok(decision),
            }
        }
        Err(answered())
    }

    fn answered(
        &self,
        who: &Principal,
        decision: Decision,
        answer: Answer,
        note: Option<String>,
    ) -> Decision {
        let state = match answer {
            Answer::Approve => DecisionState::Approved,
            Answer::Deny => DecisionState::Denied,
        };
        let (by, at) = (Some(who.user.clone()), Some(self.now()));
        Decision { state, answered_by: by, answered_at: at, note, ..decision }
    }

    /// Writes an answer with all that follows from it; `None` where somebody was faster.
    async fn record_answer(
        &self,
        who: &Principal,
        decision: &Decision,
        answer: Answer,
    ) -> Result<Option<()>, EngineError> {
        let (word, reason, scope) = match answer {
            Answer::Approve => ("allowed", "it may be published", Scope::Publish),
            Answer::Deny => ("denied", "it is not published", Scope::Run),
        };
        let now = self.now();
        let mut commit = Commit::new(decision.session.clone(), now);
        commit.events.push(EventBody::Permission {
            decision: decision.id.clone(),
            title: decision.title.clone(),
            kind: decision.kind,
            options: Vec::new(),
            state: word.to_owned(),
            by: Some(who.user.to_string()),
        });
        commit.writes.push(Write::Decision(Box::new(decision.clone())));
        if publish_decision::commit_of(decision).is_some() {
            let found = self.owned(who, &decision.session, scope).await?;
            let mut session = found.value;
            if let Answer::Approve = answer {
                let order = self.let_out(&session, decision).await?;
                commit.writes.push(Write::Outbox(Box::new(order)));
            }
            // Nothing but this answer was waited for: a worker ends what is left.
            if session.status == Status::Waiting
                && let Some(status) = session.status.after(Move::Answer)
            {
                commit.expect = Some(found.version);
                commit.events.push(EventBody::Status { status, reason: Some(reason.to_owned()) });
                (session.status, session.updated_at) = (status, now);
                commit.writes.push(Write::Session(Box::new(session)));
            }
        }
        commit.writes.push(Write::Enqueue { not_before: now });
        match self.ports().store.commit(commit).await {
            Ok(_) => {}
            Err(error) if error.class == ErrorClass::Conflict => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        self.ports().bus.wake(&Topic::Session(decision.session.clone()));
        self.ports().bus.wake(&Topic::Jobs);
        self.ports().bus.wake(&Topic::Outbox);
        self.ports().bus.wake(&Topic::Everything);
        Ok(Some(()))
    }

    /// The order that follows from allowing a publishing.
    async fn let_out(&self, session: &Session, decision: &Decision) -> Result<OutboxRow, EngineError> {
        let order = order(session, PublishRequest::default())?;
        if Some(&order.head) == publish_decision::commit_of(decision).as_ref() {
            return self.order_row(session, &order).await;
        }
        Err(EngineError::conflict("approval_outdated", "the session has changed since this was asked")
            .hint(format!("publish what it holds now: telecoder publish {}", session.id)))
    }
}

/// How much harm a yes to a decision can do.
pub fn risk(decision: &Decision) -> Risk {
    if publish_decision::commit_of(decision).is_some() {
        return Risk::RepositoryWrite;
    }
    match decision.kind {
        ToolKind::Read | ToolKind::Search | ToolKind::Think => Risk::Read,
        ToolKind::Edit | ToolKind::Delete | ToolKind::Move | ToolKind::Execute | ToolKind::SwitchMode => {
            Risk::ContainedWrite
        }
        ToolKind::Fetch | ToolKind::Other => Risk::High,
    }
}

/// Why a person is asked, in a sentence.
pub fn reason(decision: &Decision, session: &Session) -> String {
    if publish_decision::commit_of(decision).is_some() {
        return "This session publishes only after a person approved.".to_owned();
    }
    format!("The policy `{}` leaves this to a person.", session.policy.name)
}

fn answered() -> EngineError {
    EngineError::conflict("approval_answered", "this approval was answered before, or is no longer needed")
}
