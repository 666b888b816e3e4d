//! Model calls as the gateway saw them (layer 1): numbered and recorded before they go out, and once they have ended.

use super::calls::CallNews;
use super::desk::{Change, Desk};
use super::failure::WorkError;
use telecoder_model::PortError;
use telecoder_model::event::EventBody;
use telecoder_model::session::FailureKind;
use telecoder_model::usage::{CallEnd, ModelCall, Usage};

/// Records one piece of news.
pub(crate) async fn record(desk: &mut Desk, news: CallNews, muted: bool) -> Result<(), WorkError> {
    match news {
        // A session that was stopped calls no model any more.
        CallNews::Started(_call, answer) if muted => {
            drop(answer.send(Err(PortError::conflict("the session's work has ended"))));
            Ok(())
        }
        CallNews::Started(_call, answer) => {
            desk.run.calls = desk.run.calls.saturating_add(1);
            let number = desk.run.calls;
            if let Some(turn) = desk.run.turn.as_mut().filter(|turn| !turn.over) {
                turn.calls = turn.calls.saturating_add(1);
                turn.open_calls.push(number);
            }
            desk.commit(Change::default()).await?;
            // The connection may be gone already; then its end is told next.
            drop(answer.send(Ok(number)));
            Ok(())
        }
        CallNews::Ended(call, _under_way) => ended(desk, call, muted).await,
    }
}

/// Refusals of the key after which no agent needs to try again by itself (some do for minutes).
const MAX_UNAUTHORISED: u32 = 2;

async fn ended(desk: &mut Desk, call: ModelCall, muted: bool) -> Result<(), WorkError> {
    let unauthorised = call.end == CallEnd::Refused && matches!(call.status, Some(401 | 403));
    let provider = call.provider.clone();
    let reason = call.error.clone().unwrap_or_default();
    if let Some(turn) = &mut desk.run.turn {
        turn.unauthorised = if unauthorised { turn.unauthorised.saturating_add(1) } else { 0 };
    }
    if let Some(turn) = &mut desk.run.turn
        && let Some(at) = turn.open_calls.iter().position(|number| *number == call.number)
    {
        turn.open_calls.remove(at);
        // A call that the agent itself gave up says nothing about the turn.
        if call.end != CallEnd::Abandoned && turn.last_call.is_none_or(|(number, _)| number < call.number) {
            turn.last_call = Some((call.number, call.end));
        }
    }
    let usage = Usage { calls: 1, duration_ms: 0, ..call.usage };
    let events = if muted { Vec::new() } else { vec![EventBody::Usage(call)] };
    desk.update(Change::events(events), |session| session.usage.add(&usage)).await?;
    let given_up =
        desk.run.turn.as_ref().is_some_and(|turn| !turn.over && turn.unauthorised >= MAX_UNAUTHORISED);
    if given_up && !muted {
        let failed =
            WorkError::failed(FailureKind::AgentError, format!("{provider} refuses model calls: {reason}"));
        return Err(failed
            .hint(format!("check {}_API_KEY of the server; see telecoder doctor", provider.to_uppercase())));
    }
    Ok(())
}

/// Counts the calls that were open when an earlier server went away as broken.
pub(crate) fn break_open_calls(desk: &mut Desk) {
    let Some(turn) = &mut desk.run.turn else { return };
    let open = std::mem::take(&mut turn.open_calls);
    for number in open {
        if turn.last_call.is_none_or(|(last, _)| last < number) {
            turn.last_call = Some((number, CallEnd::Broken));
        }
    }
}
