//! `policy list|show`.

use super::Context;
use crate::arguments::PolicyCommand;
use crate::exit::{Failure, Outcome};
use crate::table::{self, Cell};
use crate::terminal::{BOLD, Output, styled};
use crate::words::clean;
use std::process::ExitCode;
use telecoder_api::policy::{PermissionRule, Policy, PublishCeiling, WorkspaceRule};

/// Runs a command on policies.
pub(crate) async fn run(context: &Context, command: PolicyCommand) -> Outcome {
    let all = context.client()?.policies().await?;
    match command {
        PolicyCommand::List => list(context, &all)?,
        PolicyCommand::Show { name } => {
            let known: Vec<&str> = all.iter().map(|policy| policy.name.as_str()).collect();
            let found = all.iter().find(|policy| policy.name == name).ok_or_else(|| {
                Failure::failed(format!("there is no policy `{name}`"))
                    .hint(format!("policies: {}", known.join(", ")))
            })?;
            show(context, found)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(context: &Context, all: &[Policy]) -> Result<(), Failure> {
    if context.terminal.listing() == Output::Json {
        return context.terminal.json(&all);
    }
    let head = ["name", "workspace", "agent's requests", "pull request", "time"];
    table::show(context.terminal, &head, all.iter().map(row).collect())
}

fn row(policy: &Policy) -> Vec<Cell> {
    vec![
        policy.name.as_str().into(),
        workspace(policy).into(),
        permissions(policy).into(),
        publish(policy).into(),
        time(policy).into(),
    ]
}

fn show(context: &Context, policy: &Policy) -> Result<(), Failure> {
    if context.terminal.telling() == Output::Json {
        return context.terminal.json(policy);
    }
    let limits = format!(
        "{} MiB memory, {}.{} CPUs, {} processes, {} MiB of output",
        policy.memory_bytes >> 20,
        policy.cpu_millis / 1000,
        (policy.cpu_millis % 1000) / 100,
        policy.processes,
        policy.output_bytes >> 20
    );
    context.terminal.line(&styled(BOLD, &clean(&policy.name)))?;
    for (name, value) in [
        ("Workspace", workspace(policy).to_owned()),
        ("Requests", permissions(policy).to_owned()),
        ("Publishing", publish(policy).to_owned()),
        ("Time", time(policy)),
        ("Limits", limits),
    ] {
        context.terminal.line(&format!("  {name:<10} {value}"))?;
    }
    Ok(())
}

fn workspace(policy: &Policy) -> &'static str {
    match policy.workspace {
        WorkspaceRule::ReadOnly => "read-only",
        WorkspaceRule::ThrowAway => "writes are discarded",
        WorkspaceRule::Keep => "writes are kept",
    }
}

fn permissions(policy: &Policy) -> &'static str {
    match policy.permissions {
        PermissionRule::DenyAll => "all denied",
        PermissionRule::ApproveReads => "reads and runs allowed",
        PermissionRule::Ask => "a person answers",
        PermissionRule::ApproveAll => "all allowed",
    }
}

fn publish(policy: &Policy) -> &'static str {
    match policy.publish {
        PublishCeiling::Never => "never",
        PublishCeiling::Ask => "after approval",
        PublishCeiling::Auto => "by itself",
    }
}

fn time(policy: &Policy) -> String {
    match policy.time_seconds {
        seconds if seconds >= 120 && seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}
