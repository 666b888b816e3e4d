//! `message`.

use super::following::to_the_end;
use super::{Context, words};
use crate::arguments::MessageArguments;
use crate::exit::{Failure, Outcome};
use crate::terminal::Output;
use std::process::ExitCode;
use telecoder_api::message::NewMessage;

/// Sends a message and follows what comes of it.
pub(crate) async fn message(context: &Context, options: MessageArguments) -> Outcome {
    let content = words(&options.text)?;
    let client = context.client()?;
    let session = client.session(&options.id).await?;
    let after = last_seq(&client, &session.id).await?;
    let failing_logs = options.failing_logs.then_some(true);
    let new = NewMessage { content, queue: options.queue, failing_logs };
    let sent = client.send_message(&session.id, &new, None).await?;
    if options.detach {
        if context.terminal.telling() == Output::Json {
            context.terminal.json(&sent)?;
        } else {
            context.terminal.line(&format!("Message {} is {}.", sent.number, sent.state))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    to_the_end(context, &client, &session.id, after).await
}

async fn last_seq(client: &telecoder_api::Client, id: &str) -> Result<u64, Failure> {
    let mut last = 0;
    loop {
        let page = client.events(id, last, Some(1000)).await?;
        match page.rows.last() {
            Some(event) => last = event.seq,
            None => return Ok(last),
        }
    }
}
