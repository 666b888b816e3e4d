//! Following a session to its end, and telling how it ended; for `run`, `rerun`, `message` and `attach`.

use super::Context;
use crate::exit::{self, Failure, Outcome};
use crate::follow::{Ended, Until, follow, wait};
use crate::terminal::Output;
use crate::words::outcome;
use std::process::ExitCode;
use telecoder_api::Client;
use telecoder_api::session::{FailureKind, Session, Status};

/// The exit code after Ctrl-C: 128 and the number of SIGINT.
const INTERRUPTED: u8 = 130;

/// Follows a session to its end and tells the outcome.
pub(crate) async fn to_the_end(context: &Context, client: &Client, id: &str, after: u64) -> Outcome {
    let terminal = context.terminal;
    // Where nobody can answer, waiting for a person is an end.
    let until = if terminal.is_terminal() { Until::End } else { Until::Rest };
    let ended = if terminal.telling() == Output::Json {
        wait(terminal, client, id, after, until).await?
    } else {
        follow(terminal, client, id, after, until).await?.0
    };
    if ended == Ended::Interrupted {
        return Ok(interrupted(context, id));
    }
    let session = client.session(id).await?;
    tell(context, &session)?;
    Ok(exit::of_session(&session))
}

/// Tells a new session that is not followed: its id, or all of it as JSON.
pub(crate) fn created(context: &Context, session: &Session) -> Outcome {
    if context.terminal.telling() == Output::Json {
        context.terminal.json(session)?;
    } else {
        context.terminal.line(&session.id)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Ctrl-C ends the following, never the session.
pub(crate) fn interrupted(context: &Context, id: &str) -> ExitCode {
    context.terminal.note(&format!(
        "The session goes on. Follow it: telecoder attach {id}   stop it: telecoder stop {id}"
    ));
    ExitCode::from(INTERRUPTED)
}

/// Tells how a session stands, and what can be done next.
pub(crate) fn tell(context: &Context, session: &Session) -> Result<(), Failure> {
    if context.terminal.telling() == Output::Json {
        return context.terminal.json(session);
    }
    context.terminal.line(&format!("\n{}", outcome(session)))?;
    for hint in next(session) {
        context.terminal.note(&hint);
    }
    Ok(())
}

fn next(session: &Session) -> Vec<String> {
    let id = &session.id;
    let mut hints = Vec::new();
    if session.diff_stat.is_some_and(|stat| stat.files > 0) {
        hints.push(format!("  See the change: telecoder diff {id}"));
    }
    let local = session.pr_repo.as_deref().is_none_or(|repo| repo.starts_with('/'));
    if let Some(number) = session.pr_number.filter(|_| local) {
        hints.push(format!(
            "  See it whole: telecoder pr show {number}   merge it: telecoder pr merge {number}"
        ));
    }
    match session.status {
        Status::Waiting => hints.push(format!("  It waits for you: telecoder approvals {id}")),
        // The work itself is done.
        Status::Error if session.failure_kind == Some(FailureKind::ForgeError) => {
            hints.push(format!("  Publish it when that is mended: telecoder publish {id}"));
        }
        Status::Error => hints.push(format!("  Try it again: telecoder rerun {id}")),
        Status::Pending
        | Status::Preparing
        | Status::Running
        | Status::Idle
        | Status::Hibernated
        | Status::Complete
        | Status::Stopped => {}
    }
    hints
}
