//! `rm` and `prune`.

use super::Context;
use crate::arguments::{PruneArguments, RemoveArguments};
use crate::exit::{Failure, Outcome};
use crate::table::{self, Cell};
use crate::terminal::{DIM, Output};
use crate::words::clean;
use std::process::ExitCode;
use telecoder_api::ClientError;
use telecoder_api::prune::{PruneRequest, Pruned, PrunedSession};

/// Removes sessions, each by its id; one that cannot be removed does not keep the others.
pub(crate) async fn remove(context: &Context, options: &RemoveArguments) -> Outcome {
    let client = context.client()?;
    let mut code = ExitCode::SUCCESS;
    for id in &options.ids {
        // A prefix is told as the id that it means.
        let removed = match client.session(id).await {
            Ok(session) => client.remove_session(&session.id).await.map(|()| session.id),
            Err(error) => Err(error),
        };
        match removed {
            Ok(id) => context.terminal.line(&format!("Session {id} is removed."))?,
            Err(error @ ClientError::Api { .. }) if options.ids.len() > 1 => {
                code = Failure::from(error).tell();
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(code)
}

/// Removes what has ended a while ago.
pub(crate) async fn prune(context: &Context, options: &PruneArguments) -> Outcome {
    let client = context.client()?;
    let mut request =
        PruneRequest { older_seconds: options.older, dry_run: options.dry_run, ..PruneRequest::default() };
    let mut all = Pruned { dry_run: options.dry_run, sessions: Vec::new(), next: None };
    loop {
        let page = client.prune(&request).await?;
        all.sessions.extend(page.sessions);
        match page.next {
            Some(next) => request.after = Some(next),
            None => break,
        }
    }
    if context.terminal.listing() == Output::Json {
        context.terminal.json(&all)?;
        return Ok(ExitCode::SUCCESS);
    }
    let gone = all.sessions.iter().filter(|row| row.kept.is_none()).count();
    let kept = all.sessions.len() - gone;
    let verb = if options.dry_run { "would be removed" } else { "removed" };
    let rows = all.sessions.into_iter().map(|one| row(one, verb)).collect();
    table::show(context.terminal, &["id", "what", "last change", "title"], rows)?;
    context.terminal.note(&format!("{gone} {verb}, {kept} kept"));
    Ok(ExitCode::SUCCESS)
}

fn row(from: PrunedSession, verb: &str) -> Vec<Cell> {
    let what = match from.kept {
        Some(why) => Cell::new(DIM, &format!("kept: {}", clean(&why))),
        None => verb.into(),
    };
    vec![from.session.id.into(), what, from.session.updated_at.into(), clean(&from.session.title).into()]
}
