//! What follows from an agent's lines (layer 1): events, permission answers by policy or by a person, the turn's end.

use super::desk::{Change, Desk};
use super::failure::WorkError;
use super::redact;
use bytes::Bytes;
use std::collections::VecDeque;
use telecoder_model::decision::{Decision, DecisionState};
use telecoder_model::event::{Author, EventBody};
use telecoder_model::id::DecisionId;
use telecoder_model::policy::PermissionAnswer;
use telecoder_model::port::agent::{Action, Conversation, PermissionReply, PermissionRequest};
use telecoder_model::port::store::{Commit, Write};
use telecoder_model::session::{FailureKind, Move, Status};

/// Permission requests that may wait for a person at once.
const MAX_ASKED: usize = 100;

/// What was decided beside events.
#[derive(Default)]
pub(crate) struct Decided {
    /// Lines to write.
    pub(crate) lines: Vec<Bytes>,
    /// The session's status moves: a person must answer, or need not any more.
    pub(crate) asked: Option<Move>,
    /// Decisions that the agent no longer waits for.
    pub(crate) cancelled: Vec<DecisionId>,
    /// The prompt was answered by an error.
    pub(crate) turn_failed: Option<String>,
    /// The conversation cannot go on.
    pub(crate) broken: Option<WorkError>,
}

/// Turns actions into a change.
pub(crate) fn decide(
    desk: &mut Desk,
    conversation: &mut dyn Conversation,
    actions: Vec<Action>,
    change: &mut Change,
) -> Result<Decided, WorkError> {
    let mut decided = Decided::default();
    let mut queue: VecDeque<Action> = actions.into();
    while let Some(action) = queue.pop_front() {
        match action {
            Action::Send(line) => decided.lines.push(line),
            Action::Event(event) => tell(desk, change, event)?,
            Action::Ready => {
                if let Some(agent) = &mut desk.run.agent {
                    agent.ready = true;
                }
            }
            Action::Ask(request) => {
                queue.extend(ask(desk, conversation, change, &mut decided, request)?);
            }
            Action::Unask(request) => unask(desk, change, &mut decided, &request),
            Action::TurnEnded(reason) => {
                change.events.extend(redact::release(&mut desk.run.held));
                if let Some(turn) = &mut desk.run.turn {
                    turn.ended = Some(reason);
                }
            }
            Action::TurnFailed(message) => {
                change.events.extend(redact::release(&mut desk.run.held));
                decided.turn_failed = Some(message);
            }
            Action::Broken { reason, remedy } => {
                let failed = WorkError::failed(FailureKind::AgentError, reason);
                decided.broken = Some(match remedy {
                    Some(remedy) => failed.hint(remedy),
                    None => failed,
                });
            }
        }
    }
    Ok(decided)
}

fn tell(desk: &mut Desk, change: &mut Change, mut event: EventBody) -> Result<(), WorkError> {
    if let EventBody::Message { author: Author::Agent, turn, .. } = &mut event {
        *turn = desk.run.turn.as_ref().map_or(0, |turn| turn.number);
    }
    let size = serde_json::to_vec(&event).map_or(0, |bytes| bytes.len());
    desk.run.output = desk.run.output.saturating_add(u64::try_from(size).unwrap_or(0));
    let most = desk.session.policy.output_bytes;
    if desk.run.output > most {
        return Err(WorkError::failed(
            FailureKind::AgentError,
            format!("the agent wrote more than {} MiB, which is what its policy keeps", most >> 20),
        ));
    }
    change.events.extend(redact::chunk(&desk.engine.options().secrets, &mut desk.run.held, event));
    Ok(())
}

fn ask(
    desk: &mut Desk,
    conversation: &mut dyn Conversation,
    change: &mut Change,
    decided: &mut Decided,
    request: PermissionRequest,
) -> Result<Vec<Action>, WorkError> {
    let id = decision_id(desk)?;
    let mut told = |state: &str, by: Option<String>| {
        change.events.push(EventBody::Permission {
            decision: id.clone(),
            title: request.title.clone(),
            kind: request.kind,
            options: request.options.clone(),
            state: state.to_owned(),
            by,
        });
    };
    let answer = if desk.run.asked.len() >= MAX_ASKED {
        PermissionAnswer::Deny
    } else {
        desk.session.policy.answer(request.kind)
    };
    match answer {
        PermissionAnswer::Allow => {
            told("allowed", Some("policy".to_owned()));
            Ok(conversation.answer(&request.request, PermissionReply::Allow))
        }
        PermissionAnswer::Deny => {
            told("denied", Some("policy".to_owned()));
            if let Some(turn) = &mut desk.run.turn {
                turn.denied = true;
            }
            Ok(conversation.answer(&request.request, PermissionReply::Deny))
        }
        PermissionAnswer::Ask => {
            told("asked", None);
            change.writes.push(Write::NewDecision(Box::new(Decision {
                id: id.clone(),
                session: desk.session.id.clone(),
                tenant: desk.session.tenant.clone(),
                owner: desk.session.owner.clone(),
                title: request.title,
                kind: request.kind,
                options: request.options,
                request: request.request.clone(),
                state: DecisionState::Pending,
                answered_by: None,
                note: None,
                created_at: desk.engine.now(),
                answered_at: None,
            })));
            desk.run.asked.insert(request.request, id);
            if desk.session.status == Status::Running {
                decided.asked = Some(Move::Ask);
            }
            Ok(Vec::new())
        }
    }
}

fn unask(desk: &mut Desk, change: &mut Change, decided: &mut Decided, request: &str) {
    let Some(id) = desk.run.asked.remove(request) else {
        return;
    };
    change.events.push(EventBody::Output {
        stream: "update".to_owned(),
        text: format!("the agent no longer waits for the answer to {id}"),
        blob: None,
    });
    decided.cancelled.push(id);
    if desk.run.asked.is_empty() && desk.session.status == Status::Waiting {
        decided.asked = Some(Move::Answer);
    }
}

/// Marks a decision as no longer needed; does nothing where somebody has answered it meanwhile.
pub(crate) async fn cancel(desk: &Desk, id: &DecisionId) {
    let store = &desk.engine.ports().store;
    let Ok(Some(mut decision)) = store.decision(id).await else {
        return;
    };
    decision.state = DecisionState::Cancelled;
    decision.answered_at = Some(desk.engine.now());
    let mut commit = Commit::new(desk.session.id.clone(), desk.engine.now());
    commit.writes.push(Write::Decision(Box::new(decision)));
    if let Err(error) = store.commit(commit).await {
        tracing::debug!(decision = %id, error = %error.chain(), "a decision was not cancelled");
    }
}

fn decision_id(desk: &Desk) -> Result<DecisionId, WorkError> {
    format!("d-{}", desk.engine.ports().ids.word(12))
        .parse()
        .map_err(|_| WorkError::failed(FailureKind::Internal, "the ids port gave no usable name"))
}

/// Passes answers of people on to the agent. Gives the actions that follow and what to commit along.
pub(crate) async fn answers(
    desk: &mut Desk,
    conversation: &mut dyn Conversation,
) -> Result<Option<(Vec<Action>, Option<Move>)>, WorkError> {
    if desk.run.asked.is_empty() {
        return Ok(None);
    }
    let mut actions = Vec::new();
    let open: Vec<(String, DecisionId)> =
        desk.run.asked.iter().map(|(r, d)| (r.clone(), d.clone())).collect();
    for (request, id) in open {
        let found = desk.engine.ports().store.decision(&id).await.map_err(WorkError::Store)?;
        let reply = match found.map(|decision| decision.state) {
            Some(DecisionState::Pending) => continue,
            Some(DecisionState::Approved) => PermissionReply::Allow,
            Some(DecisionState::Denied) => PermissionReply::Deny,
            Some(DecisionState::Cancelled) | None => PermissionReply::Cancelled,
        };
        if reply == PermissionReply::Deny
            && let Some(turn) = &mut desk.run.turn
        {
            turn.denied = true;
        }
        desk.run.asked.remove(&request);
        actions.extend(conversation.answer(&request, reply));
    }
    if actions.is_empty() {
        return Ok(None);
    }
    let back = desk.run.asked.is_empty() && desk.session.status == Status::Waiting;
    Ok(Some((actions, back.then_some(Move::Answer))))
}
