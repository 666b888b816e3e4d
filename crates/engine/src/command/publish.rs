//! Publishing: decided here as a row of the outbox, performed by its reconciler, awaited by whoever asked.

use crate::engine::Engine;
use crate::error::{EngineError, Fault};
use crate::outbox::{Effect, Failure, PUBLISH, PublishOrder};
use crate::request::{PublishRequest, Published};
use telecoder_model::id::SessionId;
use telecoder_model::policy::PublishCeiling;
use telecoder_model::port::bus::Topic;
use telecoder_model::port::store::{Commit, OutboxRow, OutboxState, Write};
use telecoder_model::principal::{Principal, Scope};
use telecoder_model::pull::PullState;
use telecoder_model::refs::{BranchName, Revision};
use telecoder_model::session::{Session, Status};

/// How many equal orders for one change may have failed, or been undone, before it.
const MAX_ORDERS: u32 = 100;

impl Engine {
    /// Commits are there already: pushes the branch and opens the pull request, or brings it up to date.
    pub async fn publish(
        &self,
        who: &Principal,
        id: &SessionId,
        request: PublishRequest,
    ) -> Result<Published, EngineError> {
        let session = self.owned(who, id, Scope::Publish).await?.value;
        if !session.status.has_ended() && session.status != Status::Idle {
            return Err(EngineError::conflict(
                "session_active",
                format!("session `{id}` is {}", session.status),
            )
            .hint("publish it when its turn has ended"));
        }
        if let Some(pull) = session.pull.as_ref().filter(|pull| pull.state == PullState::Merged)
            && session.head.as_ref() == Some(&pull.head)
        {
            return Err(EngineError::conflict(
                "already_merged",
                format!("pull request #{} with this change is merged", pull.number),
            ));
        }
        let order = order(&session, request)?;
        self.publish_order(&session, order).await
    }

    /// Decides an order and waits until it is performed.
    pub(crate) async fn publish_order(
        &self,
        session: &Session,
        order: PublishOrder,
    ) -> Result<Published, EngineError> {
        let (effect, fresh) = self.decide_effect(session, order).await?;
        let published = self.await_publish(session, &effect.key).await?;
        // An order that was there before opened its pull request before.
        Ok(Published { created: published.created && fresh, ..published })
    }

    /// Finds the order's row in the outbox, or writes a new one; says which.
    async fn decide_effect(
        &self,
        session: &Session,
        order: PublishOrder,
    ) -> Result<(Effect, bool), EngineError> {
        for number in 0..MAX_ORDERS {
            let effect = Effect::publish(session, &order, number)?;
            match self.ports().store.outbox(&effect.key).await? {
                Some(row) if row.state == OutboxState::Failed => {}
                // What it opened is closed by now: the same order again opens another.
                Some(row) if row.state == OutboxState::Done && !still_open(session, &row) => {}
                Some(_) => return Ok((effect, false)),
                None => {
                    let now = self.now();
                    let mut commit = Commit::new(session.id.clone(), now);
                    commit.writes.push(Write::Outbox(Box::new(effect.row(session, PUBLISH, now))));
                    self.ports().store.commit(commit).await?;
                    self.ports().bus.wake(&Topic::Outbox);
                    return Ok((effect, true));
                }
            }
        }
        Err(EngineError::conflict(
            "publish_failed_often",
            "publishing this change has failed or been undone too often",
        ))
    }

    /// Waits until the reconciler has performed an order.
    async fn await_publish(&self, session: &Session, key: &str) -> Result<Published, EngineError> {
        let mut news = self.subscribe(&session.id);
        loop {
            let Some(row) = self.ports().store.outbox(key).await? else {
                return Err(EngineError::new(
                    Fault::Internal,
                    "internal",
                    "the order to publish has vanished",
                ));
            };
            let result = row.result.unwrap_or_default();
            match row.state {
                OutboxState::Pending => news.changed().await,
                OutboxState::Done => {
                    return serde_json::from_value::<crate::outbox::PublishResult>(result)
                        .map(|done| done.published(session))
                        .map_err(|_| {
                            EngineError::new(
                                Fault::Internal,
                                "internal",
                                "the result of publishing is unreadable",
                            )
                        });
                }
                OutboxState::Failed => {
                    let failure: Failure = serde_json::from_value(result).unwrap_or_default();
                    let mut error = EngineError::new(failure.fault(), "publish_failed", failure.message);
                    error.hint = failure.hint;
                    return Err(error);
                }
            }
        }
    }
}

/// Whether what an order opened is the session's pull request, and open.
fn still_open(session: &Session, row: &OutboxRow) -> bool {
    let opened = row.result.as_ref().and_then(|result| result.get("number")?.as_u64());
    session.pull.as_ref().is_some_and(|pull| Some(pull.number) == opened && pull.state.is_open())
}

/// What is to be published, or why nothing can be.
pub(crate) fn order(session: &Session, request: PublishRequest) -> Result<PublishOrder, EngineError> {
    if session.policy.publish == PublishCeiling::Never {
        return Err(EngineError::new(
            Fault::Denied,
            "policy_forbids",
            format!("policy `{}` never publishes", session.policy.name),
        )
        .hint("run the task again with another policy: telecoder run --policy standard …"));
    }
    if session.repository.is_none() {
        return Err(EngineError::conflict("no_repository", "the session has no repository to publish to")
            .hint("`telecoder apply` puts its change onto your working tree"));
    }
    let Some(head) = session.head.clone().filter(|head| Some(head) != session.base_commit.as_ref()) else {
        return Err(EngineError::conflict("nothing_to_publish", "the session changed nothing"));
    };
    let base = match request.base.map(Ok).or_else(|| base_branch(session)) {
        Some(base) => base?,
        None => {
            return Err(EngineError::invalid(
                "base_needed",
                "it is not known which branch the change is for",
            )
            .hint("name it: --base BRANCH"));
        }
    };
    if base == session.branch {
        return Err(EngineError::invalid("base_is_head", "the base is the session's own branch"));
    }
    let title = match request.title.as_deref().map(str::trim).filter(|title| !title.is_empty()) {
        Some(title) => telecoder_model::text::title(title),
        None => session.display_title(),
    };
    Ok(PublishOrder { head, base, title, body: request.body, draft: request.draft })
}

fn base_branch(session: &Session) -> Option<Result<BranchName, EngineError>> {
    match session.base.as_ref()? {
        Revision::Name(name) => Some(Ok(name.clone())),
        Revision::Commit(_) => None,
    }
}
