//! Step: publishing by itself, where the task says so, or asking a person whether to. The outbox performs it.

use super::Step;
use crate::command::publish::{Performed, order};
use crate::error::EngineError;
use crate::publish_decision;
use crate::publishing::PublishOrder;
use crate::request::PublishRequest;
use crate::worker::desk::Change;
use crate::worker::failure::WorkError;
use crate::worker::work::Work;
use async_trait::async_trait;
use telecoder_model::event::EventBody;
use telecoder_model::policy::{PublishRule, ToolKind};
use telecoder_model::port::store::Write;
use telecoder_model::session::FailureKind;

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
        let order = order(&work.desk.session, PublishRequest::default()).map_err(failed)?;
        match work.desk.session.publish {
            PublishRule::Manual => Ok(()),
            PublishRule::Ask => ask(work, &order).await,
            PublishRule::Auto => publish(work, PublishOrder { automatic: true, ..order }).await,
        }
    }
}

/// Orders it and waits until that is performed; a stop ends the waiting.
async fn publish(work: &mut Work, order: PublishOrder) -> Result<(), WorkError> {
    let engine = work.desk.engine.clone();
    let mut news = engine.subscribe(&work.desk.session.id);
    let (effect, _) = engine.decide_effect(&work.desk.session, &order).await.map_err(failed)?;
    loop {
        let performed = engine.performed(&work.desk.session, &effect.key).await.map_err(failed)?;
        work.desk.refresh().await?;
        match performed {
            Performed::Yes(_) => return Ok(()),
            Performed::NotYet(_) => news.changed().await,
        }
    }
}

/// Leaves it to a person: a decision that any surface answers. The session's work ends meanwhile.
async fn ask(work: &mut Work, order: &PublishOrder) -> Result<(), WorkError> {
    if work.desk.run.publish_asked.as_ref() == Some(&order.head) {
        return Ok(());
    }
    let decision = publish_decision::new(&work.desk.engine, &work.desk.session, order)
        .map_err(|error| WorkError::port(FailureKind::Internal, &error))?;
    let mut change = Change::events(vec![EventBody::Permission {
        decision: decision.id.clone(),
        title: decision.title.clone(),
        kind: ToolKind::Other,
        options: Vec::new(),
        state: "asked".to_owned(),
        by: None,
    }]);
    let outdated = publish_decision::outdated(&work.desk.engine, &work.desk.session).await;
    change.writes.extend(outdated.map_err(WorkError::Store)?);
    let expiry = publish_decision::expiry(&work.desk.engine, &decision);
    change.writes.push(Write::Outbox(Box::new(expiry)));
    change.writes.push(Write::NewDecision(Box::new(decision)));
    work.desk.run.publish_asked = Some(order.head.clone());
    work.desk.commit(change).await
}

fn failed(error: EngineError) -> WorkError {
    let failed = WorkError::failed(FailureKind::ForgeError, format!("publishing failed: {}", error.message));
    match error.hint {
        Some(hint) => failed.hint(hint),
        None => failed,
    }
}
