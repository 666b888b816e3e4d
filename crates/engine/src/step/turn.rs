//! Step: a turn, from a queued message to the agent's stop, within the policy's time.

use super::Step;
use super::start_agent::ending;
use crate::worker::desk::Change;
use crate::worker::failure::WorkError;
use crate::worker::pump::Tick;
use crate::worker::run_state::TurnState;
use crate::worker::work::Work;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use telecoder_model::event::{Author, EventBody};
use telecoder_model::port::agent::StopReason;
use telecoder_model::port::stage::{Moment, Verdict};
use telecoder_model::port::store::{Message, MessageState, Queueing, Write};
use telecoder_model::session::{FailureKind, Move, Session, Status};
use telecoder_model::time::Timestamp;

/// How often an agent is prompted to go on after a model call broke off.
const MAX_REPROMPTS: u32 = 3;
/// How long calls may still be open after the agent has ended its turn.
const SETTLE: Duration = Duration::from_secs(5);
/// What an agent is told after a model call broke off.
const GO_ON: &str =
    "The connection to the model broke off before your last answer was complete. Go on where you were.";
/// What stands before a prompt whose work was interrupted.
const INTERRUPTED: &str =
    "(The work on this was interrupted; parts of it may be done already. Look, then go on.)\n\n";

pub(super) struct Turn;

#[async_trait]
impl Step for Turn {
    async fn run(&self, work: &mut Work) -> Result<(), WorkError> {
        let resumed = work.desk.run.turn.as_ref().is_some_and(|turn| !turn.over);
        let beginning = if resumed { None } else { begin(work).await? };
        if !resumed && beginning.is_none() {
            return Ok(());
        }
        prompt(work, beginning).await?;
        // Answers may have come while nobody was at work.
        news(work).await?;
        follow(work).await
    }
}

/// What is recorded with the prompt of a turn that begins.
struct Beginning {
    change: Change,
    number: u32,
    at: Timestamp,
}

/// Begins the next turn, if there is something to do.
async fn begin(work: &mut Work) -> Result<Option<Beginning>, WorkError> {
    let id = work.desk.session.id.clone();
    let messages = work.desk.engine.ports().store.messages(&id).await.map_err(WorkError::Store)?;
    let number = work.desk.session.turns.saturating_add(1);
    let mut change = Change::default();
    let mut prompt = String::new();
    let mut author = Author::User;
    if let Some(words) = work.desk.run.follow_up.take() {
        prompt = words;
        author = Author::Platform;
    } else {
        for message in due(&messages) {
            if !prompt.is_empty() {
                prompt.push_str("\n\n");
            }
            prompt.push_str(&message.content);
            let (number_of, state) = (message.number, MessageState::Delivered);
            change.writes.push(Write::Message { number: number_of, state, turn: Some(number) });
        }
    }
    if prompt.is_empty() {
        return Ok(None);
    }
    change.events.push(EventBody::Message { author, text: prompt.clone(), chunk: false, turn: number });
    if number == 1 {
        prompt = with_prefaces(work, prompt).await?;
    }
    let worked_ms =
        if author == Author::Platform { work.desk.run.turn.as_ref().map_or(0, |t| t.worked_ms) } else { 0 };
    work.desk.run.turn = Some(TurnState {
        number,
        after_seq: work.desk.last_seq(),
        prompt,
        worked_ms,
        ..TurnState::default()
    });
    Ok(Some(Beginning { change, number, at: work.desk.engine.now() }))
}

/// The next queued message, with those that wait to be joined with it.
fn due(messages: &[Message]) -> Vec<&Message> {
    let mut waiting = messages.iter().filter(|message| message.state == MessageState::Queued);
    let Some(first) = waiting.next() else {
        return Vec::new();
    };
    let mut taken = vec![first];
    if first.queue == Queueing::Collect {
        taken.extend(waiting.take_while(|message| message.queue == Queueing::Collect));
    }
    taken
}

async fn with_prefaces(work: &mut Work, prompt: String) -> Result<String, WorkError> {
    let mut prompt = prompt;
    for verdict in super::review::verdicts(work, Moment::BeforeTurn, String::new()).await? {
        if let Verdict::Preface(words) = verdict {
            prompt = format!("{words}\n\n{prompt}");
        }
    }
    Ok(prompt)
}

/// Gives the prompt to the agent process that is there, once; with it the turn begins, unless it has begun.
async fn prompt(work: &mut Work, beginning: Option<Beginning>) -> Result<(), WorkError> {
    let (Some(turn), Some(pump)) = (&mut work.desk.run.turn, &mut work.pump) else {
        return Err(WorkError::failed(FailureKind::Internal, "no agent is followed"));
    };
    if turn.prompted || turn.ended.is_some() {
        return Ok(());
    }
    let words = if turn.tried { format!("{INTERRUPTED}{}", turn.prompt) } else { turn.prompt.clone() };
    turn.prompted = true;
    turn.tried = true;
    let actions = pump.conversation().prompt(&words);
    let prepared = work.desk.session.status == Status::Preparing;
    let Some(Beginning { change, number, at }) = beginning else {
        let back = prepared.then(|| (Move::Begin, Some("the work goes on".to_owned())));
        return pump.apply_and_move(&mut work.desk, actions, Change::default(), back, None).await;
    };
    let edit = move |session: &mut Session| {
        session.turns = number;
        session.started_at.get_or_insert(at);
    };
    let step = prepared.then_some((Move::Begin, None));
    pump.apply_and_move(&mut work.desk, actions, change, step, Some(&edit)).await
}

async fn follow(work: &mut Work) -> Result<(), WorkError> {
    let clock = Arc::clone(&work.desk.engine.ports().clock);
    let options = work.desk.engine.options().clone();
    let policy_time = work.desk.session.policy.time();
    let limit = options.prompt_timeout.map_or(policy_time, |cap| cap.min(policy_time));
    let mut mark = clock.monotonic();
    let mut settle: Option<Duration> = None;
    loop {
        let (Some(pump), Some(turn)) = (&mut work.pump, &mut work.desk.run.turn) else {
            return Ok(());
        };
        let now = clock.monotonic();
        if work.desk.session.status != Status::Waiting {
            let worked = now.saturating_sub(mark);
            turn.worked_ms = turn.worked_ms.saturating_add(u64::try_from(worked.as_millis()).unwrap_or(0));
        }
        mark = now;
        let ended = turn.ended.is_some() || pump.turn_failed.is_some();
        if ended && turn.open_calls.is_empty() || settle.is_some_and(|until| now >= until) {
            if judge(work).await? {
                return Ok(());
            }
            settle = None;
            continue;
        }
        if ended && settle.is_none() {
            settle = Some(now.saturating_add(SETTLE));
        }
        if let (Some(exit), false) = (&pump.exit, ended) {
            let message =
                format!("the agent ended in the middle of a turn: {}", ending(exit, pump.last_words()));
            return Err(WorkError::failed(FailureKind::AgentError, message));
        }
        if turn.worked() >= limit {
            let message =
                format!("the turn took longer than {} s, which is what its policy gives", limit.as_secs());
            return Err(WorkError::failed(FailureKind::Timeout, message));
        }
        let left = limit.saturating_sub(turn.worked()).max(Duration::from_millis(1));
        let wait = settle.map_or(left, |until| until.saturating_sub(now).min(left));
        if !turn.is_quiet() || work.desk.session.status == Status::Waiting {
            pump.heard_at = now;
        }
        let silent = now.saturating_sub(pump.heard_at);
        if settle.is_none() && silent >= options.silence_timeout {
            let message = format!("the agent was silent for {} s", silent.as_secs());
            return Err(WorkError::failed(FailureKind::AgentError, message));
        }
        let wait = wait.min(options.silence_timeout.saturating_sub(silent));
        match pump.tick(&mut work.desk, wait).await? {
            Tick::Progress | Tick::Timeout => {}
            Tick::News => news(work).await?,
        }
    }
}

/// Looks for a stop, for answers, and for a message that steers.
async fn news(work: &mut Work) -> Result<(), WorkError> {
    work.desk.refresh().await?;
    let Some(pump) = &mut work.pump else { return Ok(()) };
    pump.pass_answers(&mut work.desk).await?;
    let id = work.desk.session.id.clone();
    let messages = work.desk.engine.ports().store.messages(&id).await.map_err(WorkError::Store)?;
    let steers = messages.iter().any(|m| m.state == MessageState::Queued && m.queue == Queueing::Steer);
    let Some(turn) =
        work.desk.run.turn.as_mut().filter(|turn| steers && !turn.steered && turn.ended.is_none())
    else {
        return Ok(());
    };
    turn.steered = true;
    let actions = pump.conversation().cancel();
    pump.apply(&mut work.desk, actions, Change::default()).await
}

/// Decides whether a turn that the agent calls ended is over.
async fn judge(work: &mut Work) -> Result<bool, WorkError> {
    let (Some(turn), Some(pump)) = (&mut work.desk.run.turn, &mut work.pump) else {
        return Ok(true);
    };
    let failed = pump.turn_failed.take();
    let believed = turn.is_believed();
    if !believed && turn.reprompts < MAX_REPROMPTS {
        return go_on(work).await.map(|()| false);
    }
    if let Some(reason) = failed {
        return Err(WorkError::failed(FailureKind::AgentError, format!("the agent failed: {reason}")));
    }
    if !believed {
        let message =
            format!("the last call to the model did not finish, also after {MAX_REPROMPTS} new tries");
        return Err(WorkError::failed(FailureKind::AgentError, message)
            .hint("see the usage events: telecoder events ID"));
    }
    let Some(turn) = &mut work.desk.run.turn else {
        return Ok(true);
    };
    match turn.ended {
        Some(StopReason::EndTurn) | None => {}
        Some(StopReason::MaxTokens) => {
            work.doubts.push("The agent stopped at its model's token limit.".to_owned())
        }
        Some(StopReason::MaxTurnRequests) => {
            work.doubts.push("The agent stopped at its own limit of requests.".to_owned())
        }
        Some(StopReason::Refusal) => {
            return Err(WorkError::failed(FailureKind::AgentError, "the agent refused to go on"));
        }
        Some(StopReason::Cancelled) if turn.steered || turn.denied => {}
        Some(StopReason::Cancelled) => {
            return Err(WorkError::failed(FailureKind::AgentError, "the agent cancelled the turn by itself"));
        }
    }
    if turn.invalid > 0 {
        work.doubts.push(format!("{} lines of the agent could not be understood.", turn.invalid));
    }
    turn.over = true;
    Ok(true)
}

async fn go_on(work: &mut Work) -> Result<(), WorkError> {
    let (Some(turn), Some(pump)) = (&mut work.desk.run.turn, &mut work.pump) else {
        return Ok(());
    };
    turn.reprompts = turn.reprompts.saturating_add(1);
    turn.ended = None;
    turn.last_call = None;
    turn.calls = 0;
    turn.open_calls.clear();
    let number = turn.number;
    let actions = pump.conversation().prompt(GO_ON);
    let event =
        EventBody::Message { author: Author::Platform, text: GO_ON.to_owned(), chunk: false, turn: number };
    pump.apply(&mut work.desk, actions, Change::events(vec![event])).await
}
