//! `logs` and `events`.

use super::Context;
use super::following::interrupted;
use crate::arguments::EventsArguments;
use crate::exit::{self, Failure, Outcome};
use crate::follow::{Ended, Until, follow, patient};
use crate::terminal::Output;
use std::process::ExitCode;
use telecoder_api::client::Start;

/// Shows what happened, as text.
pub(crate) async fn logs(context: &Context, id: &str, stay: bool) -> Outcome {
    if context.terminal.telling() == Output::Json {
        return events(context, &EventsArguments { id: id.to_owned(), follow: stay, after: 0 }).await;
    }
    let client = context.client()?;
    // Asked for first, so that no server and no such session are told at once.
    let id = client.session(id).await?.id;
    let until = if stay { Until::End } else { Until::Now };
    let (ended, _) = follow(context.terminal, &client, &id, 0, until).await?;
    if ended == Ended::Interrupted {
        return Ok(interrupted(context, &id));
    }
    if !stay {
        return Ok(ExitCode::SUCCESS);
    }
    Ok(exit::of_session(&client.session(&id).await?))
}

/// Shows events as JSON: an array of what is there, or one line an event as they come.
pub(crate) async fn events(context: &Context, options: &EventsArguments) -> Outcome {
    let client = context.client()?;
    let start = Start { after: options.after, stay: options.follow };
    let id = client.session(&options.id).await?.id;
    let mut follower = client.follow(&id, start, patient(context.terminal));
    let mut first = true;
    while let Some(event) = follower.next().await {
        let event = event?;
        let text = serde_json::to_string(&event).map_err(|error| Failure::failed(error.to_string()))?;
        if options.follow {
            context.terminal.line(&text)?;
        } else {
            context.terminal.write(&format!("{}{text}", if first { "[\n" } else { ",\n" }))?;
        }
        first = false;
    }
    if !options.follow {
        context.terminal.line(if first { "[]" } else { "\n]" })?;
    }
    Ok(ExitCode::SUCCESS)
}
