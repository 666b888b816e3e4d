//! What a pull request's state allows (layer 1), the same for every database.

use telecoder_model::PortError;
use telecoder_model::port::store::{NewPull, PullChange};
use telecoder_model::pull::{Pull, PullState};
use telecoder_model::time::Timestamp;

/// Refuses one that does not begin open.
pub(crate) fn begins_open(pull: &NewPull) -> Result<(), PortError> {
    if pull.state.is_open() {
        return Ok(());
    }
    Err(PortError::permanent("a pull request begins as a draft or open"))
}

/// Says that there is none.
pub(crate) fn missing(number: u64) -> PortError {
    PortError::not_found(format!("there is no pull request {number}"))
}

/// Title and body may change for ever; everything else only while it is open.
pub(crate) fn changed(mut pull: Pull, change: &PullChange, at: Timestamp) -> Result<Pull, PortError> {
    let PullChange { title, body, head_commit, base, state, merge_commit } = change.clone();
    let needs_open = head_commit.is_some() || base.is_some() || state.is_some() || merge_commit.is_some();
    if needs_open && !pull.state.is_open() {
        return Err(PortError::conflict(format!("pull request {} is {}", pull.number, pull.state.as_str())));
    }
    if merge_commit.is_some() && state != Some(PullState::Merged) {
        return Err(PortError::permanent("a merge commit belongs to a change to merged"));
    }
    pull.title = title.unwrap_or(pull.title);
    pull.body = body.unwrap_or(pull.body);
    pull.head_commit = head_commit.unwrap_or(pull.head_commit);
    pull.base = base.unwrap_or(pull.base);
    pull.state = state.unwrap_or(pull.state);
    pull.merge_commit = merge_commit.or(pull.merge_commit);
    pull.updated_at = at;
    Ok(pull)
}
