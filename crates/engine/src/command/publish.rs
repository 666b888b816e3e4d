//! Publishing: decided here as a row of the outbox, performed by its reconciler, awaited by whoever asked.

use crate::engine::Engine;
use crate::error::{EngineError, Fault};
use crate::outbox::{Effect, Failure, PUBLISH};
use crate::publish_decision;
use crate::publishing::{PublishOrder, PublishResult};
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
        self.check_publishable_now(&session).await?;
        let order = order(&session, request)?;
        let (effect, fresh) = self.decide_effect(&session, &order).await?;
        let mut news = self.subscribe(&session.id);
        let published = loop {
            match self.performed(&session, &effect.key).await? {
                Performed::Yes(published) => break published,
                Performed::NotYet(None) => news.changed().await,
                Performed::NotYet(Some(waits)) => {
                    return Err(EngineError::new(Fault::Unavailable, "publish_waits", waits)
                        .hint(format!("it goes on by itself; look how far it is: telecoder status {id}")));
                }
            }
        };
        // An order that was there before opened its pull request before.
        let notes = if fresh { published.notes } else { Vec::new() };
        Ok(Published { created: published.created && fresh, notes, ..published })
    }

    /// Finds the order's row in the outbox, or writes a new one; says which.
    pub(crate) async fn decide_effect(
        &self,
        session: &Session,
        order: &PublishOrder,
    ) -> Result<(Effect, bool), EngineError> {
        let (effect, fresh) = self.effect(session, order).await?;
        if fresh {
            let now = self.now();
            let mut commit = Commit::new(session.id.clone(), now);
            // Whoever was asked about it need not answer any more.
            commit.writes = publish_decision::outdated(self, session).await?;
            commit.writes.push(Write::Outbox(Box::new(effect.row(session, PUBLISH, now))));
            if session.status == Status::Waiting {
                // It waited for a person's word about this; nothing is left to wait for.
                commit.writes.push(Write::Enqueue { not_before: now });
            }
            self.ports().store.commit(commit).await?;
            self.ports().bus.wake(&Topic::Outbox);
            self.ports().bus.wake(&Topic::Jobs);
        }
        Ok((effect, fresh))
    }

    /// The row of an order, for the transaction that decides it; writing it again does nothing.
    pub(crate) async fn order_row(
        &self,
        session: &Session,
        order: &PublishOrder,
    ) -> Result<OutboxRow, EngineError> {
        let (effect, _) = self.effect(session, order).await?;
        Ok(effect.row(session, PUBLISH, self.now()))
    }

    /// The newest row of an order, however it stands.
    pub(crate) async fn ordered(
        &self,
        session: &Session,
        order: &PublishOrder,
    ) -> Result<Option<Effect>, EngineError> {
        let mut newest = None;
        for number in 0..MAX_ORDERS {
            let effect = Effect::publish(session, order, number)?;
            if self.ports().store.outbox(&effect.key).await?.is_none() {
                break;
            }
            newest = Some(effect);
        }
        Ok(newest)
    }

    /// The effect that an order is; the flag says whether it is not in the outbox yet.
    async fn effect(&self, session: &Session, order: &PublishOrder) -> Result<(Effect, bool), EngineError> {
        for number in 0..MAX_ORDERS {
            let effect = Effect::publish(session, order, number)?;
            match self.ports().store.outbox(&effect.key).await? {
                Some(row) if row.state == OutboxState::Failed => {}
                // The base may have moved since.
                Some(row) if row.state == OutboxState::Done && order.rebase => {}
                // What it opened is closed by now: the same order again opens another.
                Some(row) if row.state == OutboxState::Done && !self.still_open(session, &row).await? => {}
                Some(_) => return Ok((effect, false)),
                None => return Ok((effect, true)),
            }
        }
        Err(EngineError::conflict(
            "publish_failed_often",
            "publishing this change has failed or been undone too often",
        ))
    }

    /// Whether what an order opened is the session's pull request, and open. The session is read after the row that was
    /// written with it: the caller's may be older.
    async fn still_open(&self, session: &Session, row: &OutboxRow) -> Result<bool, EngineError> {
        let opened = row.result.as_ref().and_then(|result| result.get("number")?.as_u64());
        let session = self.ports().store.session(&session.id).await?.map(|found| found.value);
        let pull = session.and_then(|session| session.pull);
        Ok(pull.is_some_and(|pull| Some(pull.number) == opened && pull.state.is_open()))
    }

    /// Refuses to publish while the agent works, and what is merged already.
    pub(crate) async fn check_publishable_now(&self, session: &Session) -> Result<(), EngineError> {
        let rests = match session.status {
            Status::Complete | Status::Error | Status::Stopped | Status::Idle => true,
            // It waits for a word about this very thing.
            Status::Waiting => publish_decision::is_asked(self, session).await?,
            Status::Pending | Status::Preparing | Status::Running | Status::Hibernated => false,
        };
        if !rests {
            return Err(EngineError::conflict(
                "session_active",
                format!("session `{}` is {}", session.id, session.status),
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
        Ok(())
    }

    /// Looks whether the reconciler has performed an order.
    pub(crate) async fn performed(&self, session: &Session, key: &str) -> Result<Performed, EngineError> {
        let internal = |what| EngineError::new(Fault::Internal, "internal", what);
        let Some(row) = self.ports().store.outbox(key).await? else {
            return Err(internal("the order to publish has vanished"));
        };
        let result = row.result.unwrap_or_default();
        match row.state {
            OutboxState::Pending => {
                let waits = result.get("waits").and_then(serde_json::Value::as_str);
                Ok(Performed::NotYet(waits.map(str::to_owned)))
            }
            OutboxState::Done => serde_json::from_value::<PublishResult>(result)
                .map(|done| Performed::Yes(done.published(session)))
                .map_err(|_| internal("the result of publishing is unreadable")),
            OutboxState::Failed => {
                let failure: Failure = serde_json::from_value(result).unwrap_or_default();
                let mut error = EngineError::new(failure.fault(), "publish_failed", failure.message);
                error.hint = failure.hint;
                Err(error)
            }
        }
    }
}

/// How far an order is.
pub(crate) enum Performed {
    /// It is done.
    Yes(Published),
    /// It is under way; with what it waits for, if the forge asked to wait.
    NotYet(Option<String>),
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
    if let (Some(followed), Some(base)) = (&session.followed, &request.base)
        && followed.base != *base
    {
        return Err(EngineError::invalid(
            "base_is_given",
            format!("pull request #{} is for `{}`", followed.number, followed.base),
        )
        .hint("leave `base` out, or change it on the forge"));
    }
    let base_named = request.base.is_some();
    let base = request.base.or_else(|| base_branch(session));
    // A forge knows its default branch.
    if base.is_none() && session.pull_repository().is_none_or(|home| home.local_path().is_some()) {
        return Err(EngineError::invalid("base_needed", "it is not known which branch the change is for")
            .hint(format!("name it: telecoder publish {} --base BRANCH", session.id)));
    }
    if base.as_ref() == Some(&session.branch) {
        return Err(EngineError::invalid("base_is_head", "the base is the session's own branch"));
    }
    let given = request.title.as_deref().or(session.followed.as_ref().map(|pull| pull.title.as_str()));
    let title = match given.map(str::trim).filter(|title| !title.is_empty()) {
        Some(title) => telecoder_model::text::title(title),
        None => session.display_title(),
    };
    let title_named = request.title.is_some();
    let PublishRequest { body, draft, rebase, .. } = request;
    Ok(PublishOrder { head, base, base_named, title, title_named, body, draft, rebase, automatic: false })
}

/// Where the change goes if nobody says otherwise: where it went before.
fn base_branch(session: &Session) -> Option<BranchName> {
    if let Some(followed) = &session.followed {
        return Some(followed.base.clone());
    }
    let open = session.pull.as_ref().filter(|pull| pull.state.is_open());
    if let Some(base) = open.and_then(|pull| pull.base.clone()) {
        return Some(base);
    }
    match session.base.as_ref()? {
        Revision::Name(name) => Some(name.clone()),
        Revision::Commit(_) => None,
    }
}
