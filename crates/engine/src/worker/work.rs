//! Work on one claimed session (layer 1): the steps in order, and the ends other than the good one.

use super::attachment::Attachment;
use super::desk::{Change, Desk};
use super::failure::{Failed, WorkError};
use super::metering;
use super::pump::{Pump, Tick};
use crate::engine::Engine;
use crate::step;
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use telecoder_model::event::{EventBody, StepState};
use telecoder_model::port::git::ChangeSummary;
use telecoder_model::port::sandbox::TreeSignal;
use telecoder_model::port::store::{Claim, MessageState};
use telecoder_model::session::{FailureKind, Move, Status};

/// How often a job may be taken up without any progress before it counts as abandoned.
const MAX_VAIN_TRIES: u32 = 5;
/// How often a job may be taken up at all, other than after an orderly handover.
const MAX_TRIES: u32 = 20;
/// How often work may panic before the session ends.
const MAX_PANICS: u32 = 3;
/// The longest pause before work that is held up is begun again.
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// How long a cancelled agent may take to end its turn before its tree is killed.
const CANCEL_WAIT: Duration = Duration::from_secs(3);
/// How long the tree of an agent may take to be killed; with its sandbox it ends in any case.
const KILL_WAIT: Duration = Duration::from_secs(10);
/// How long the end of a failed or stopped session may wait for its partial change.
const KEEP_WAIT: Duration = Duration::from_secs(60);

/// A session at work on this server.
pub(crate) struct Work {
    pub(crate) desk: Desk,
    /// The attached sandbox, while no agent is followed.
    pub(crate) attachment: Option<Attachment>,
    /// The followed agent, which holds the attachment.
    pub(crate) pump: Option<Pump>,
    /// The size of the whole change, where this worker has looked.
    pub(crate) summary: Option<ChangeSummary>,
    /// Whether the workspace lay on a host that is gone for good.
    is_lost: bool,
    /// What the outcome must call uncertain.
    pub(crate) doubts: Vec<String>,
}

/// Works on a claimed session until nothing is left to do. Dropping it is like a kill: another claim goes on.
pub(crate) async fn work(engine: Engine, claim: Claim) {
    let _working = engine.drain().working(&claim.session);
    let mut pause = Duration::from_secs(1);
    let mut panics = 0_u32;
    loop {
        let crashed = panics >= MAX_PANICS;
        match AssertUnwindSafe(once(&engine, claim.clone(), crashed)).catch_unwind().await {
            Ok(Ok(())) => return,
            Ok(Err(WorkError::LostLease)) => {
                tracing::warn!(session = %claim.session, "another server owns the session");
                return;
            }
            // It was stopped while it was cleared up after something else.
            Ok(Err(WorkError::Stopped)) => {}
            // The job stays with this server: a disk that is full now will not be full for ever.
            Ok(Err(WorkError::Store(error))) => {
                tracing::error!(session = %claim.session, error = %error.chain(), "work is held up by the store");
            }
            Ok(Err(WorkError::Failed(failed))) => {
                tracing::error!(session = %claim.session, error = failed.message, "clearing up failed; it is tried again");
            }
            Err(_) => {
                panics = panics.saturating_add(1);
                tracing::error!(session = %claim.session, panics, "a worker panicked; its work is begun again");
            }
        }
        engine.ports().clock.sleep(pause).await;
        pause = pause.saturating_mul(2).min(MAX_PAUSE);
    }
}

async fn once(engine: &Engine, claim: Claim, crashed: bool) -> Result<(), WorkError> {
    let (tries, is_lost) = (claim.tries, claim.is_lost);
    let (desk, unreadable) = Desk::open(engine, claim).await?;
    let mut work = Work { desk, attachment: None, pump: None, summary: None, doubts: Vec::new(), is_lost };
    let vain = work.desk.run.vain_tries(tries) > MAX_VAIN_TRIES || tries > MAX_TRIES;
    let ended = work.desk.session.status.has_ended();
    let result = if ended {
        work.drive().await
    } else if let Some(error) = unreadable {
        Err(WorkError::failed(FailureKind::Internal, error.chain()))
    } else if crashed {
        Err(WorkError::failed(
            FailureKind::Internal,
            "the work on this session fails by a fault of TeleCoder",
        )
        .hint("see the server's log, and report it"))
    } else if vain {
        let message = format!("the work was taken up {tries} times without an end");
        Err(WorkError::failed(FailureKind::Abandoned, message))
    } else {
        work.drive().await
    };
    match result {
        Ok(()) => {}
        Err(WorkError::Stopped) => work.after_stop().await?,
        Err(WorkError::Failed(failed)) => match work.after_failure(failed, !crashed && !is_lost).await {
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
            Status::Error => return Ok(()),
            Status::Complete | Status::Idle | Status::Hibernated => {
                // One may have come between the last look and the end.
                if !self.has_more().await? {
                    return Ok(());
                }
                let reason = Some("a message came".to_owned());
                self.desk
                    .go(Move::Message, reason, Change::default(), |session| session.finished_at = None)
                    .await?;
                self.claim().await?;
            }
            Status::Pending => self.claim().await?,
            Status::Running | Status::Waiting if self.is_asked() => {
                if !self.has_more().await? {
                    return step::publish::settle(self).await;
                }
                step::publish::withdraw(self).await?;
                self.claim().await?;
            }
            Status::Preparing | Status::Running | Status::Waiting => {
                metering::break_open_calls(&mut self.desk)
            }
        }
        if self.is_lost {
            let message = "the server on whose disks the session's workspace lay is gone for good";
            return Err(WorkError::failed(FailureKind::Abandoned, message)
                .hint("what was published is there; begin the rest anew: telecoder rerun"));
        }
        loop {
            match self.all_steps().await {
                Err(WorkError::Failed(failed)) if self.may_replace_sandbox(&failed) => {
                    self.replace_sandbox(&failed).await?;
                }
                other => {
                    other?;
                    if self.desk.session.status != Status::Running {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn all_steps(&mut self) -> Result<(), WorkError> {
        for step in step::all() {
            step.run(self).await?;
            if self.desk.engine.options().steps_twice {
                step.run(self).await?;
            }
        }
        Ok(())
    }

    /// Whether a sandbox that was lost in the middle of a turn is replaced: once a turn, since what the agent did in it may
    /// be done again.
    fn may_replace_sandbox(&self, failed: &Failed) -> bool {
        failed.kind == FailureKind::SandboxError
            && self.desk.run.turn.as_ref().is_some_and(|turn| turn.tried && !turn.over && !turn.sandbox_lost)
    }

    /// Ends what is left of the sandbox. The steps make another one on the same layer, and the agent loads its conversation.
    async fn replace_sandbox(&mut self, failed: &Failed) -> Result<(), WorkError> {
        tracing::warn!(session = %self.desk.session.id, error = failed.message, "the sandbox was lost; another one is made");
        let lost = format!("the sandbox was lost; another one takes its place: {}", failed.message);
        self.desk.note_step(step::create_sandbox::NAME, StepState::Started, Some(lost), None);
        if let Some(turn) = &mut self.desk.run.turn {
            turn.sandbox_lost = true;
        }
        step::create_sandbox::discard(self).await
    }

    /// Whether its work is done but for a person's word about publishing: then nothing is left to take over.
    fn is_asked(&self) -> bool {
        self.desk.run.publish_question.is_some()
    }

    async fn claim(&mut self) -> Result<(), WorkError> {
        self.desk.run.publish_question = None;
        let then = step::prepare_workspace::announcement(self);
        let change = Change { then: then.into_iter().collect(), ..Change::default() };
        self.desk.go(Move::Claim, None, change, |session| session.attempt += 1).await
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
        // Another server may have been told of it.
        self.desk.engine.drain().stopped(&self.desk.session.id);
        self.desk.clear_up();
        self.desk.refresh().await?;
        if self.sandbox().is_none() {
            step::create_sandbox::reattach(self).await;
        }
        self.cancel_turn().await;
        self.end_agent().await;
        if !self.is_asked() {
            self.keep_partial_change().await;
        }
        if let Some(turn) = &mut self.desk.run.turn {
            turn.over = true;
        }
        Ok(())
    }

    async fn after_failure(&mut self, failed: Failed, keep: bool) -> Result<(), WorkError> {
        if self.sandbox().is_none() {
            step::create_sandbox::reattach(self).await;
        }
        self.end_agent().await;
        // What panics is not tried once more.
        if keep && !self.is_asked() {
            self.keep_partial_change().await;
        }
        if self.desk.session.status.after(Move::Fail).is_none() {
            return Ok(());
        }
        if let Some(words) = super::redact::release(&mut self.desk.run.held) {
            self.desk.note(words);
        }
        let now = self.desk.engine.now();
        let event = (!failed.told).then(|| EventBody::Error {
            kind: failed.kind,
            message: failed.message.clone(),
            hint: failed.hint.clone(),
        });
        let change = Change::events(event.into_iter().collect());
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
            if left.is_zero() {
                return;
            }
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
        let clock = self.desk.engine.ports().clock.clone();
        let killed = step::within(clock, KILL_WAIT, sandbox.signal(&agent.process, TreeSignal::Kill)).await;
        if let Some(Err(error)) = killed {
            tracing::debug!(session = %self.desk.session.id, error = %error.chain(), "the agent could not be signalled");
        }
    }

    /// Takes over what was changed so far; where that is not possible, the session ends without it.
    async fn keep_partial_change(&mut self) {
        let clock = self.desk.engine.ports().clock.clone();
        let id = self.desk.session.id.clone();
        match step::within(clock, KEEP_WAIT, step::take_over::run(self)).await {
            Some(Ok(())) => {}
            Some(Err(WorkError::Failed(failed))) => {
                tracing::warn!(session = %id, error = failed.message, "the partial change is lost");
            }
            Some(Err(error)) => tracing::warn!(session = %id, ?error, "the partial change is not kept now"),
            None => tracing::warn!(session = %id, "the partial change is lost: keeping it took too long"),
        }
    }
}
