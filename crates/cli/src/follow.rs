//! Following a session (layer 4): its events as they come, over lost connections.

use crate::exit::Failure;
use crate::terminal::Terminal;
use crate::writer::Writer;
use telecoder_api::Client;
use telecoder_api::client::{Reconnect, Start, backoff};
use telecoder_api::event::{Event, EventBody};
use telecoder_api::session::Status;
use tokio::signal::unix::{SignalKind, signal};

/// How often a lost connection is made anew, with growing pauses: about two minutes.
const RECONNECTS: u32 = 30;

/// When following ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// The session has ended.
    End,
    /// It has ended or waits for a person or a message.
    Rest,
    /// What is there has been shown.
    Now,
}

/// How following ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// As was wanted.
    Reached,
    /// By Ctrl-C; the session goes on.
    Interrupted,
}

/// Follows a session and writes what happens. Gives the number of the last event.
pub(crate) async fn follow(
    terminal: Terminal,
    client: &Client,
    id: &str,
    after: u64,
    until: Until,
) -> Result<(Ended, u64), Failure> {
    let mut writer = Writer::new(terminal);
    let ended = each(terminal, client, id, after, until, |event| writer.event(event)).await;
    writer.end()?;
    ended
}

/// Waits for a session without a word.
pub(crate) async fn wait(
    terminal: Terminal,
    client: &Client,
    id: &str,
    after: u64,
    until: Until,
) -> Result<Ended, Failure> {
    Ok(each(terminal, client, id, after, until, |_| Ok(())).await?.0)
}

/// Gives each event to `see`, until the end that is wanted.
async fn each(
    terminal: Terminal,
    client: &Client,
    id: &str,
    after: u64,
    until: Until,
    mut see: impl FnMut(&Event) -> Result<(), Failure>,
) -> Result<(Ended, u64), Failure> {
    let start = Start { after, stay: until != Until::Now };
    let mut follower = client.follow(id, start, patient(terminal));
    // One listener for the whole time: one that is made anew for each event would miss a Ctrl-C between two.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut last = after;
    loop {
        let event = tokio::select! {
            event = follower.next() => event,
            _ = interrupt.recv() => return Ok((Ended::Interrupted, last)),
        };
        let Some(event) = event else {
            return Ok((Ended::Reached, last));
        };
        let event = event?;
        last = event.seq;
        see(&event)?;
        // The log may tell of a rest that is over: what counts is how the session stands now.
        if until == Until::Rest && tells_of_rest(&event) && rests(client.session(id).await?.status) {
            return Ok((Ended::Reached, last));
        }
    }
}

/// Makes lost connections anew, and says so once for each loss.
pub(crate) fn patient(terminal: Terminal) -> Reconnect {
    let mut wait = backoff(RECONNECTS);
    Box::new(move |failures, error| {
        let pause = wait(failures, error);
        if failures == 1 && pause.is_some() {
            terminal.note("The server does not answer; the session goes on by itself. Trying again …");
        }
        pause
    })
}

fn tells_of_rest(event: &Event) -> bool {
    matches!(event.body(), Some(EventBody::Status { status, .. }) if rests(status))
}

fn rests(status: Status) -> bool {
    matches!(status, Status::Waiting | Status::Idle)
}
