//! Work on one claimed session (layer 1): the steps in order, and the ends other than the good one.

use super::attachment::Attachment;
use super::desk::{Change, Desk};
use super::failure::{Failed, WorkError};
use super::metering;
use super::pump::{Pump, Tick};
use crate::engine::Engine;
use crate::step;
use std::time::Duration;
use telecoder_model::event::EventBody;
use telecoder_model::port::git::ChangeSummary;
use telecoder_model::port::sandbox::TreeSignal;
use telecoder_model::port::store::{Claim, MessageState};
use telecoder_model::session::{FailureKind, Move, Status};

/// How often a job may be taken up before it counts as abandoned.
const MAX_TRIES: u32 = 5;
/// How often work is begun again when the store cannot be reached.
const STORE_TRIES: u32 = 10;
/// How long a cancelled agent may take to end its turn before its tree is killed.
const CANCEL_WAIT: Duration = Duration::from_secs(3);

/// A session at work on this server.
pub(crate) struct Work {
    pub(crate) desk: Desk,
    /// The attached sandbox, while no agent is followed.
    pub(crate) attachment: Option<Attachment>,
    /// The followed agent, which holds the attachment.
    pub(crate) pump: Option<Pump>,
    /// The size of the whole change, where this worker has looked.
    pub(crate) summary: Option<ChangeSummary>,
    /// What the outcome must call uncertain.
    pub(crate) doubts: Vec<String>,
}

/// Works on a claimed session until nothing is left to do. Dropping it is like a kill: another claim goes on.
pub(crate) async fn work(engine: Engine, claim: Claim) {
    for _ in 0..STORE_TRIES {
        match once(&engine, claim.clone()).await {
            Ok(()) => return,
            Err(WorkError::Store(error)) => {
                tracing::error!(session = %claim.session, error = %error.chain(), "work is held up by the store");
                engine.ports().clock.sleep(Duration::from_secs(1)).await;
            }
            Err(WorkError::LostLease) => {
                tracing::warn!(session = %claim.session, "another server owns the session");
                return;
            }
            Err(WorkError::Stopped) => {}
            Err(WorkError::Failed(failed)) => {
                tracing::error!(session = %claim.session, error = failed.message, "clearing up failed; it is tried again");
                engine.ports().clock.sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn once(engine: &Engine, claim: Claim) -> Result<(), WorkError> {
    let tries = claim.tries;
    let desk = Desk::open(engine, claim).await?;
    let mut work = Work { desk, attachment: None, pump: None, summary: None, doubts: Vec::new() };
    let result = if tries > MAX_TRIES && !work.desk.session.status.has_ended() {
        Err(WorkError::failed(
            FailureKind::Abandoned,
            format!("the work was taken up {tries} times without an end"),
        ))
    } else {
        work.drive().await
    };
    match result {
        Ok(()) => {}
        Err(WorkError::Stopped) => work.after_stop().await?,
        Err(WorkError::Failed(failed)) => match work.after_failure(failed).await {
            Err(WorkError::Stopped) => work.after_stop().await?,
            other => other?,
        },
        Err(error @ (WorkError::LostLease | WorkError::Store(_))) => return Err(error),
    }
    step::release::run(&mut work).await
}

impl Work {
    async fn drive(&mut self) -> Result<(), WorkError> {
        match self.desk.session.status {
            Status::Stopped => return Err(WorkError::Stopped),
            Status::Complete | Status::Error => return Ok(()),
            Status::Idle | Status::Hibernated => return Ok(()),
            Status::Pending => {
                self.desk.go(Move::Claim, None, Change::default(), |session| session.attempt += 1).await?;
            }
            Status::Preparing | Status::Running | Status::Waiting => {
                metering::break_open_calls(&mut self.desk)
            }
        }
        loop {
            for step in step::all() {
                step.run(self).await?;
            }
            if self.desk.session.status != Status::Running {
                return Ok(());
            }
        }
    }

    /// Whether there is something for another turn.
    pub(crate) async fn has_more(&mut self) -> Result<bool, WorkError> {
        if self.desk.run.follow_up.is_some() {
            return Ok(true);
        }
        let messages =
            self.desk.engine.ports().store.messages(&self.desk.session.id).await.map_err(WorkError::Store)?;
        Ok(messages.iter().any(|message| message.state == MessageState::Queued))
    }

    /// The attached sandbox, wherever it is held.
    pub(crate) fn sandbox(&self) -> Option<std::sync::Arc<dyn telecoder_model::port::sandbox::Sandbox>> {
        let held = self.attachment.as_ref().map(|attachment| &attachment.sandbox);
        held.or_else(|| self.pump.as_ref().map(Pump::sandbox)).cloned()
    }

    /// Ends what a stopped session left at work and keeps its partial change.
    async fn after_stop(&mut self) -> Result<(), WorkError> {
        self.desk.clear_up();
        self.desk.refresh().await?;
        self.cancel_turn().await;
        self.end_agent().await;
        self.keep_partial_change().await;
        if let Some(turn) = &mut self.desk.run.turn {
            turn.over = true;
        }
        Ok(())
    }

    async fn after_failure(&mut self, failed: Failed) -> Result<(), WorkError> {
        self.end_agent().await;
        self.keep_partial_change().await;
        if self.desk.session.status.after(Move::Fail).is_none() {
            return Ok(());
        }
        if let Some(words) = super::redact::release(&mut self.desk.run.held) {
            self.desk.note(words);
        }
        let now = self.desk.engine.now();
        let change = Change::events(vec![EventBody::Error {
            kind: failed.kind,
            message: failed.message.clone(),
            hint: failed.hint.clone(),
        }]);
        for id in std::mem::take(&mut self.desk.run.asked).into_values() {
            super::actions::cancel(&self.desk, &id).await;
        }
        self.desk.run.follow_up = None;
        if let Some(turn) = &mut self.desk.run.turn {
            turn.over = true;
        }
        self.desk
            .end(Move::Fail, Status::Error, change, |session| {
                session.failure = Some(failed.kind);
                session.error = Some(failed.message.clone());
                session.hint.clone_from(&failed.hint);
                session.finished_at = Some(now);
            })
            .await
    }

    /// Asks the agent to end its turn and waits a little for it.
    async fn cancel_turn(&mut self) {
        let Some(pump) = &mut self.pump else { return };
        pump.mute();
        let actions = pump.conversation().cancel();
        if pump.apply(&mut self.desk, actions, Change::default()).await.is_err() {
            return;
        }
        let clock = self.desk.engine.ports().clock.clone();
        let until = clock.monotonic().saturating_add(CANCEL_WAIT.min(self.desk.engine.options().stop_grace));
        while pump.exit.is_none() && self.desk.run.turn.as_ref().is_some_and(|turn| turn.ended.is_none()) {
            let left = until.saturating_sub(clock.monotonic());
            match pump.tick(&mut self.desk, left).await {
                Ok(Tick::Timeout) | Err(_) => return,
                Ok(Tick::Progress | Tick::News) => {}
            }
        }
    }

    async fn end_agent(&mut self) {
        if let Some(pump) = &mut self.pump {
            pump.mute();
        }
        let (Some(sandbox), Some(agent)) = (self.sandbox(), self.desk.run.agent.clone()) else {
            return;
        };
        if let Err(error) = sandbox.signal(&agent.process, TreeSignal::Kill).await {
            tracing::debug!(session = %self.desk.session.id, error = %error.chain(), "the agent could not be signalled");
        }
    }

    /// Takes over what was changed so far; where that is not possible, the session ends without it.
    async fn keep_partial_change(&mut self) {
        if let Err(WorkError::Failed(failed)) = step::take_over::run(self).await {
            tracing::warn!(session = %self.desk.session.id, error = failed.message, "the partial change is lost");
        }
    }
}
