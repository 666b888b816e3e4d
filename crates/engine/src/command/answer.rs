//! Decisions that wait for a person: the first answer wins.

use crate::command::read::allow;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::request::Answer;
use telecoder_model::ErrorClass;
use telecoder_model::decision::{Decision, DecisionState};
use telecoder_model::event::EventBody;
use telecoder_model::id::DecisionId;
use telecoder_model::port::bus::Topic;
use telecoder_model::port::store::{Commit, Write};
use telecoder_model::principal::{Principal, Scope};

/// The longest note that goes with an answer, in characters.
const MAX_NOTE: usize = 2000;

impl Engine {
    /// All decisions that wait for the principal, oldest first.
    pub async fn decisions(&self, who: &Principal) -> Result<Vec<Decision>, EngineError> {
        allow(who, Scope::Read)?;
        Ok(self.ports().store.pending_decisions(&who.tenant, Some(&who.user), None).await?)
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
        let found = self.ports().store.decision(id).await?;
        let Some(mut decision) = found.filter(|d| d.tenant == who.tenant && d.owner == who.user) else {
            return Err(EngineError::not_found("approval_not_found", format!("there is no approval `{id}`"))
                .hint("`telecoder approvals` shows what waits"));
        };
        if decision.state != DecisionState::Pending {
            return Err(answered());
        }
        let now = self.now();
        let (state, word) = match answer {
            Answer::Approve => (DecisionState::Approved, "allowed"),
            Answer::Deny => (DecisionState::Denied, "denied"),
        };
        decision.state = state;
        decision.answered_by = Some(who.user.clone());
        decision.answered_at = Some(now);
        decision.note = note
            .map(|text| telecoder_model::text::cut(text.trim(), MAX_NOTE))
            .filter(|text| !text.is_empty());
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
        commit.writes.push(Write::Enqueue { not_before: now });
        match self.ports().store.commit(commit).await {
            Ok(_) => {}
            Err(error) if error.class == ErrorClass::Conflict => return Err(answered()),
            Err(error) => return Err(error.into()),
        }
        self.ports().bus.wake(&Topic::Session(decision.session.clone()));
        self.ports().bus.wake(&Topic::Jobs);
        self.ports().bus.wake(&Topic::Everything);
        Ok(decision)
    }
}

fn answered() -> EngineError {
    EngineError::conflict("approval_answered", "this approval was answered before, or is no longer needed")
}
