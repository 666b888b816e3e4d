//! Port: stage (layer 0): optional thinking around the coding turn.
//!
//! Contract: a stage reads what it is given and says what follows; it changes nothing itself and may run twice.
//! A stage that fails is told in the log and does not fail the session.

use crate::error::PortError;
use crate::session::Session;
use async_trait::async_trait;
use std::fmt;

/// When a stage runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Moment {
    /// Before the first prompt of a session.
    BeforeTurn,
    /// After a turn has ended and its change was taken over.
    AfterTurn,
}

/// What a stage sees.
#[derive(Debug, Clone)]
pub struct StageView {
    /// The session as it stands.
    pub session: Session,
    /// What the agent said last in the turn; empty before it.
    pub last_words: String,
    /// The whole change as a patch, cut to 1 MiB; empty where nothing changed.
    pub patch: String,
}

/// What follows from a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Pass,
    /// These words go in front of the prompt (before the turn only).
    Preface(String),
    /// The agent shall go on with these words (after the turn only; bounded by the revisions setting).
    Revise(String),
    /// These words go to the outcome's uncertain part.
    Doubt(String),
}

/// An optional part of the pipeline.
#[async_trait]
pub trait Stage: Send + Sync + fmt::Debug {
    /// Its name in the log and in the configuration.
    fn name(&self) -> &'static str;
    /// When it runs.
    fn moment(&self) -> Moment;
    /// Runs it.
    async fn run(&self, view: &StageView) -> Result<Verdict, PortError>;
}
