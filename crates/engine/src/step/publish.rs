//! Step: publishing by itself, where the task says so, or asking a person whether to. The outbox performs it. Whoever was
//! asked may answer much later: the session waits without a sandbox, and goes on here when there is an answer.

use super::Step;
use crate::command::publish::{Performed, order};
use crate::error::EngineError;
use crate::outbox::told_failure;
use crate::publish_decision;
use crate::publishing::{NAME, PublishOrder};
use crate::request::PublishRequest;
use crate::worker::desk::Change;
use crate::worker::failure::{Failed, WorkError};
use crate::worker::work::Work;
use async_trait::async_trait;
use telecoder_model::decision::{Decision, DecisionState};
use telecoder_model::event::{EventBody, StepState};
use telecoder_model::policy::{PublishRule, ToolKind};
use telecoder_model::port::store::Write;
use telecoder_model::session::{FailureKind, Mode, Move, Status};

pub(super) struct Publish;

#[async_trait]
impl Step for Publish {
    async fn run(&self, work: &mut Work) -> Result<(), WorkError> {
        let session = &work.desk.session;
        let published = session.pull.as_ref().map(|pull| &pull.head);
        let changed = session.head.is_some() && session.head != session.base_commit;
        let nothing = !changed || published == session.head.as_ref() || session.repository.is_none();
        if session.publish == PublishRule::Manual || nothing || work.has_more().await? {
            return Ok(());
        }
        let order = match order(&work.desk.session, PublishRequest::default()) {
            Err(error) if error.code == "base_needed" => return leave(work, &error).await,
            order => order.map_err(failed)?,
        };
        match work.desk.session.publish {
            PublishRule::Manual => Ok(()),
            PublishRule::Ask => ask(work, &order).await,
            PublishRule::Auto => {
                let order = PublishOrder { automatic: true, ..order };
                let engine = work.desk.engine.clone();
                let (effect, _) = engine.decide_effect(&work.desk.session, &order).await.map_err(failed)?;
                performed(work, &effect.key).await
            }
        }
    }
}

/// Leaves it to a person, who knows for which branch it is: the work has not failed for that.
async fn leave(work: &mut Work, why: &EngineError) -> Result<(), WorkError> {
    if work.desk.run.publish_asked == work.desk.session.head {
        return Ok(());
    }
    work.desk.run.publish_asked.clone_from(&work.desk.session.head);
    let hint = why.hint.as_deref().unwrap_or_default();
    let event = EventBody::Step {
        step: NAME.to_owned(),
        state: StepState::Finished,
        detail: Some(format!("no pull request: {}; {hint}", why.message)),
        duration_ms: None,
    };
    work.desk.commit(Change::events(vec![event])).await
}

/// Waits until an order is performed; a stop ends the waiting.
async fn performed(work: &mut Work, key: &str) -> Result<(), WorkError> {
    let engine = work.desk.engine.clone();
    let mut news = engine.subscribe(&work.desk.session.id);
    loop {
        let performed = engine.performed(&work.desk.session, key).await.map_err(told)?;
        work.desk.refresh().await?;
        match performed {
            Performed::Yes(_) => return Ok(()),
            Performed::NotYet(_) => news.changed().await,
        }
    }
}

/// Leaves it to a person: a decision that any surface answers. A task waits for it.
async fn ask(work: &mut Work, order: &PublishOrder) -> Result<(), WorkError> {
    if work.desk.run.publish_asked.as_ref() == Some(&order.head) {
        return Ok(());
    }
    let decision = publish_decision::new(&work.desk.engine, &work.desk.session, order)
        .map_err(|error| WorkError::port(FailureKind::Internal, &error))?;
    let mut change = Change::events(vec![permission(&decision, "asked", None)]);
    let outdated = publish_decision::outdated(&work.desk.engine, &work.desk.session).await;
    change.writes.extend(outdated.map_err(WorkError::Store)?);
    let expiry = publish_decision::expiry(&work.desk.engine, &decision);
    change.writes.push(Write::Outbox(Box::new(expiry)));
    work.desk.run.publish_asked = Some(order.head.clone());
    work.desk.run.publish_question = (work.desk.session.mode == Mode::Task).then(|| decision.id.clone());
    change.writes.push(Write::NewDecision(Box::new(decision)));
    work.desk.commit(change).await
}

fn permission(decision: &Decision, state: &str, by: Option<&str>) -> EventBody {
    EventBody::Permission {
        decision: decision.id.clone(),
        title: decision.title.clone(),
        kind: ToolKind::Other,
        options: Vec::new(),
        state: state.to_owned(),
        by: by.map(str::to_owned),
    }
}

async fn question(work: &mut Work) -> Result<Option<Decision>, WorkError> {
    let Some(id) = work.desk.run.publish_question.clone() else { return Ok(None) };
    work.desk.engine.ports().store.decision(&id).await.map_err(WorkError::Store)
}

/// Goes on with a session that waited for a person's word: an approved change is published, whatever else was answered ends
/// the work. Without an answer it waits on.
pub(crate) async fn settle(work: &mut Work) -> Result<(), WorkError> {
    match question(work).await?.map(|decision| decision.state) {
        Some(DecisionState::Pending) => return Ok(()),
        Some(DecisionState::Approved) => {
            if work.desk.session.status == Status::Waiting {
                let reason = Some("it may be published".to_owned());
                work.desk.go(Move::Answer, reason, Change::default(), |_| {}).await?;
            }
            let order = order(&work.desk.session, PublishRequest::default()).map_err(failed)?;
            let engine = work.desk.engine.clone();
            // The answer has ordered it; one that has failed meanwhile is not ordered anew.
            let effect = match engine.ordered(&work.desk.session, &order).await.map_err(failed)? {
                Some(effect) => effect,
                None => engine.decide_effect(&work.desk.session, &order).await.map_err(failed)?.0,
            };
            performed(work, &effect.key).await?;
        }
        Some(DecisionState::Denied | DecisionState::Cancelled) | None => {}
    }
    let now = work.desk.engine.now();
    work.desk.run.publish_question = None;
    work.desk
        .end(Move::Complete, Status::Complete, Change::default(), |session| session.finished_at = Some(now))
        .await
}

/// Takes the question back, since there is more to do first: what comes of that is asked about anew.
pub(crate) async fn withdraw(work: &mut Work) -> Result<(), WorkError> {
    let mut change = Change::default();
    if let Some(mut decision) = question(work).await?.filter(|found| found.state == DecisionState::Pending) {
        change.events.push(permission(&decision, "cancelled", Some("message")));
        decision.state = DecisionState::Cancelled;
        decision.answered_at = Some(work.desk.engine.now());
        change.writes.push(Write::Decision(Box::new(decision)));
    }
    work.desk.run.publish_question = None;
    work.desk.run.publish_asked = None;
    let reason = Some("a message came".to_owned());
    work.desk.go(Move::Handover, reason, change, |session| session.finished_at = None).await
}

fn failed(error: EngineError) -> WorkError {
    let failed = WorkError::failed(FailureKind::ForgeError, told_failure(&error.message));
    match error.hint {
        Some(hint) => failed.hint(hint),
        None => failed,
    }
}

/// The failure of an order, which the outbox has told.
fn told(error: EngineError) -> WorkError {
    let (message, told) = (told_failure(&error.message), error.code == "publish_failed");
    WorkError::Failed(Failed { kind: FailureKind::ForgeError, message, hint: error.hint, told })
}
