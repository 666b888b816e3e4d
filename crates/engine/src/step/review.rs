//! Step: stages after the turn. A stage may ask for a revision, within the bound.

use super::Step;
use crate::worker::failure::WorkError;
use crate::worker::work::Work;
use async_trait::async_trait;
use std::sync::Arc;
use telecoder_model::event::StepState;
use telecoder_model::port::stage::{Moment, Stage, StageView, Verdict};

/// Bytes of the patch that a stage sees.
const MAX_PATCH: usize = 1 << 20;

pub(super) struct Review;

#[async_trait]
impl Step for Review {
    async fn run(&self, work: &mut Work) -> Result<(), WorkError> {
        if work.desk.engine.ports().stages.is_empty() {
            return Ok(());
        }
        let words = super::outcome::last_words(work).await?;
        for verdict in verdicts(work, Moment::AfterTurn, words).await? {
            match verdict {
                Verdict::Pass | Verdict::Preface(_) => {}
                Verdict::Doubt(words) => work.doubts.push(words),
                Verdict::Revise(words)
                    if work.desk.run.revisions < work.desk.engine.options().max_revisions =>
                {
                    work.desk.run.revisions = work.desk.run.revisions.saturating_add(1);
                    work.desk.run.follow_up = Some(words);
                }
                Verdict::Revise(words) => work.doubts.push(format!("Left open: {words}")),
            }
        }
        Ok(())
    }
}

/// Runs the stages of a moment; one that fails is told and gives nothing.
pub(super) async fn verdicts(
    work: &mut Work,
    moment: Moment,
    last_words: String,
) -> Result<Vec<Verdict>, WorkError> {
    let stages: Vec<Arc<dyn Stage>> =
        work.desk.engine.ports().stages.iter().filter(|stage| stage.moment() == moment).cloned().collect();
    if stages.is_empty() {
        return Ok(Vec::new());
    }
    let patch = patch(work).await;
    let view = StageView { session: work.desk.session.clone(), last_words, patch };
    let mut all = Vec::with_capacity(stages.len());
    for stage in stages {
        match stage.run(&view).await {
            Ok(verdict) => {
                work.desk.note_step(stage.name(), StepState::Finished, None, None);
                all.push(verdict);
            }
            Err(error) => work.desk.note_step(stage.name(), StepState::Failed, Some(error.chain()), None),
        }
    }
    Ok(all)
}

async fn patch(work: &mut Work) -> String {
    let session = &work.desk.session;
    let Some(head) = &session.head else {
        return String::new();
    };
    let diffs = &work.desk.engine.ports().diffs;
    match diffs.patch(&session.id, session.base_commit.as_ref(), head).await {
        Ok(bytes) => {
            String::from_utf8_lossy(bytes.get(..MAX_PATCH.min(bytes.len())).unwrap_or_default()).into_owned()
        }
        Err(_) => String::new(),
    }
}
