//! The outbox's reconciler (layer 1): performs outside effects that were decided. Idempotent, takes no input; the forge port
//! looks before it acts, so that an effect that was performed and not recorded is found and not repeated.

use crate::engine::Engine;
use crate::error::{EngineError, Fault};
use crate::pull_body;
use crate::request::Published;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::time::Duration;
use telecoder_model::event::EventBody;
use telecoder_model::id::SessionId;
use telecoder_model::port::bus::Topic;
use telecoder_model::port::forge::{ForgePull, PullRequest, PushTarget};
use telecoder_model::port::store::{Commit, OutboxRow, OutboxState, Versioned, Write};
use telecoder_model::refs::{BranchName, ObjectId};
use telecoder_model::session::{ResultKind, Session, SessionPull};
use telecoder_model::time::Timestamp;
use telecoder_model::{ErrorClass, PortError};
use tokio::sync::watch;

/// The kind of effect that publishes a session.
pub(crate) const PUBLISH: &str = "publish";
/// How often an effect is tried before it counts as failed.
const MAX_TRIES: u32 = 8;
/// Rows looked at in one go.
const BATCH: u32 = 50;
/// The reconciler looks by itself at least this often.
const PERIOD: Duration = Duration::from_secs(5);

/// What is to be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PublishOrder {
    pub(crate) head: ObjectId,
    pub(crate) base: BranchName,
    pub(crate) title: String,
    pub(crate) body: Option<String>,
    pub(crate) draft: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PublishResult {
    number: u64,
    url: String,
    title: String,
    created: bool,
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
        }
    }
}

/// Why it failed for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub(crate) struct Failure {
    class: Option<ErrorClass>,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Failure {
    pub(crate) fn fault(&self) -> Fault {
        match self.class {
            Some(ErrorClass::Conflict) => Fault::Conflict,
            Some(ErrorClass::NotFound | ErrorClass::Permanent) => Fault::Unprocessable,
            Some(ErrorClass::Denied) => Fault::Denied,
            Some(ErrorClass::Full | ErrorClass::Transient) => Fault::Unavailable,
            None => Fault::Internal,
        }
    }
}

/// An effect with its deterministic key.
#[derive(Debug, Clone)]
pub(crate) struct Effect {
    pub(crate) key: String,
    payload: serde_json::Value,
}

impl Effect {
    /// Names the publishing of a session's change; `number` counts orders that failed before.
    pub(crate) fn publish(session: &Session, order: &PublishOrder, number: u32) -> Result<Self, EngineError> {
        let payload = serde_json::to_value(order).map_err(|_| {
            EngineError::new(Fault::Internal, "internal", "the order to publish cannot be written")
        })?;
        let mut digest = String::new();
        for byte in Sha256::digest(payload.to_string().as_bytes()).iter().take(8) {
            let _ = write!(digest, "{byte:02x}");
        }
        Ok(Self { key: format!("{PUBLISH}:{}:{digest}:{number}", session.id), payload })
    }
    /// The row that decides it.
    pub(crate) fn row(&self, session: &Session, kind: &str, now: Timestamp) -> OutboxRow {
        OutboxRow {
            key: self.key.clone(),
            session: session.id.clone(),
            kind: kind.to_owned(),
            payload: self.payload.clone(),
            state: OutboxState::Pending,
            tries: 0,
            not_before: now,
            result: None,
        }
    }
}

/// Performs effects until `shutdown` turns true.
pub(crate) async fn run(engine: Engine, mut shutdown: watch::Receiver<bool>) {
    let mut news = engine.ports().bus.subscribe(&Topic::Outbox);
    loop {
        match engine.ports().store.due_outbox(engine.now(), BATCH).await {
            Ok(rows) => {
                for row in rows {
                    perform(&engine, row).await;
                }
            }
            Err(error) => tracing::warn!(error = %error.chain(), "the outbox cannot be read"),
        }
        tokio::select! {
            () = news.changed() => {}
            () = engine.ports().clock.sleep(PERIOD) => {}
            _ = shutdown.wait_for(|down| *down) => return,
        }
    }
}

async fn perform(engine: &Engine, mut row: OutboxRow) {
    let session = row.session.clone();
    row.tries = row.tries.saturating_add(1);
    let done = match row.kind.as_str() {
        PUBLISH => publish(engine, &row).await,
        other => Err(PortError::permanent(format!("this version does not know the effect `{other}`"))),
    };
    let recorded = match done {
        Ok((order, pull)) => record(engine, row, order, pull).await,
        Err(error) if error.class == ErrorClass::Transient && row.tries < MAX_TRIES => {
            tracing::warn!(key = row.key, tries = row.tries, error = %error.chain(), "an outside effect will be tried again");
            let wait = Duration::from_millis(500_u64.saturating_mul(1 << row.tries.min(10)));
            row.not_before = engine.now().plus(wait);
            write(engine, row, Vec::new()).await
        }
        Err(error) => fail(engine, row, &error).await,
    };
    if let Err(error) = recorded {
        tracing::error!(session = %session, error = %error.chain(), "the result of an outside effect could not be recorded");
    }
    engine.ports().bus.wake(&Topic::Session(session));
    engine.ports().bus.wake(&Topic::Everything);
}

async fn publish(engine: &Engine, row: &OutboxRow) -> Result<(PublishOrder, ForgePull), PortError> {
    let order: PublishOrder = serde_json::from_value(row.payload.clone())
        .map_err(|error| PortError::permanent("the order to publish is unreadable").because(error))?;
    let session = read(engine, &row.session).await?.value;
    let Some(repository) = session.repository.clone() else {
        return Err(PortError::permanent("the session has no repository"));
    };
    let Some(forge) = engine.ports().forges.iter().find(|forge| forge.serves(&repository)) else {
        return Err(PortError::permanent(format!("no forge is configured for `{repository}`")));
    };
    let body = match order.body.clone() {
        Some(body) => pull_body::with_marker(&body, &session),
        None => pull_body::compose(&session, engine.public_url()),
    };
    let target = PushTarget::own(&repository, &session.branch);
    forge.push(&session.id, &target, &order.head).await?;
    let pull = forge
        .open(&PullRequest {
            session: session.id.clone(),
            tenant: session.tenant.clone(),
            owner: session.owner.clone(),
            repository,
            base: order.base.clone(),
            head: session.branch.clone(),
            commit: order.head.clone(),
            title: order.title.clone(),
            body,
            draft: order.draft,
            labels: Vec::new(),
            reviewers: Vec::new(),
        })
        .await?;
    Ok((order, pull))
}

/// Writes session, events and row in one transaction, against other writers of the session.
async fn record(
    engine: &Engine,
    row: OutboxRow,
    order: PublishOrder,
    pull: ForgePull,
) -> Result<(), PortError> {
    let mut result = PublishResult {
        number: pull.number,
        url: link(engine, &pull.url),
        title: order.title.clone(),
        // What the session knows decides, not this call: an earlier one may have opened it and died.
        created: false,
    };
    let row_key = row.key.clone();
    loop {
        let Versioned { value: mut session, version, .. } = read(engine, &row.session).await?;
        let now = engine.now();
        result.created = session.pull.as_ref().is_none_or(|known| known.number != pull.number);
        session.result = ResultKind::Pr;
        session.updated_at = now;
        session.pull = Some(SessionPull {
            number: pull.number,
            url: result.url.clone(),
            state: pull.state,
            head: order.head.clone(),
        });
        let mut commit = Commit::new(session.id.clone(), now);
        commit.expect = Some(version);
        commit.events.push(EventBody::Git {
            action: "push".to_owned(),
            commit: order.head.clone(),
            branch: Some(session.branch.to_string()),
            diff: session.diff,
        });
        commit.events.push(EventBody::PullRequest {
            number: pull.number,
            url: result.url.clone(),
            action: if result.created { "opened" } else { "updated" }.to_owned(),
        });
        let mut row = row.clone();
        row.state = OutboxState::Done;
        row.result = serde_json::to_value(&result).ok();
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

async fn fail(engine: &Engine, mut row: OutboxRow, error: &PortError) -> Result<(), PortError> {
    let failure = Failure { class: Some(error.class), message: error.chain(), hint: error.remedy.clone() };
    row.state = OutboxState::Failed;
    row.result = serde_json::to_value(&failure).ok();
    let event = EventBody::Error {
        kind: telecoder_model::session::FailureKind::ForgeError,
        message: failure.message,
        hint: failure.hint,
    };
    write(engine, row, vec![event]).await
}

async fn write(engine: &Engine, row: OutboxRow, events: Vec<EventBody>) -> Result<(), PortError> {
    let mut commit = Commit::new(row.session.clone(), engine.now());
    commit.events = events;
    commit.writes.push(Write::OutboxUpdate(Box::new(row)));
    engine.ports().store.commit(commit).await.map(drop)
}

async fn read(engine: &Engine, id: &SessionId) -> Result<Versioned<Session>, PortError> {
    let found = engine.ports().store.session(id).await?;
    found.ok_or_else(|| PortError::not_found(format!("there is no session `{id}`")))
}

/// A forge's link as people can open it: a path gets the server's address in front.
fn link(engine: &Engine, url: &str) -> String {
    if url.starts_with('/') { format!("{}{url}", engine.public_url()) } else { url.to_owned() }
}
