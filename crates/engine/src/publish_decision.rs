//! Whether a change may leave, as a decision of a person (layer 1). It names the commit that it is about: an answer to an
//! earlier one counts for nothing.

use crate::engine::Engine;
use crate::publishing::PublishOrder;
use telecoder_model::PortError;
use telecoder_model::decision::{Decision, DecisionState};
use telecoder_model::policy::ToolKind;
use telecoder_model::port::store::Write;
use telecoder_model::refs::ObjectId;
use telecoder_model::session::Session;

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
        None => format!("Publish to {place} ({}): {}", order.base, order.title),
    };
    Ok(Decision {
        id,
        session: session.id.clone(),
        tenant: session.tenant.clone(),
        owner: session.owner.clone(),
        title,
        kind: ToolKind::Other,
        options: Vec::new(),
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
