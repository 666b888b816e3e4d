//! How a publish order is performed (layer 1): a look ahead, then push, then the pull request; and the record of it.
//! Every call of a forge looks before it acts, so that the whole may be repeated.

use crate::engine::Engine;
use crate::following;
use crate::look_ahead::{self, Prospect};
use crate::outbox::{self, Effect};
use crate::pull_body;
use crate::request::Published;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use telecoder_model::event::EventBody;
use telecoder_model::fail_point;
use telecoder_model::port::forge::{Attempt, Comment, Forge, ForgePull, Keeps, PullRequest, PushTarget};
use telecoder_model::port::store::{Commit, OutboxRow, OutboxState, Versioned, Write};
use telecoder_model::pull::PullNews;
use telecoder_model::refs::{BranchName, ObjectId};
use telecoder_model::repository::Repository;
use telecoder_model::session::{FailureKind, FollowedPull, Move, ResultKind, Session, SessionPull, Status};
use telecoder_model::{ErrorClass, PortError};

/// The step's name in events.
pub(crate) const NAME: &str = "publish";

/// What is to be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PublishOrder {
    pub(crate) head: ObjectId,
    /// `None`: the repository's default branch, since the work began at no branch.
    pub(crate) base: Option<BranchName>,
    /// Whether a person named the base: then no other one will do.
    #[serde(default)]
    pub(crate) base_named: bool,
    pub(crate) title: String,
    /// Whether a person gave the title: else that of an open pull request stays.
    #[serde(default)]
    pub(crate) title_named: bool,
    pub(crate) body: Option<String>,
    /// `None`: a draft stays one, and a new one is ready.
    pub(crate) draft: Option<bool>,
    /// Whether it is brought up to date with its base before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) rebase: bool,
    /// Whether no person asked for it at that moment: then a stop of the session ends it.
    #[serde(default)]
    pub(crate) automatic: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PublishResult {
    number: u64,
    url: String,
    title: String,
    created: bool,
    /// What a person should know about it.
    #[serde(default)]
    notes: Vec<String>,
}

impl PublishResult {
    pub(crate) fn published(self, session: &Session) -> Published {
        Published {
            session: session.id.clone(),
            branch: session.branch.clone(),
            title: self.title,
            number: self.number,
            url: self.url,
            created: self.created,
            notes: self.notes,
        }
    }
}

/// What was performed.
pub(crate) struct Performed {
    order: PublishOrder,
    /// The commit that was pushed.
    commit: ObjectId,
    base: BranchName,
    notes: Vec<String>,
    pull: ForgePull,
}

/// Performs an order.
pub(crate) async fn perform(engine: &Engine, row: &mut OutboxRow) -> Result<Performed, PortError> {
    let order: PublishOrder = serde_json::from_value(row.payload.clone())
        .map_err(|error| PortError::permanent("the order to publish is unreadable").because(error))?;
    let session = outbox::read(engine, &row.session).await?.value;
    if order.automatic && session.status == Status::Stopped {
        return Err(PortError::permanent("the session was stopped before its change was published")
            .remedy(format!("publish it by hand: telecoder publish {}", session.id)));
    }
    let Some(repository) = session.pull_repository().cloned() else {
        return Err(PortError::permanent("the session has no repository"));
    };
    let Some(forge) = engine.ports().forges.iter().find(|forge| forge.serves(&repository)).cloned() else {
        return Err(PortError::permanent(format!("no forge is configured for `{repository}`")));
    };
    let prospect = look_ahead::look(engine, row, &session, &forge, &repository, &order).await?;
    let Some(base) = prospect.base.clone().or_else(|| order.base.clone()) else {
        return Err(PortError::permanent(format!("{repository} has no default branch"))
            .remedy(format!("name the base: telecoder publish {} --base BRANCH", session.id)));
    };
    let commit = prospect.commit.clone().unwrap_or_else(|| order.head.clone());
    let place = Place { engine, session: &session, forge: &forge, repository: &repository };
    let pull = match &session.followed {
        Some(followed) => place.update(followed, &order, &commit, outbox::attempt(row)).await?,
        None => place.open(&order, &base, &commit, &prospect).await?,
    };
    Ok(Performed { order, commit, base, notes: prospect.told, pull })
}

/// Where a session's change goes.
struct Place<'a> {
    engine: &'a Engine,
    session: &'a Session,
    forge: &'a Arc<dyn Forge>,
    repository: &'a Repository,
}

impl Place<'_> {
    /// Pushes the session's own branch and opens its pull request, or brings it up to date.
    async fn open(
        &self,
        order: &PublishOrder,
        base: &BranchName,
        commit: &ObjectId,
        prospect: &Prospect,
    ) -> Result<ForgePull, PortError> {
        let Self { engine, session, forge, repository } = *self;
        let body = match order.body.clone() {
            Some(body) => pull_body::with_marker(&body, session),
            None => {
                let steps = crate::steps::taken(engine, &session.id).await?;
                let parts = pull_body::Parts {
                    steps,
                    conflicts: prospect.conflicts.clone(),
                    conflicting: prospect.conflicting,
                };
                pull_body::compose(session, engine.public_url(), &parts)
            }
        };
        let target = PushTarget::own(repository, &session.branch);
        forge.push(&session.id, &target, commit).await?;
        fail_point::reach("publish.open.before");
        let pull = forge
            .open(&PullRequest {
                session: session.id.clone(),
                tenant: session.tenant.clone(),
                owner: session.owner.clone(),
                repository: repository.clone(),
                base: base.clone(),
                head: session.branch.clone(),
                commit: commit.clone(),
                title: order.title.clone(),
                body,
                draft: order.draft.unwrap_or(false),
                keeps: Keeps {
                    title: !order.title_named,
                    base: !order.base_named,
                    body: order.body.is_none() && session.pull.as_ref().is_some_and(|pull| pull.body_given),
                    draft: order.draft.is_none(),
                },
                labels: Vec::new(),
                reviewers: Vec::new(),
            })
            .await?;
        fail_point::reach("publish.open.after");
        Ok(pull)
    }

    /// Pushes to the head of a pull request that the session was asked to work on, and says so below it. Its title and text
    /// stay its author's.
    async fn update(
        &self,
        followed: &FollowedPull,
        order: &PublishOrder,
        commit: &ObjectId,
        attempt: Attempt,
    ) -> Result<ForgePull, PortError> {
        let Self { engine, session, forge, repository } = *self;
        let number = followed.number;
        let gone = || PortError::not_found(format!("pull request #{number} of {repository} is gone"));
        let before = forge.pull(repository, number).await?.ok_or_else(gone)?;
        if !before.state.is_open() {
            return Err(PortError::conflict(format!(
                "pull request #{number} of {repository} is {} by now",
                before.state.as_str()
            ))
            .remedy("reopen it, or take the change from here: telecoder apply"));
        }
        let seen = session.pull.as_ref().map_or(&followed.commit, SessionPull::over_there);
        let target = PushTarget {
            repository: repository.clone(),
            branch: session.branch.clone(),
            followed: Some(seen.clone()),
        };
        forge.push(&session.id, &target, commit).await?;
        if repository.local_path().is_none() {
            let key = format!("publish:{}:{}", session.id, commit.short());
            let body = match &order.body {
                Some(body) => pull_body::with_marker(body, session),
                None => pull_body::comment(session, engine.public_url()),
            };
            fail_point::reach("publish.comment.before");
            forge.comment(repository, number, Comment { key: &key, body: &body, attempt }).await?;
            fail_point::reach("publish.comment.after");
        }
        forge.pull(repository, number).await?.ok_or_else(gone)
    }
}

/// Writes session, events and row in one transaction, against other writers of the session; what follows the pull request
/// begins with it.
pub(crate) async fn record(engine: &Engine, row: OutboxRow, done: Performed) -> Result<(), PortError> {
    let Performed { order, commit: pushed, base, notes, pull } = done;
    let base = pull.base.clone().unwrap_or(base);
    let mut result = PublishResult {
        number: pull.number,
        url: link(engine, &pull.url),
        title: pull.title.clone(),
        // What the session knows decides, not this call: an earlier one may have opened it and died.
        created: false,
        notes,
    };
    let row_key = row.key.clone();
    loop {
        let Versioned { value: mut session, version, .. } = outbox::read(engine, &row.session).await?;
        let now = engine.now();
        let known = session.pull.take().filter(|known| known.number == pull.number);
        result.created = known.is_none() && session.followed.is_none();
        session.result = ResultKind::Pr;
        session.updated_at = now;
        // Checks were of the commit before.
        let (body_given, news) = known.map(|known| (known.body_given, known.news)).unwrap_or_default();
        session.pull = Some(SessionPull {
            number: pull.number,
            url: result.url.clone(),
            state: pull.state,
            head: order.head.clone(),
            pushed: (pushed != order.head).then(|| pushed.clone()),
            base: Some(base.clone()),
            order: Some(row.key.clone()),
            body_given: order.body.is_some() || body_given,
            news: PullNews { checks: Vec::new(), ..news },
        });
        let mended = mended(&mut session);
        let mut row = row.clone();
        row.state = OutboxState::Done;
        row.result = serde_json::to_value(&result).ok();
        let mut commit = Commit::new(session.id.clone(), now);
        commit.expect = Some(version);
        let clean = |event| crate::worker::redact::whole(&engine.options().secrets, event);
        commit.events = told(&session, &pushed, &result).into_iter().chain(mended).map(clean).collect();
        commit.writes.extend(follower(engine, &session, &row, result.number)?);
        commit.writes.push(Write::Session(Box::new(session)));
        commit.writes.push(Write::OutboxUpdate(Box::new(row)));
        match engine.ports().store.commit(commit).await {
            Ok(_) => return Ok(()),
            // A conflict of the session's version is tried again; one of the row means that it is recorded already.
            Err(error) if error.class == ErrorClass::Conflict => {
                match engine.ports().store.outbox(&row_key).await? {
                    Some(found) if found.state == OutboxState::Pending => {}
                    Some(_) | None => return Ok(()),
                }
            }
            Err(error) => return Err(error),
        }
    }
}

/// A session that failed because its change could not be published has not failed any more; with the events that say so.
fn mended(session: &mut Session) -> Vec<EventBody> {
    let (Some(FailureKind::ForgeError), Some(status)) =
        (session.failure, session.status.after(Move::Publish))
    else {
        return Vec::new();
    };
    session.status = status;
    (session.failure, session.error, session.hint) = (None, None, None);
    let reason = Some("its change is published now".to_owned());
    vec![EventBody::Status { status, reason }, EventBody::Done { status }]
}

fn told(session: &Session, pushed: &ObjectId, result: &PublishResult) -> Vec<EventBody> {
    let push = EventBody::Git {
        action: "push".to_owned(),
        commit: pushed.clone(),
        branch: Some(session.branch.to_string()),
        diff: session.diff,
    };
    let action = if result.created { "opened" } else { "updated" };
    vec![push, EventBody::pull_request(result.number, &result.url, action)]
}

/// The row that follows the pull request; a local one needs none.
fn follower(
    engine: &Engine,
    session: &Session,
    row: &OutboxRow,
    number: u64,
) -> Result<Option<Write>, PortError> {
    if session.pull_repository().is_none_or(|repository| repository.local_path().is_some()) {
        return Ok(None);
    }
    let first = engine.now().plus(engine.options().follow_interval);
    let row = Effect::follow(number, &row.key)?.row(session, following::FOLLOW, first);
    Ok(Some(Write::Outbox(Box::new(row))))
}

/// A forge's link as people can open it: a path gets the server's address in front.
pub(crate) fn link(engine: &Engine, url: &str) -> String {
    if url.starts_with('/') { format!("{}{url}", engine.public_url()) } else { url.to_owned() }
}
