//! `publish`.

use super::Context;
use crate::arguments::PublishArguments;
use crate::exit::Outcome;
use crate::terminal::Output;
use crate::words::clean;
use std::process::ExitCode;
use telecoder_api::pull::PublishRequest;

/// Pushes a session's change and opens its pull request, or gives the existing one.
pub(crate) async fn publish(context: &Context, options: PublishArguments) -> Outcome {
    let request = PublishRequest {
        base: options.base,
        title: options.title,
        body: options.body,
        draft: options.draft,
        rebase: options.rebase.then_some(true),
    };
    let published = context.client()?.publish_session(&options.id, &request).await?;
    if context.terminal.telling() == Output::Json {
        context.terminal.json(&published.value)?;
    } else {
        let word = if published.created { "Opened" } else { "Already open:" };
        let pull = published.value;
        context.terminal.line(&format!("{word} pull request #{}: {}", pull.number, clean(&pull.title)))?;
        context.terminal.line(&format!("  {}  ({})", clean(&pull.url), clean(&pull.branch)))?;
        for note in &pull.notes {
            context.terminal.note(&format!("note: {}", clean(note)));
        }
    }
    Ok(ExitCode::SUCCESS)
}
