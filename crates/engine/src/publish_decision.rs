//! Whether a change may leave, as a decision of a person (layer 1). It names the commit that it is about: an answer to an
//! earlier one counts for nothing.

use crate::engine::Engine;
use crate::publishing::PublishOrder;
use telecoder_model::decision::{Decision, DecisionState};
use telecoder_model::event::EventBody;
use telecoder_model::policy::ToolKind;
use telecoder_model::port::bus::Topic;
use telecoder_model::port::store::{Commit, OutboxRow, OutboxState, Write};
use telecoder_model::refs::ObjectId;
use telecoder_model::session::Session;
use telecoder_model::{ErrorClass, PortError};

/// The kind of effect that ends a decision which nobody has made.
pub(crate) const EXPIRE: &str = "expire";
/// What the request of such a decision begins with; agents' requests are JSON.
const PREFIX: &str = "publish:";

/// Asks whether an order may be performed.
pub(crate) fn new(engine: &Engine, session: &Session, order: &PublishOrder) -> Result<Decision, PortError> {
    let id = format!("d-{}", engine.ports().ids.word(12))
        .parse()
        .map_err(|_| PortError::permanent("the ids port gave no usable name"))?;
    let place = session.pull_repository().map(ToString::to_string).unwrap_or_default();
    let title = match &session.followed {
        Some(pull) => format!("Publish to pull request #{} of {place}: {}", pull.number, order.title),
        None => {
            let base = order.base.as_ref().map_or("default branch", |base| base.as_str());
            format!("Publish to {place} ({base}): {}", order.title)
        }
    };
    Ok(Decision {
        id,
        session: session.id.clone(),
        tenant: session.tenant.clone(),
        owner: session.owner.clone(),
        title,
        kind: ToolKind::Other,
        options: Vec::new(),
        subject: None,
        request: format!("{PREFIX}{}", order.head),
        state: DecisionState::Pending,
        answered_by: None,
        note: None,
        created_at: engine.now(),
        answered_at: None,
    })
}

/// The commit that a decision lets out, if it is such a decision.
pub(crate) fn commit_of(decision: &Decision) -> Option<ObjectId> {
    decision.request.strip_prefix(PREFIX)?.parse().ok()
}

/// Cancels what was asked about earlier commits of a session, or about one that was published in another way.
pub(crate) async fn outdated(engine: &Engine, session: &Session) -> Result<Vec<Write>, PortError> {
    let pending = engine.ports().store.pending_decisions(&session.tenant, None, Some(&session.id)).await?;
    let now = engine.now();
    let cancel = |decision| Decision { state: DecisionState::Cancelled, answered_at: Some(now), ..decision };
    Ok(pending
        .into_iter()
        .filter(|decision| commit_of(decision).is_some())
        .map(|decision| Write::Decision(Box::new(cancel(decision))))
        .collect())
}

/// Whether a person is asked about the commit that a session holds now.
pub(crate) async fn is_asked(engine: &Engine, session: &Session) -> Result<bool, PortError> {
    let pending = engine.ports().store.pending_decisions(&session.tenant, None, Some(&session.id)).await?;
    Ok(pending.iter().any(|decision| session.head.is_some() && commit_of(decision) == session.head))
}

/// The row that ends a decision which nobody has made in time.
pub(crate) fn expiry(engine: &Engine, decision: &Decision) -> OutboxRow {
    OutboxRow {
        key: format!("{EXPIRE}:{}", decision.id),
        session: decision.session.clone(),
        kind: EXPIRE.to_owned(),
        payload: serde_json::Value::String(decision.id.to_string()),
        state: OutboxState::Pending,
        tries: 0,
        not_before: decision.created_at.plus(engine.options().publish_patience),
        result: None,
    }
}

/// Ends a decision whose time is over; the change stays unpublished until somebody publishes it by hand.
pub(crate) async fn expire(engine: &Engine, mut row: OutboxRow) -> Result<(), PortError> {
    row.state = OutboxState::Done;
    let id = row.payload.as_str().and_then(|id| id.parse().ok());
    let found = match id {
        Some(id) => engine.ports().store.decision(&id).await?,
        None => None,
    };
    let now = engine.now();
    let mut commit = Commit::new(row.session.clone(), now);
    if let Some(mut decision) = found.filter(|decision| decision.state == DecisionState::Pending) {
        commit.events.push(EventBody::Permission {
            decision: decision.id.clone(),
            title: decision.title.clone(),
            kind: decision.kind,
            options: Vec::new(),
            state: "cancelled".to_owned(),
            by: Some("expiry".to_owned()),
        });
        (decision.state, decision.answered_at) = (DecisionState::Cancelled, Some(now));
        commit.writes.push(Write::Decision(Box::new(decision)));
        // Who waited for it ends.
        commit.writes.push(Write::Enqueue { not_before: now });
    }
    commit.writes.push(Write::OutboxUpdate(Box::new(row)));
    match engine.ports().store.commit(commit).await {
        Ok(_) => {
            engine.ports().bus.wake(&Topic::Jobs);
            Ok(())
        }
        // Somebody has answered in this moment; the next look finds that.
        Err(error) if error.class == ErrorClass::Conflict => Ok(()),
        Err(error) => Err(error),
    }
}
