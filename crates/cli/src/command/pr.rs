//! `pr list|show|diff|merge|close`.

use super::{Context, diff};
use crate::arguments::{PrCommand, PrListArguments};
use crate::exit::Outcome;
use crate::repository;
use crate::table::table;
use crate::terminal::Output;
use crate::words;
use std::process::ExitCode;
use telecoder_api::pull::{Pull, PullFilter};

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
        state: options.state,
        repo: options.repo.as_deref().map(repository::canonical).transpose()?,
        session: None,
        limit: options.limit,
        cursor: None,
    };
    let rows = context.client()?.pulls(&filter).await?.rows;
    if context.terminal.listing() == Output::Json {
        context.terminal.json(&rows)?;
    } else if rows.is_empty() {
        context.terminal.line("No pull requests.")?;
    } else {
        let cells = rows
            .into_iter()
            .map(|pull| {
                let branches = format!("{} ← {}", pull.base, pull.head);
                vec![format!("#{}", pull.number), pull.state.to_string(), pull.repo, branches, pull.title]
            })
            .collect();
        context.terminal.line(&table(&["number", "state", "repo", "branches", "title"], cells))?;
    }
    Ok(ExitCode::SUCCESS)
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
