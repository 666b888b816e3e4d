//! `pr list|show|diff|merge|close`.

use super::forge_pull::{ForgePull, Found, find, forge_pulls};
use super::{Context, diff};
use crate::arguments::{PrCommand, PrListArguments};
use crate::exit::{Failure, Outcome};
use crate::repository;
use crate::table::{self, Cell};
use crate::terminal::{CYAN, DIM, GREEN, Output};
use crate::words;
use std::process::ExitCode;
use telecoder_api::Client;
use telecoder_api::pull::{Pull, PullFilter, PullState};
use telecoder_api::session::SessionFilter;

/// Rows of a list unless more are asked for.
const LIMIT: usize = 50;
/// Lines of a failed check's log that are shown unless all are asked for.
const LOG_LINES: usize = 15;

/// Runs a command on pull requests.
pub(crate) async fn run(context: &Context, command: PrCommand) -> Outcome {
    match command {
        PrCommand::List(options) => list(context, options).await,
        PrCommand::Show(options) => {
            let client = context.client()?;
            match find(&client, &options.pull.name).await? {
                Found::Local(pull) => show(context, &pull),
                Found::Forge(row) => show_forge(context, &client, *row, options.logs).await,
            }
        }
        PrCommand::Diff(named) => {
            let client = context.client()?;
            let session = match find(&client, &named.name).await? {
                Found::Local(pull) => pull.session_id,
                Found::Forge(row) => row.session.id,
            };
            diff::show(context, &client.diff_patch(&session).await?)?;
            Ok(ExitCode::SUCCESS)
        }
        PrCommand::Merge(one) => {
            let client = context.client()?;
            only_local(&client, one.number, "merge").await?;
            told(context, &client.merge_pull(one.number).await?)
        }
        PrCommand::Close(one) => {
            let client = context.client()?;
            only_local(&client, one.number, "close").await?;
            told(context, &client.close_pull(one.number).await?)
        }
    }
}

/// Refuses what is done on the forge itself.
async fn only_local(client: &Client, number: u64, deed: &str) -> Result<(), Failure> {
    match find(client, &number.to_string()).await? {
        Found::Local(_) => Ok(()),
        Found::Forge(row) => Err(Failure::failed(format!(
            "pull request #{number} is one of {}: {deed} it there",
            words::clean(&row.repo)
        ))
        .hint(words::clean(row.url()))),
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
    let client = context.client()?;
    let mut rows: Vec<Found> =
        client.pulls(&filter).await?.rows.into_iter().map(|pull| Found::Local(Box::new(pull))).collect();
    let on_forges = SessionFilter {
        pr: Some("any".to_owned()),
        pr_state: filter.state.clone(),
        pr_repo: filter.repo.clone(),
        ..SessionFilter::default()
    };
    let most = options.limit.map_or(LIMIT, |limit| usize::try_from(limit).unwrap_or(LIMIT));
    rows.extend(forge_pulls(&client, &on_forges, most).await?.into_iter().map(Found::Forge));
    rows.sort_by(|a, b| b.created_at().cmp(a.created_at()));
    rows.truncate(most);
    if context.terminal.listing() == Output::Json {
        context.terminal.json(&rows)?;
    } else if rows.is_empty() {
        context.terminal.note("No pull requests.");
    } else {
        let short = context.terminal.listing() == Output::Table;
        let cells = rows.iter().map(|found| row(found, short)).collect();
        table::show(context.terminal, &["number", "state", "repo", "branches", "title"], cells)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn row(found: &Found, short: bool) -> Vec<Cell> {
    let (number, state, repo, base, head, title) = match found {
        Found::Local(pull) => (pull.number, pull.state, &pull.repo, &pull.base, &pull.head, &pull.title),
        Found::Forge(row) => {
            (row.number, row.state(), &row.repo, &row.base, &row.session.branch, &row.session.title)
        }
    };
    let repo = if short { words::short_repo(repo) } else { repo };
    let style = match state {
        PullState::Open => GREEN,
        PullState::Merged => CYAN,
        PullState::Draft | PullState::Closed => DIM,
    };
    vec![
        format!("#{number}").into(),
        Cell::new(style, state.as_str()),
        repo.into(),
        format!("{base} ← {head}").into(),
        title.as_str().into(),
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

/// Shows one on a forge. The logs of its failed checks are asked for as they are now.
async fn show_forge(context: &Context, client: &Client, mut row: ForgePull, all: bool) -> Outcome {
    if row.has_failed() {
        match client.failing_logs(&row.session.id).await {
            Ok(logs) => row.failing_logs = logs,
            // What is known already is shown all the same.
            Err(error) => context.terminal.note(&format!(
                "The logs of the failed checks cannot be read: {}",
                words::clean(&error.to_string())
            )),
        }
    }
    if context.terminal.telling() == Output::Json {
        context.terminal.json(&row)?;
        return Ok(ExitCode::SUCCESS);
    }
    context.terminal.line(&words::forge_pull(&row.session, row.number))?;
    let lines = if all { usize::MAX } else { LOG_LINES };
    for log in row.failing_logs.iter().filter(|log| !log.tail.is_empty()) {
        context.terminal.line(&words::failing_log(log, lines))?;
    }
    if !row.failing_logs.is_empty() {
        let id = &row.session.id;
        context.terminal.note(&format!(
            "  Let the agent look at them: telecoder message {id} --failing-logs \"Make the checks pass.\""
        ));
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
            .map(|sha| format!(" as {}", words::short_commit(sha)))
            .unwrap_or_default();
        context.terminal.line(&format!("Pull request #{} is {}{commit}.", pull.number, pull.state))?;
    }
    Ok(ExitCode::SUCCESS)
}
