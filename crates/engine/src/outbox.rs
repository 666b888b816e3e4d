//! The outbox's reconciler (layer 1): performs outside effects that were decided. Idempotent, takes no input; the forge port
//! looks before it acts, so that an effect that was performed and not recorded is found and not repeated.

use crate::engine::Engine;
use crate::error::{EngineError, Fault};
use crate::following::{FOLLOW, Subject};
use crate::publish_decision::{self, EXPIRE};
use crate::publishing::{self, PublishOrder};
use crate::worker::redact;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::time::Duration;
use telecoder_model::event::{EventBody, StepState};
use telecoder_model::id::SessionId;
use telecoder_model::port::bus::Topic;
use telecoder_model::port::forge::Attempt;
use telecoder_model::port::store::{Commit, OutboxRow, OutboxState, Versioned, Write};
use telecoder_model::session::Session;
use telecoder_model::time::Timestamp;
use telecoder_model::{ErrorClass, PortError};
use tokio::sync::watch;

/// The kind of effect that publishes a session.
pub(crate) const PUBLISH: &str = "publish";
/// How often an effect is tried before it counts as failed.
const MAX_TRIES: u32 = 8;
/// How often an effect is put off because the other side asks for it.
const MAX_WAITS: u32 = 100;
/// The longest time that it is put off for at once.
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 60 * 60);
/// Rows looked at in one go. Those of the followers lie among them, so that there are many.
pub(crate) const BATCH: u32 = 1000;
/// The reconciler looks by itself at least this often.
const PERIOD: Duration = Duration::from_secs(5);

/// Why it failed for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub(crate) struct Failure {
    class: Option<ErrorClass>,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(class: ErrorClass, message: String, hint: Option<String>) -> Self {
        Self { class: Some(class), message, hint }
    }
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
        let written = |order: &PublishOrder| {
            serde_json::to_value(order).map_err(|_| {
                EngineError::new(Fault::Internal, "internal", "the order to publish cannot be written")
            })
        };
        let payload = written(order)?;
        // Whoever orders the same orders the same thing.
        let same = written(&PublishOrder { automatic: false, ..order.clone() })?;
        let mut digest = String::new();
        for byte in Sha256::digest(same.to_string().as_bytes()).iter().take(8) {
            let _ = write!(digest, "{byte:02x}");
        }
        Ok(Self { key: format!("{PUBLISH}:{}:{digest}:{number}", session.id), payload })
    }
    /// Names the following of a pull request that an order has published.
    pub(crate) fn follow(number: u64, order: &str) -> Result<Self, PortError> {
        let payload = serde_json::to_value(Subject { number, order: order.to_owned() }).map_err(|error| {
            PortError::permanent("what is to be followed cannot be written").because(error)
        })?;
        Ok(Self { key: format!("{FOLLOW}:{order}"), payload })
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
                for row in rows.into_iter().filter(|row| row.kind != FOLLOW) {
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
    if row.kind == EXPIRE {
        if let Err(error) = publish_decision::expire(engine, row).await {
            tracing::warn!(session = %session, error = %error.chain(), "a decision whose time is over is still open");
        }
        return tell(engine, session);
    }
    // Known before anything is done, so that whoever comes after a crash does not take its try for the first one.
    if let Err(error) = write(engine, row.clone(), Vec::new()).await {
        tracing::warn!(session = %session, error = %error.chain(), "an outside effect cannot be begun");
        return;
    }
    let done = match row.kind.as_str() {
        PUBLISH => publishing::perform(engine, &mut row).await,
        other => Err(PortError::permanent(format!("this version does not know the effect `{other}`"))),
    };
    let recorded = match done {
        Ok(done) => publishing::record(engine, row, done).await,
        Err(error) if is_tried_again(&error, row.tries) => postpone(engine, row, &error).await,
        Err(error) => fail(engine, row, &error).await,
    };
    if let Err(error) = recorded {
        tracing::error!(session = %session, error = %error.chain(), "the result of an outside effect could not be recorded");
    }
    tell(engine, session);
}

/// Whether an effect may have been performed by an earlier try.
pub(crate) fn attempt(row: &OutboxRow) -> Attempt {
    if row.tries > 1 { Attempt::Again } else { Attempt::First }
}

fn tell(engine: &Engine, session: SessionId) {
    engine.ports().bus.wake(&Topic::Session(session));
    engine.ports().bus.wake(&Topic::Everything);
}

fn is_tried_again(error: &PortError, tries: u32) -> bool {
    let most = if error.retry_after.is_some() { MAX_WAITS } else { MAX_TRIES };
    error.class == ErrorClass::Transient && tries < most
}

/// Puts an effect off: as long as the other side asks for, which is told, or a little longer each time.
async fn postpone(engine: &Engine, mut row: OutboxRow, error: &PortError) -> Result<(), PortError> {
    tracing::warn!(key = row.key, tries = row.tries, error = %error.chain(), "an outside effect will be tried again");
    let backoff = Duration::from_millis(500_u64.saturating_mul(1 << row.tries.min(10)));
    let wait = error.retry_after.map_or(backoff, |wait| wait.clamp(Duration::from_secs(1), LONGEST_WAIT));
    row.not_before = engine.now().plus(wait);
    let told = error.retry_after.map(|_| EventBody::Step {
        step: row.kind.clone(),
        state: StepState::Started,
        detail: Some(format!("{}; it is tried again in {} s", error.what, wait.as_secs())),
        duration_ms: None,
    });
    if told.is_some() {
        let mut known = row.result.take().unwrap_or_else(|| serde_json::json!({}));
        if let Some(fields) = known.as_object_mut() {
            fields.insert("waits".to_owned(), serde_json::Value::String(error.what.clone()));
        }
        row.result = Some(known);
    }
    write(engine, row, told.into_iter().collect()).await
}

/// A failure to publish in words.
pub(crate) fn told_failure(message: &str) -> String {
    format!("publishing failed: {message}")
}

async fn fail(engine: &Engine, mut row: OutboxRow, error: &PortError) -> Result<(), PortError> {
    let failure = Failure::new(error.class, error.chain(), error.remedy.clone());
    row.state = OutboxState::Failed;
    row.result = serde_json::to_value(&failure).ok();
    // Told here and nowhere else: a step that waits for it may be stopped in this moment.
    let event = EventBody::Error {
        kind: telecoder_model::session::FailureKind::ForgeError,
        message: told_failure(&failure.message),
        hint: failure.hint,
    };
    write(engine, row, vec![event]).await
}

pub(crate) async fn write(engine: &Engine, row: OutboxRow, events: Vec<EventBody>) -> Result<(), PortError> {
    let mut commit = Commit::new(row.session.clone(), engine.now());
    // A forge's words may hold anything.
    let clean = |event| redact::whole(&engine.options().secrets, event);
    commit.events = events.into_iter().map(clean).collect();
    commit.writes.push(Write::OutboxUpdate(Box::new(row)));
    engine.ports().store.commit(commit).await.map(drop)
}

pub(crate) async fn read(engine: &Engine, id: &SessionId) -> Result<Versioned<Session>, PortError> {
    let found = engine.ports().store.session(id).await?;
    found.ok_or_else(|| PortError::not_found(format!("there is no session `{id}`")))
}
