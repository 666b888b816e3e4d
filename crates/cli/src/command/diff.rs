//! `diff` and `apply`.

use super::Context;
use crate::exit::{Failure, Outcome};
use crate::repository;
use crate::terminal::{BOLD, CYAN, GREEN, Output, RED, styled};
use crate::words::clean;
use std::fmt::Write as _;
use std::process::ExitCode;

/// Shows the change of a session as a patch.
pub(crate) async fn diff(context: &Context, id: &str) -> Outcome {
    let client = context.client()?;
    if context.terminal.telling() == Output::Json {
        context.terminal.json(&client.diff(id).await?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let patch = client.diff_patch(id).await?;
    if patch.is_empty() {
        context.terminal.note("The session changed nothing.");
    }
    show(context, &patch)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes a patch: as it is into a pipe, in colour and harmless on a terminal.
pub(crate) fn show(context: &Context, patch: &[u8]) -> Result<(), Failure> {
    if !context.terminal.is_terminal() {
        return context.terminal.bytes(patch);
    }
    let mut text = String::new();
    for line in String::from_utf8_lossy(patch).lines() {
        let clean = clean(line);
        let shown = match line.as_bytes().first() {
            Some(b'+') if !line.starts_with("+++") => styled(GREEN, &clean),
            Some(b'-') if !line.starts_with("---") => styled(RED, &clean),
            Some(b'@') => styled(CYAN, &clean),
            _ if line.starts_with("diff ") => styled(BOLD, &clean),
            _ => clean,
        };
        let _ = writeln!(text, "{shown}");
    }
    context.terminal.write(&text)
}

/// Applies the change of a session to the working tree of this folder.
pub(crate) async fn apply(context: &Context, id: &str) -> Outcome {
    let patch = context.client()?.diff_patch(id).await?;
    if patch.is_empty() {
        context.terminal.line("The session changed nothing.")?;
        return Ok(ExitCode::SUCCESS);
    }
    let folder = std::env::current_dir()?;
    // From a folder below, git would leave out what lies beside it.
    let tree = repository::around(&folder).unwrap_or(folder);
    telecoder::apply_patch(&tree, &patch).await?;
    context.terminal.line("Applied. Nothing was committed: see git diff.")?;
    Ok(ExitCode::SUCCESS)
}
