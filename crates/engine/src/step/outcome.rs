//! Step: the outcome. `changed` comes from the diff; the agent's words are claims.

use super::Step;
use crate::worker::desk::Change;
use crate::worker::failure::WorkError;
use crate::worker::work::Work;
use async_trait::async_trait;
use std::sync::Arc;
use telecoder_model::event::{Author, EventBody};
use telecoder_model::outcome::derive;
use telecoder_model::policy::PublishRule;
use telecoder_model::session::{FailureKind, ResultKind};

/// Events read at once; each may be as large as an event can be.
const PAGE: u32 = 200;
/// Events at the end of a turn in which the agent's last words are looked for.
const MAX_LOOK_BACK: u64 = 20_000;
/// Characters of the agent's last words that are kept.
const MAX_WORDS: usize = 100_000;

pub(super) struct Outcome;

#[async_trait]
impl Step for Outcome {
    async fn run(&self, work: &mut Work) -> Result<(), WorkError> {
        let told = work.desk.run.turn.as_ref().is_some_and(|turn| turn.outcome_told);
        if told || work.desk.run.follow_up.is_some() {
            return Ok(());
        }
        let words = last_words(work).await?;
        load_summary(work).await?;
        let (files, stat) = match &work.summary {
            Some(summary) => (summary.files.clone(), summary.stat),
            None => (Vec::new(), telecoder_model::session::DiffStat::default()),
        };
        let mut outcome = derive(&words, &files, stat, Vec::new());
        outcome.uncertain.append(&mut work.doubts);
        if stat.files > 0
            && work.desk.session.publish != PublishRule::Auto
            && work.desk.session.repository.is_some()
        {
            outcome.next.push(format!("Publish it: telecoder publish {}", work.desk.session.id));
        }
        let answer: String = words.chars().take(MAX_WORDS).collect();
        let mut worked = 0;
        if let Some(turn) = &mut work.desk.run.turn {
            turn.outcome_told = true;
            worked = turn.worked_ms;
        }
        let is_text = stat.files == 0 && !answer.trim().is_empty();
        work.desk
            .update(Change::events(vec![EventBody::Outcome(outcome.clone())]), |session| {
                session.outcome = Some(outcome.clone());
                session.usage.duration_ms = session.usage.duration_ms.saturating_add(worked);
                session.result_text = is_text.then(|| answer.clone());
                if session.pull.is_none() {
                    session.result = if is_text { ResultKind::Text } else { ResultKind::None };
                }
            })
            .await
    }
}

async fn load_summary(work: &mut Work) -> Result<(), WorkError> {
    let session = &work.desk.session;
    if work.summary.is_none()
        && let Some(head) = session.head.clone()
    {
        let diffs = Arc::clone(&work.desk.engine.ports().diffs);
        let summary = diffs.summary(&session.id, session.base_commit.as_ref(), &head).await;
        work.summary = Some(summary.map_err(|error| WorkError::port(FailureKind::GitError, &error))?);
    }
    Ok(())
}

/// What the agent said last in the turn: its words after the last tool call.
pub(super) async fn last_words(work: &mut Work) -> Result<String, WorkError> {
    // What was only noted so far must not be missed.
    let mut after = work.desk.run.turn.as_ref().map_or(0, |turn| turn.after_seq.max(turn.words_after));
    after = after.max(work.desk.last_seq().saturating_sub(MAX_LOOK_BACK));
    let store = Arc::clone(&work.desk.engine.ports().store);
    let mut words = Words::default();
    loop {
        let page = store.events(&work.desk.session.id, after, PAGE).await.map_err(WorkError::Store)?;
        let Some(last) = page.last() else { return Ok(words.text) };
        after = last.seq;
        // No tool call comes behind the mark above, and more words are not kept.
        if words.is_full() {
            return Ok(words.text);
        }
        for event in page {
            match event.body {
                EventBody::Message { author: Author::Agent, text, .. } => words.say(&text),
                EventBody::ToolCall(_)
                | EventBody::Message { author: Author::User | Author::Platform, .. } => {
                    words = Words::default();
                }
                // What is said after it is another message.
                EventBody::Thought { .. } | EventBody::Plan { .. } => words.apart = true,
                EventBody::Status { .. }
                | EventBody::Step { .. }
                | EventBody::ToolUpdate(_)
                | EventBody::Output { .. }
                | EventBody::FileChange { .. }
                | EventBody::Usage(_)
                | EventBody::Permission { .. }
                | EventBody::Outcome(_)
                | EventBody::Git { .. }
                | EventBody::PullRequest { .. }
                | EventBody::Error { .. }
                | EventBody::Done { .. } => {}
            }
        }
    }
}

/// Messages of an agent, with an empty line between two of them.
#[derive(Default)]
struct Words {
    text: String,
    /// Whether something came between.
    apart: bool,
}

impl Words {
    fn is_full(&self) -> bool {
        self.text.len() >= MAX_WORDS.saturating_mul(4)
    }
    fn say(&mut self, chunk: &str) {
        if self.is_full() {
            return;
        }
        if std::mem::take(&mut self.apart) && !self.text.trim().is_empty() {
            self.text.truncate(self.text.trim_end().len());
            self.text.push_str("\n\n");
            self.text.push_str(chunk.trim_start());
        } else {
            self.text.push_str(chunk);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_messages_are_two_paragraphs() {
        let mut words = Words::default();
        for (apart, chunk) in
            [(true, "I look "), (false, "again."), (true, "\nDiscounts"), (false, " are"), (false, " right.")]
        {
            words.apart |= apart;
            words.say(chunk);
        }
        assert_eq!(words.text, "I look again.\n\nDiscounts are right.");
    }
}
