//! Refusals of a commit's rows (layer 1), in the same words on every database.

use crate::prepared::Head;
use telecoder_model::PortError;
use telecoder_model::decision::Decision;
use telecoder_model::id::ProcessId;
use telecoder_model::port::store::OutboxRow;

/// Messages that one session may have.
const MAX_MESSAGES: u64 = 10_000;

pub(crate) fn decision_exists(decision: &Decision) -> PortError {
    PortError::conflict(format!("decision {} exists", decision.id))
}

pub(crate) fn decision_not_pending(head: &Head, decision: &Decision, exists: bool) -> PortError {
    if exists {
        return PortError::conflict(format!("decision {} is no longer pending", decision.id));
    }
    PortError::not_found(format!("session {} has no decision {}", head.session, decision.id))
}

pub(crate) fn not_the_next_line(head: &Head, process: &ProcessId, number: u64) -> PortError {
    PortError::conflict(format!(
        "line {number} is not the next one for process {process} of session {}",
        head.session
    ))
}

pub(crate) fn has_room_for_a_message(head: &Head) -> Result<(), PortError> {
    if head.messages < MAX_MESSAGES {
        return Ok(());
    }
    Err(PortError::full(format!(
        "session {} has {MAX_MESSAGES} messages; no more are accepted",
        head.session
    ))
    .remedy("Start a new session."))
}

pub(crate) fn message_not_queued(head: &Head, number: u64) -> PortError {
    if (1..=head.messages).contains(&number) {
        return PortError::conflict(format!("message {number} of session {} no longer waits", head.session));
    }
    PortError::not_found(format!("session {} has no message {number}", head.session))
}

pub(crate) fn effect_not_pending(row: &OutboxRow, exists: bool) -> PortError {
    if exists {
        return PortError::conflict(format!("the outside effect {} is settled", row.key));
    }
    PortError::not_found(format!("session {} has no outside effect {}", row.session, row.key))
}

pub(crate) fn declared_dead(instance: &telecoder_model::id::InstanceId) -> PortError {
    PortError::conflict(format!("server {instance} is not registered, or was declared dead"))
}
