//! `status`, `stop`, `rerun`, `attach`, `rename`.

use super::Context;
use super::following::{created, tell, to_the_end};
use crate::exit::{self, Failure, Outcome};
use crate::terminal::{DIM, Output, styled};
use crate::words::{answer, clean, duration, outcome};
use std::process::ExitCode;
use telecoder_api::session::{Session, Status};

/// Shows a session.
pub(crate) async fn status(context: &Context, id: &str) -> Outcome {
    let session = context.client()?.session(id).await?;
    if context.terminal.listing() == Output::Json {
        context.terminal.json(&session)?;
    } else {
        context.terminal.line(&outcome(&session))?;
        if let Some(answer) = answer(&session) {
            context.terminal.line(&format!("\n{answer}"))?;
        }
        context.terminal.line(&facts(&session))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn facts(session: &Session) -> String {
    let usage = format!(
        "{} in, {} out, {} cached",
        session.usage.input_tokens, session.usage.output_tokens, session.usage.cached_tokens
    );
    let rows = [
        ("Session", Some(session.id.clone())),
        ("Prompt", Some(telecoder::cut(&session.prompt, 300))),
        ("Repository", session.repo.clone()),
        ("For", session.pr_repo.clone().filter(|to| Some(to) != session.repo.as_ref())),
        ("Branch", Some(session.branch.clone())),
        ("Base", session.base.clone()),
        ("Commit", session.head_sha.clone()),
        ("Agent", Some(session.agent.clone())),
        ("Model", session.model.clone()),
        ("Policy", Some(session.policy.name.clone())),
        ("Parent", session.parent_session_id.clone()),
        ("Tokens", Some(usage)),
        ("At work", Some(duration(session.usage.duration_ms))),
        ("Created", Some(session.created_at.clone())),
        ("Finished", session.finished_at.clone()),
    ];
    let mut lines = vec![String::new()];
    for (name, value) in rows {
        if let Some(value) = value {
            lines.push(format!("  {} {}", styled(DIM, &format!("{name:<10}")), clean(&value)));
        }
    }
    lines.join("\n")
}

/// Stops a session.
pub(crate) async fn stop(context: &Context, id: &str) -> Outcome {
    let session = context.client()?.stop_session(id).await?;
    if context.terminal.telling() == Output::Json {
        context.terminal.json(&session)?;
    } else if session.status == Status::Stopped {
        context.terminal.line(&format!("Session {} is stopped.", session.id))?;
    } else {
        context.terminal.line(&format!("Session {} had ended already: {}.", session.id, session.status))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs a session's task again.
pub(crate) async fn rerun(context: &Context, id: &str, detach: bool) -> Outcome {
    let client = context.client()?;
    let session = client.rerun_session(id, None).await?.value;
    if detach {
        return created(context, &session);
    }
    context.terminal.note(&format!("Session {}", session.id));
    to_the_end(context, &client, &session.id, 0).await
}

/// Follows a session that runs; one that has ended is told at once.
pub(crate) async fn attach(context: &Context, id: &str) -> Outcome {
    let client = context.client()?;
    let session = client.session(id).await?;
    if session.status.has_ended() {
        tell(context, &session)?;
        if let Some(answer) = answer(&session).filter(|_| context.terminal.telling() != Output::Json) {
            context.terminal.line(&format!("\n{answer}"))?;
        }
        return Ok(exit::of_session(&session));
    }
    to_the_end(context, &client, &session.id, 0).await
}

/// Gives a session another title.
pub(crate) async fn rename(context: &Context, id: &str, title: &str) -> Outcome {
    if title.trim().is_empty() {
        return Err(Failure::usage("the title is empty"));
    }
    let session = context.client()?.rename_session(id, title).await?;
    if context.terminal.telling() == Output::Json {
        context.terminal.json(&session)?;
    } else {
        context.terminal.line(&format!("Session {} is now called: {}", session.id, clean(&session.title)))?;
    }
    Ok(ExitCode::SUCCESS)
}
