//! `pr list|show|diff|merge|close`.

use super::{Context, diff};
use crate::arguments::{PrCommand, PrListArguments};
use crate::exit::Outcome;
use crate::repository;
use crate::table::{self, Cell};
use crate::terminal::{CYAN, DIM, GREEN, Output};
use crate::words;
use std::process::ExitCode;
use telecoder_api::pull::{Pull, PullFilter, PullState};

/// Runs a command on pull requests.
pub(crate) async fn run(context: &Context, command: PrCommand) -> Outcome {
    match command {
        PrCommand::List(options) => list(context, options).await,
        PrCommand::Show(one) => {
            let pull = context.client()?.pull(one.number).await?;
            show(context, &pull)
        }
        PrCommand::Diff(one) => {
            let client = context.client()?;
            let pull = client.pull(one.number).await?;
            diff::show(context, &client.diff_patch(&pull.session_id).await?)?;
            Ok(ExitCode::SUCCESS)
        }
        PrCommand::Merge(one) => {
            let pull = context.client()?.merge_pull(one.number).await?;
            told(context, &pull)
        }
        PrCommand::Close(one) => {
            let pull = context.client()?.close_pull(one.number).await?;
            told(context, &pull)
        }
    }
}

async fn list(context: &Context, options: PrListArguments) -> Outcome {
    let filter = PullFilter {
        state: options.state.map(|state| state.to_string()),
        repo: options.repo.as_deref().map(repository::filter).transpose()?,
        session: None,
        limit: options.limit,
        cursor: None,
    };
    let rows = context.client()?.pulls(&filter).await?.rows;
    if context.terminal.listing() == Output::Json {
        context.terminal.json(&rows)?;
    } else if rows.is_empty() {
        context.terminal.note("No pull requests.");
    } else {
        let short = context.terminal.listing() == Output::Table;
        let cells = rows.iter().map(|pull| row(pull, short)).collect();
        table::show(context.terminal, &["number", "state", "repo", "branches", "title"], cells)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn row(pull: &Pull, short: bool) -> Vec<Cell> {
    let repo = if short { words::short_repo(&pull.repo) } else { &pull.repo };
    let style = match pull.state {
        PullState::Open => GREEN,
        PullState::Merged => CYAN,
        PullState::Draft | PullState::Closed => DIM,
    };
    vec![
        format!("#{}", pull.number).into(),
        Cell::new(style, pull.state.as_str()),
        repo.into(),
        format!("{} ← {}", pull.base, pull.head).into(),
        pull.title.as_str().into(),
    ]
}

fn show(context: &Context, pull: &Pull) -> Outcome {
    if context.terminal.telling() == Output::Json {
        context.terminal.json(pull)?;
    } else {
        context.terminal.line(&words::pull(pull))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn told(context: &Context, pull: &Pull) -> Outcome {
    if context.terminal.telling() == Output::Json {
        context.terminal.json(pull)?;
    } else {
        let commit = pull
            .merge_sha
            .as_ref()
            .map(|sha| format!(" as {}", sha.get(..12).unwrap_or(sha)))
            .unwrap_or_default();
        context.terminal.line(&format!("Pull request #{} is {}{commit}.", pull.number, pull.state))?;
    }
    Ok(ExitCode::SUCCESS)
}
