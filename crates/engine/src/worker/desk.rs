//! A worker's desk (layer 1): the session, its execution's state, and the only way in which a worker writes.
//!
//! Every commit is fenced by the claim and compare-and-set on the version, so that a worker whose session was stopped or
//! whose lease is gone writes nothing more.

use super::failure::WorkError;
use super::run_state::RunState;
use crate::engine::Engine;
use bytes::Bytes;
use telecoder_model::event::{EventBody, StepState};
use telecoder_model::id::{ProcessId, SessionId};
use telecoder_model::port::bus::Topic;
use telecoder_model::port::store::{Claim, Commit, Fence, Versioned, Write};
use telecoder_model::session::{Move, Session, Status};
use telecoder_model::{ErrorClass, PortError};

/// How often a commit is tried again when another writer of the session was faster.
const MAX_TRIES: u32 = 50;

/// The session on a worker's desk.
pub(crate) struct Desk {
    pub(crate) engine: Engine,
    pub(crate) session: Session,
    pub(crate) run: RunState,
    pub(crate) claim: Claim,
    version: u64,
    last_seq: u64,
    waiting: Vec<EventBody>,
    /// Whether commits stand although the session was stopped (clearing up after a stop).
    after_stop: bool,
}

/// What one commit changes beside the run state, which is always written.
#[derive(Default)]
pub(crate) struct Change {
    /// Events, after those that wait.
    pub(crate) events: Vec<EventBody>,
    /// Events that follow a move to another status.
    pub(crate) then: Vec<EventBody>,
    /// Other rows.
    pub(crate) writes: Vec<Write>,
}

impl Change {
    /// A change that only appends events.
    pub(crate) fn events(events: Vec<EventBody>) -> Self {
        Self { events, ..Self::default() }
    }
}

impl Desk {
    /// Takes a claimed session onto the desk; with it the reason why the state of its execution cannot be read, if it cannot.
    pub(crate) async fn open(engine: &Engine, claim: Claim) -> Result<(Self, Option<PortError>), WorkError> {
        let Versioned { value: session, version, last_seq } = read(engine, &claim.session).await?;
        let run = engine.ports().store.run(&claim.session).await.map_err(WorkError::Store)?;
        let mut unreadable = None;
        let run = match run.map(serde_json::from_value) {
            Some(Ok(run)) => run,
            Some(Err(error)) => {
                unreadable = Some(PortError::permanent("the run state is unreadable").because(error));
                RunState::default()
            }
            None => RunState::default(),
        };
        let after_stop = session.status == Status::Stopped;
        let engine = engine.clone();
        let waiting = Vec::new();
        Ok((Self { engine, session, run, claim, version, last_seq, waiting, after_stop }, unreadable))
    }

    /// The number of the session's last event.
    pub(crate) fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// Keeps an event for the next commit. If the process dies before, what the event tells is done again. Pieces of one
    /// output that follow each other become one event: a commit holds only so many.
    pub(crate) fn note(&mut self, event: EventBody) {
        if let EventBody::Output { stream, text, blob: None } = &event
            && let Some(EventBody::Output { stream: before, text: said, blob: None }) =
                self.waiting.last_mut()
            && stream == before
        {
            said.push_str(text);
        } else {
            self.waiting.push(event);
        }
    }

    /// Notes that a step began or ended.
    pub(crate) fn note_step(
        &mut self,
        step: &str,
        state: StepState,
        detail: Option<String>,
        duration_ms: Option<u64>,
    ) {
        self.note(EventBody::Step { step: step.to_owned(), state, detail, duration_ms });
    }

    /// Allows commits after a stop, to keep partial work and clear up.
    pub(crate) fn clear_up(&mut self) {
        self.after_stop = true;
    }

    /// Writes events and rows; the session itself stays as it is.
    pub(crate) async fn commit(&mut self, change: Change) -> Result<(), WorkError> {
        self.write(change, None::<fn(&mut Session)>).await
    }

    /// Changes the session, along with events and rows. `edit` may run several times, each on a fresh copy.
    pub(crate) async fn update(
        &mut self,
        change: Change,
        edit: impl Fn(&mut Session),
    ) -> Result<(), WorkError> {
        self.write(change, Some(edit)).await
    }

    /// Moves the session to another status and tells it. A move that is not possible is a fault of ours.
    pub(crate) async fn go(
        &mut self,
        step: Move,
        reason: Option<String>,
        mut change: Change,
        edit: impl Fn(&mut Session),
    ) -> Result<(), WorkError> {
        let Some(status) = self.session.status.after(step) else {
            return Err(WorkError::failed(
                telecoder_model::session::FailureKind::Internal,
                format!("a session that is {} cannot {step:?}", self.session.status),
            ));
        };
        change.events.push(EventBody::Status { status, reason });
        change.events.append(&mut change.then);
        self.update(change, |session| {
            session.status = status;
            edit(session);
        })
        .await
    }

    /// Ends the session's work: moves it and tells it, with the `done` event last.
    pub(crate) async fn end(
        &mut self,
        step: Move,
        status: Status,
        mut change: Change,
        edit: impl Fn(&mut Session),
    ) -> Result<(), WorkError> {
        change.events.push(EventBody::Status { status, reason: None });
        change.events.push(EventBody::Done { status });
        if self.session.status.after(step) != Some(status) {
            return Err(WorkError::failed(
                telecoder_model::session::FailureKind::Internal,
                format!("a session that is {} cannot {step:?}", self.session.status),
            ));
        }
        self.update(change, |session| {
            session.status = status;
            edit(session);
        })
        .await
    }

    /// Adds lines for a process's standard input to a change, numbered.
    pub(crate) fn input(&mut self, change: &mut Change, lines: Vec<Bytes>) -> Vec<(u64, Bytes)> {
        let Some(agent) = &mut self.run.agent else {
            return Vec::new();
        };
        let mut numbered = Vec::with_capacity(lines.len());
        for line in lines {
            let number = agent.next_input;
            agent.next_input = agent.next_input.saturating_add(1);
            change.writes.push(Write::Input { process: agent.process.clone(), number, line: line.clone() });
            numbered.push((number, line));
        }
        numbered
    }

    /// Reads input lines of a process that were decided, with numbers above `after`.
    pub(crate) async fn inputs(
        &self,
        process: &ProcessId,
        after: u64,
    ) -> Result<Vec<(u64, Bytes)>, WorkError> {
        self.engine.ports().store.inputs(&self.session.id, process, after).await.map_err(WorkError::Store)
    }

    /// Reads the session again and fails where it was stopped meanwhile.
    pub(crate) async fn refresh(&mut self) -> Result<(), WorkError> {
        let fresh = read(&self.engine, &self.session.id).await?;
        self.session = fresh.value;
        self.version = fresh.version;
        self.last_seq = fresh.last_seq;
        if self.session.status == Status::Stopped && !self.after_stop {
            return Err(WorkError::Stopped);
        }
        Ok(())
    }

    async fn write(&mut self, change: Change, edit: Option<impl Fn(&mut Session)>) -> Result<(), WorkError> {
        let mut events = std::mem::take(&mut self.waiting);
        events.extend(change.events);
        events.extend(change.then);
        let bounded = crate::worker::bound::bounded(&self.engine, events).await.map_err(WorkError::Store)?;
        let (events, blobs) = (bounded.events, bounded.blobs);
        self.mark_words(&events);
        let run = serde_json::to_value(&self.run).map_err(|error| {
            WorkError::Store(PortError::permanent("the run state cannot be written").because(error))
        })?;
        for _ in 0..MAX_TRIES {
            let now = self.engine.now();
            let mut commit = Commit::new(self.session.id.clone(), now);
            commit.expect = Some(self.version);
            commit.fence = Some(Fence { instance: self.engine.instance().clone(), epoch: self.claim.epoch });
            commit.events.clone_from(&events);
            commit.writes.push(Write::Run(run.clone()));
            commit.writes.extend(blobs.iter().map(|digest| Write::Blob { digest: digest.clone() }));
            commit.writes.extend(change.writes.iter().cloned());
            let mut session = None;
            if let Some(edit) = &edit {
                let mut copy = self.session.clone();
                edit(&mut copy);
                copy.updated_at = now;
                commit.writes.push(Write::Session(Box::new(copy.clone())));
                session = Some(copy);
            }
            match self.engine.ports().store.commit(commit).await {
                Ok(done) => {
                    self.engine.ports().blobs.named(&blobs);
                    self.version = done.version;
                    self.last_seq = done.last_seq;
                    if let Some(session) = session {
                        self.session = session;
                        self.engine.ports().bus.wake(&Topic::Everything);
                    }
                    self.engine.ports().bus.wake(&Topic::Session(self.session.id.clone()));
                    return Ok(());
                }
                Err(error) if error.class == ErrorClass::Conflict => {
                    self.check_lease().await?;
                    self.refresh().await?;
                }
                Err(error) => return Err(WorkError::Store(error)),
            }
        }
        Err(WorkError::Store(PortError::transient("the session is changed by others without pause")))
    }

    /// Remembers where the agent's last words may begin, so that a long log is not read from its beginning. Others may append
    /// meanwhile; the mark is then a little too early, which does no harm.
    fn mark_words(&mut self, events: &[EventBody]) {
        let Some(turn) = &mut self.run.turn else { return };
        if let Some(at) = events.iter().rposition(|event| matches!(event, EventBody::ToolCall(_))) {
            turn.words_after = self.last_seq.saturating_add(u64::try_from(at).unwrap_or(0));
        }
    }

    async fn check_lease(&self) -> Result<(), WorkError> {
        let store = &self.engine.ports().store;
        let holds = store.holds(self.engine.instance(), &self.session.id, self.claim.epoch).await;
        if holds.map_err(WorkError::Store)? { Ok(()) } else { Err(WorkError::LostLease) }
    }
}

async fn read(engine: &Engine, id: &SessionId) -> Result<Versioned<Session>, WorkError> {
    let found = engine.ports().store.session(id).await.map_err(WorkError::Store)?;
    found.ok_or_else(|| WorkError::Store(PortError::not_found(format!("there is no session `{id}`"))))
}
