//! `list` and `lineage`.

use super::Context;
use crate::arguments::ListArguments;
use crate::exit::{Failure, Outcome};
use crate::repository;
use crate::table::{self, Cell};
use crate::terminal::Output;
use crate::words;
use std::process::ExitCode;
use telecoder_api::pull::{Mergeable, PullCheckState, PullState};
use telecoder_api::session::{Session, SessionFilter};

/// Sessions in a table unless more are asked for.
const LIMIT: u32 = 50;

/// Lists sessions, newest first.
pub(crate) async fn list(context: &Context, options: ListArguments) -> Outcome {
    let filter = SessionFilter {
        status: options.status,
        agent: options.agent,
        policy: options.policy,
        parent: options.parent,
        lineage: options.lineage,
        repo: options.repo.as_deref().map(repository::filter).transpose()?,
        limit: Some(options.limit.unwrap_or(LIMIT)),
        ..SessionFilter::default()
    };
    let page = context.client()?.sessions(&filter).await?;
    show(context, &page.rows)?;
    if page.next.is_some() && context.terminal.listing() == Output::Table {
        context.terminal.note("There are more: --limit N shows up to 1000.");
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows a session with all of its line.
pub(crate) async fn lineage(context: &Context, id: &str) -> Outcome {
    let rows = context.client()?.lineage(id).await?;
    show(context, &rows)?;
    Ok(ExitCode::SUCCESS)
}

fn show(context: &Context, rows: &[Session]) -> Result<(), Failure> {
    if context.terminal.listing() == Output::Json {
        return context.terminal.json(&rows);
    }
    if rows.is_empty() {
        context.terminal.note("No sessions. Begin with: telecoder run \"…\"");
        return Ok(());
    }
    let head = ["id", "status", "agent", "repo", "pr", "created (utc)", "title"];
    table::show(context.terminal, &head, rows.iter().map(row).collect())
}

fn row(session: &Session) -> Vec<Cell> {
    let repo = session.repo.as_deref().map_or("–", words::short_repo);
    let created = session.created_at.get(..16).unwrap_or(&session.created_at).replace('T', " ");
    vec![
        session.id.as_str().into(),
        words::status_cell(session.status),
        session.agent.as_str().into(),
        repo.into(),
        pull(session).into(),
        created.into(),
        session.title.as_str().into(),
    ]
}

/// The pull request, with its state where that is not the usual one: `#7`, `#7 merged`, `#7 conflicts`.
fn pull(session: &Session) -> String {
    let Some(number) = session.pr_number else { return String::new() };
    let failed = session.pr_checks.iter().any(|check| check.state == PullCheckState::Failed);
    let word = match session.pr_state {
        Some(state @ (PullState::Merged | PullState::Closed | PullState::Draft)) => state.as_str(),
        Some(PullState::Open) | None if session.pr_mergeable == Some(Mergeable::Conflicts) => "conflicts",
        Some(PullState::Open) | None if failed => "failing",
        Some(PullState::Open) | None => "",
    };
    format!("#{number} {word}").trim_end().to_owned()
}
