//! Follows published pull requests (layer 1): their state, checks, reviews and comments come onto their sessions, and each
//! change is told once. Idempotent, takes no input; a row of the outbox for each publishing remembers what was seen and when
//! to look again, so that it survives restarts. Where nothing changes the pauses double.

use crate::engine::Engine;
use crate::outbox::{self, BATCH};
use crate::pull_news::{self, Told};
use crate::worker::redact;
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use telecoder_model::event::EventBody;
use telecoder_model::port::bus::Topic;
use telecoder_model::port::forge::{Forge, PullReport};
use telecoder_model::port::store::{Commit, OutboxRow, OutboxState, Versioned, Write};
use telecoder_model::pull::PullState;
use telecoder_model::session::{FailureKind, Session};
use telecoder_model::time::Timestamp;
use telecoder_model::{ErrorClass, PortError};
use tokio::sync::watch;

/// The kind of effect that follows a pull request.
pub(crate) const FOLLOW: &str = "follow";
/// Pull requests that are looked at side by side.
const AT_ONCE: usize = 4;
/// How long one look may take.
const LOOK: Duration = Duration::from_secs(120);
/// Due rows are looked for at least this often.
const PERIOD: Duration = Duration::from_secs(2);
/// The place in the row of pauses where checks are at work, for which somebody waits.
const BUSY: u32 = 2;
/// One that was closed is looked at so long, rarely, since it may be reopened.
const REOPENED_WITHIN: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// The pauses do not double beyond this.
const MAX_QUIET: u32 = 20;

/// What is followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Subject {
    pub(crate) number: u64,
    /// The order that has published it last, as its session knows it too: an earlier one's follower ends.
    pub(crate) order: String,
}

/// What a follower remembers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
struct Memory {
    /// What the forge gave for the next look.
    seen: Option<String>,
    /// Looks in a row that found nothing new, or failed.
    quiet: u32,
    /// The error that was told last.
    told: Option<String>,
    /// Since when it is seen closed: it may be reopened.
    closed: Option<Timestamp>,
}

impl Memory {
    /// Whether nothing more is to come.
    fn is_over(&self, now: Timestamp) -> bool {
        self.closed.is_some_and(|closed| now.since(closed) >= REOPENED_WITHIN)
    }
}

/// A forge's request to be left alone, until a time.
type Pause = Mutex<Option<Timestamp>>;

/// Follows until `shutdown` turns true.
pub(crate) async fn run(engine: Engine, mut shutdown: watch::Receiver<bool>) {
    let pause = Pause::default();
    let period = PERIOD.min(engine.options().follow_interval);
    loop {
        let due = async {
            match engine.ports().store.due_outbox(engine.now(), BATCH).await {
                Ok(rows) => {
                    let rows = rows.into_iter().filter(|row| row.kind == FOLLOW);
                    futures::stream::iter(rows)
                        .for_each_concurrent(AT_ONCE, |row| follow(&engine, &pause, row))
                        .await;
                }
                Err(error) => tracing::warn!(error = %error.chain(), "the outbox cannot be read"),
            }
            engine.ports().clock.sleep(period).await;
        };
        tokio::select! {
            () = due => {}
            _ = shutdown.wait_for(|down| *down) => return,
        }
    }
}

/// Looks at one pull request, unless the forge asked for a pause.
async fn follow(engine: &Engine, pause: &Pause, row: OutboxRow) {
    if held(pause).is_some_and(|until| engine.now() < until) {
        return;
    }
    let key = row.key.clone();
    let looked = crate::step::within(engine.ports().clock.clone(), LOOK, look(engine, pause, row)).await;
    match looked {
        Some(Ok(())) => {}
        Some(Err(error)) => {
            tracing::warn!(key, error = %error.chain(), "a pull request could not be followed")
        }
        None => tracing::warn!(key, "a look at a pull request took too long"),
    }
}

fn held(pause: &Pause) -> Option<Timestamp> {
    *pause.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn look(engine: &Engine, pause: &Pause, mut row: OutboxRow) -> Result<(), PortError> {
    let subject: Subject = serde_json::from_value(row.payload.clone())
        .map_err(|error| PortError::permanent("what is to be followed is unreadable").because(error))?;
    let mut memory: Memory =
        row.result.take().and_then(|kept| serde_json::from_value(kept).ok()).unwrap_or_default();
    let session = outbox::read(engine, &row.session).await?.value;
    let (Some(forge), true) = (forge_of(engine, &session), is_its(&session, &subject)) else {
        row.state = OutboxState::Done;
        return outbox::write(engine, row, Vec::new()).await;
    };
    let Some(repository) = session.pull_repository() else { return Ok(()) };
    match forge.report(repository, subject.number, memory.seen.as_deref()).await {
        Ok(None) => {
            memory.quiet = memory.quiet.saturating_add(1).min(MAX_QUIET);
            memory.told = None;
            if memory.is_over(engine.now()) {
                row.state = OutboxState::Done;
            }
            again(engine, row, &memory, None, Vec::new()).await
        }
        Ok(Some(report)) => keep(engine, row, &subject, memory, report).await,
        Err(error) => failed(engine, pause, row, memory, error).await,
    }
}

fn forge_of(engine: &Engine, session: &Session) -> Option<Arc<dyn Forge>> {
    let repository = session.pull_repository()?;
    engine.ports().forges.iter().find(|forge| forge.serves(repository)).cloned()
}

/// Whether the session's pull request is still the one that is followed here.
fn is_its(session: &Session, subject: &Subject) -> bool {
    session
        .pull
        .as_ref()
        .is_some_and(|pull| pull.number == subject.number && pull.order.as_ref() == Some(&subject.order))
}

/// Writes what was found, with the events that tell it, in one transaction.
async fn keep(
    engine: &Engine,
    row: OutboxRow,
    subject: &Subject,
    memory: Memory,
    report: PullReport,
) -> Result<(), PortError> {
    let (id, key) = (row.session.clone(), row.key.clone());
    loop {
        let Versioned { value: mut session, version, .. } = outbox::read(engine, &row.session).await?;
        if !is_its(&session, subject) {
            // Published anew meanwhile: another follower has begun.
            let row = OutboxRow { state: OutboxState::Done, ..row };
            return outbox::write(engine, row, Vec::new()).await;
        }
        let now = engine.now();
        let Some(pull) = session.pull.as_mut() else { return Ok(()) };
        let Told { events, ended, busy } = pull_news::take(pull, &report, now);
        let changed = !events.is_empty();
        let mut memory = memory.clone();
        memory.seen = Some(report.seen.clone());
        memory.told = None;
        let quiet = memory.quiet.saturating_add(1).min(MAX_QUIET);
        memory.quiet = if changed { 0 } else { quiet };
        memory.quiet = if busy { memory.quiet.min(BUSY) } else { memory.quiet };
        memory.closed = (report.state == PullState::Closed).then(|| memory.closed.unwrap_or(now));
        if memory.closed.is_some() {
            memory.quiet = MAX_QUIET;
        }
        let mut row = row.clone();
        let over = ended || memory.is_over(now);
        row.state = if over { OutboxState::Done } else { OutboxState::Pending };
        row.not_before = now.plus(interval(engine, memory.quiet));
        row.result = serde_json::to_value(&memory).ok();
        let mut commit = Commit::new(session.id.clone(), now);
        commit.expect = Some(version);
        if changed {
            session.updated_at = now;
        }
        let clean = |event| redact::whole(&engine.options().secrets, event);
        commit.events = events.into_iter().map(clean).collect();
        commit.writes.push(Write::Session(Box::new(session)));
        commit.writes.push(Write::OutboxUpdate(Box::new(row)));
        match engine.ports().store.commit(commit).await {
            Ok(_) => {
                engine.ports().bus.wake(&Topic::Session(id));
                engine.ports().bus.wake(&Topic::Everything);
                return Ok(());
            }
            // A conflict of the session's version is tried again; one of the row means that it has ended.
            Err(error) if error.class == ErrorClass::Conflict => {
                let found = engine.ports().store.outbox(&key).await?;
                if found.is_none_or(|found| found.state != OutboxState::Pending) {
                    return Ok(());
                }
            }
            Err(error) => return Err(error),
        }
    }
}

/// A look that failed: told where it will not pass by itself, once.
async fn failed(
    engine: &Engine,
    pause: &Pause,
    mut row: OutboxRow,
    mut memory: Memory,
    error: PortError,
) -> Result<(), PortError> {
    memory.quiet = memory.quiet.saturating_add(1).min(MAX_QUIET);
    if error.class == ErrorClass::Transient {
        if let Some(wait) = error.retry_after {
            let until = engine.now().plus(wait.min(engine.options().follow_at_most));
            *pause.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
        }
        return again(engine, row, &memory, error.retry_after, Vec::new()).await;
    }
    let words = error.chain();
    let event = EventBody::Error {
        kind: FailureKind::ForgeError,
        message: format!("the pull request cannot be followed: {words}"),
        hint: error.remedy,
    };
    if error.class == ErrorClass::NotFound {
        row.state = OutboxState::Failed;
        return outbox::write(engine, row, vec![event]).await;
    }
    let events = if memory.told.as_ref() == Some(&words) { Vec::new() } else { vec![event] };
    memory.told = Some(words);
    again(engine, row, &memory, Some(engine.options().follow_at_most), events).await
}

/// Leaves the row for another look.
async fn again(
    engine: &Engine,
    mut row: OutboxRow,
    memory: &Memory,
    wait: Option<Duration>,
    events: Vec<EventBody>,
) -> Result<(), PortError> {
    let wait = wait.unwrap_or_else(|| interval(engine, memory.quiet));
    row.not_before = engine.now().plus(wait);
    row.result = serde_json::to_value(memory).ok();
    outbox::write(engine, row, events).await
}

/// The pause after so many looks that found nothing.
fn interval(engine: &Engine, quiet: u32) -> Duration {
    doubled(engine.options().follow_interval, engine.options().follow_at_most, quiet)
}

fn doubled(first: Duration, most: Duration, times: u32) -> Duration {
    first.saturating_mul(1 << times.min(MAX_QUIET)).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_becomes_rare_while_nothing_changes() {
        let pause = |quiet| doubled(Duration::from_secs(5), Duration::from_secs(900), quiet).as_secs();
        assert_eq!([0, 1, 2, 4, 5, 20, u32::MAX].map(pause), [5, 10, 20, 80, 160, 900, 900]);
    }
}
