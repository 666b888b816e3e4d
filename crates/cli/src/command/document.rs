//! `openapi` and `completions`: documents that this program prints by itself.

use super::Context;
use crate::arguments::Arguments;
use crate::exit::Outcome;
use clap::CommandFactory;
use std::process::ExitCode;

/// Prints the `OpenAPI` document.
pub(crate) fn openapi(context: &Context) -> Outcome {
    context.terminal.line(&telecoder::openapi()?)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints completions for a shell.
pub(crate) fn completions(context: &Context, shell: clap_complete::Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "telecoder", &mut script);
    context.terminal.bytes(&script)?;
    Ok(ExitCode::SUCCESS)
}
