//! `policy list|show`.

use super::Context;
use crate::arguments::PolicyCommand;
use crate::exit::{Failure, Outcome};
use crate::table::table;
use crate::terminal::Output;
use std::process::ExitCode;
use telecoder_api::policy::Policy;

/// Runs a command on policies.
pub(crate) async fn run(context: &Context, command: PolicyCommand) -> Outcome {
    let all = context.client()?.policies().await?;
    let rows = match command {
        PolicyCommand::List => all,
        PolicyCommand::Show { name } => {
            let known: Vec<String> = all.iter().map(|policy| policy.name.clone()).collect();
            let found: Vec<Policy> = all.into_iter().filter(|policy| policy.name == name).collect();
            if found.is_empty() {
                return Err(Failure::failed(format!("there is no policy `{name}`"))
                    .hint(format!("policies: {}", known.join(", "))));
            }
            found
        }
    };
    if context.terminal.listing() == Output::Json {
        context.terminal.json(&rows)?;
        return Ok(ExitCode::SUCCESS);
    }
    let cells = rows
        .into_iter()
        .map(|p| {
            vec![
                p.name,
                p.workspace.to_string(),
                p.permissions.to_string(),
                p.publish.to_string(),
                format!("{} s", p.time_seconds),
                format!("{} MiB", p.memory_bytes >> 20),
                p.processes.to_string(),
            ]
        })
        .collect();
    let head = ["name", "workspace", "permissions", "publish", "time", "memory", "processes"];
    context.terminal.line(&table(&head, cells))?;
    Ok(ExitCode::SUCCESS)
}
