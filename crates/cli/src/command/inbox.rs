//! `inbox`: what needs an answer, then what has finished.

use super::Context;
use crate::arguments::InboxArguments;
use crate::exit::Outcome;
use crate::terminal::{BOLD, Output, styled};
use crate::words::{clean, status};
use std::process::ExitCode;

/// Shows the inbox, or marks it as seen.
pub(crate) async fn inbox(context: &Context, options: &InboxArguments) -> Outcome {
    let client = context.client()?;
    if options.seen {
        client.inbox_seen().await?;
        context.terminal.note("Everything is marked as seen.");
        return Ok(ExitCode::SUCCESS);
    }
    let inbox = client.inbox(options.limit).await?;
    if context.terminal.listing() == Output::Json {
        context.terminal.json(&inbox)?;
        return Ok(ExitCode::SUCCESS);
    }
    if inbox.waiting.is_empty() && inbox.finished.is_empty() {
        context.terminal.note("Nothing yet. Begin with: telecoder run \"…\"");
    }
    if !inbox.waiting.is_empty() {
        context.terminal.line(&styled(BOLD, "Needs an answer"))?;
    }
    for entry in &inbox.waiting {
        let line = format!(
            "  {}  {}  ({})",
            entry.approval.id,
            clean(&entry.approval.title),
            clean(&entry.session.title)
        );
        context.terminal.line(&line)?;
    }
    if !inbox.finished.is_empty() {
        context.terminal.line(&styled(BOLD, "Finished"))?;
    }
    for entry in &inbox.finished {
        let session = &entry.session;
        let mark = if entry.unread { "●" } else { " " };
        let pull = session.pr_number.map(|number| format!("  #{number}")).unwrap_or_default();
        let head = session.outcome.as_ref().map_or(&session.title, |outcome| &outcome.headline);
        let line = format!("{mark} {}  {}  {}{pull}", session.id, status(session.status), clean(head));
        context.terminal.line(&line)?;
    }
    Ok(ExitCode::SUCCESS)
}
