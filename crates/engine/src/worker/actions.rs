//! What follows from an agent's lines (layer 1): events, permission answers by policy or by a person, the turn's end.

use super::desk::{Change, Desk};
use super::failure::WorkError;
use super::redact;
use bytes::Bytes;
use std::collections::VecDeque;
use telecoder_model::decision::{Decision, DecisionState};
use telecoder_model::event::{Author, EventBody, ToolCall};
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
    // The update of the call that a question is about comes right before it.
    let mut told = None;
    while let Some(action) = queue.pop_front() {
        match action {
            Action::Send(line) => decided.lines.push(line),
            Action::Event(event) => {
                told = if let EventBody::ToolUpdate(call) = &event { Some(call.clone()) } else { None };
                tell(desk, change, event)?;
            }
            Action::Ready => {
                if let Some(agent) = &mut desk.run.agent {
                    agent.ready = true;
                }
            }
            Action::Ask(request) => {
                queue.extend(ask(desk, conversation, change, request, told.take())?);
            }
            Action::Unask(request) => unask(desk, change, &mut decided, &request)?,
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

/// The move that the session's status needs, given the permission requests that wait for a person.
pub(crate) fn asked_move(desk: &Desk) -> Option<Move> {
    match (desk.session.status, desk.run.asked.is_empty()) {
        (Status::Running, false) => Some(Move::Ask),
        (Status::Waiting, true) => Some(Move::Answer),
        _ => None,
    }
}

fn tell(desk: &mut Desk, change: &mut Change, mut event: EventBody) -> Result<(), WorkError> {
    if let Some(turn) = &mut desk.run.turn {
        turn.hear(&event);
    }
    if let EventBody::Message { author: Author::Agent, turn, .. } = &mut event {
        *turn = desk.run.turn.as_ref().map_or(0, |turn| turn.number);
    }
    keep(desk, change, event)
}

/// Adds an event that the agent brought about, within what its policy keeps.
fn keep(desk: &mut Desk, change: &mut Change, event: EventBody) -> Result<(), WorkError> {
    let size = super::bound::size(&event);
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
    request: PermissionRequest,
    told: Option<ToolCall>,
) -> Result<Vec<Action>, WorkError> {
    let id = decision_id(desk)?;
    let event = |state: &str, by: Option<String>| EventBody::Permission {
        decision: id.clone(),
        title: request.title.clone(),
        kind: request.kind,
        options: request.options.clone(),
        state: state.to_owned(),
        by,
    };
    let answer = if desk.run.asked.len() >= MAX_ASKED {
        PermissionAnswer::Deny
    } else {
        desk.session.policy.answer(request.kind)
    };
    match answer {
        PermissionAnswer::Allow => {
            keep(desk, change, event("allowed", Some("policy".to_owned())))?;
            Ok(conversation.answer(&request.request, PermissionReply::Allow))
        }
        PermissionAnswer::Deny => {
            keep(desk, change, event("denied", Some("policy".to_owned())))?;
            if let Some(turn) = &mut desk.run.turn {
                turn.denied = true;
            }
            Ok(conversation.answer(&request.request, PermissionReply::Deny))
        }
        PermissionAnswer::Ask => {
            keep(desk, change, event("asked", None))?;
            let subject = told
                .filter(|call| call.title.as_ref() == Some(&request.title))
                .and_then(|call| super::bound::subject(&desk.engine.options().secrets, call))
                .map(Box::new);
            change.writes.push(Write::NewDecision(Box::new(Decision {
                id: id.clone(),
                session: desk.session.id.clone(),
                tenant: desk.session.tenant.clone(),
                owner: desk.session.owner.clone(),
                title: request.title,
                kind: request.kind,
                options: request.options,
                subject,
                request: request.request.clone(),
                state: DecisionState::Pending,
                answered_by: None,
                note: None,
                created_at: desk.engine.now(),
                answered_at: None,
            })));
            desk.run.asked.insert(request.request, id);
            Ok(Vec::new())
        }
    }
}

fn unask(
    desk: &mut Desk,
    change: &mut Change,
    decided: &mut Decided,
    request: &str,
) -> Result<(), WorkError> {
    let Some(id) = desk.run.asked.remove(request) else {
        return Ok(());
    };
    let text = format!("the agent no longer waits for the answer to {id}");
    decided.cancelled.push(id);
    keep(desk, change, EventBody::Output { stream: "update".to_owned(), text, blob: None })
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

/// What follows from the answers that people have given to open requests.
pub(crate) async fn answers(
    desk: &mut Desk,
    conversation: &mut dyn Conversation,
) -> Result<Vec<Action>, WorkError> {
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
    Ok(actions)
}
