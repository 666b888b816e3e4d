//! `run --chat`: a conversation, each line of standard input a message.

use super::Context;
use super::following::tell;
use crate::exit::{self, Outcome};
use crate::follow::{Ended, Until, follow};
use std::process::ExitCode;
use telecoder_api::Client;
use telecoder_api::message::NewMessage;
use telecoder_api::session::{Session, Status};
use tokio::io::{AsyncBufReadExt, BufReader};

/// Follows a chat and sends what is typed, until the input or the chat ends.
pub(crate) async fn chat(context: &Context, client: &Client, session: Session) -> Outcome {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut after = 0;
    loop {
        let (ended, last) = follow(context.terminal, client, &session.id, after, Until::Rest).await?;
        after = last;
        let now = client.session(&session.id).await?;
        if ended == Ended::Interrupted || now.status.has_ended() || now.status == Status::Waiting {
            tell(context, &now)?;
            return Ok(exit::of_session(&now));
        }
        let line = loop {
            context.terminal.prompt("> ")?;
            match lines.next_line().await? {
                Some(line) if line.trim().is_empty() => {}
                other => break other,
            }
        };
        let Some(content) = line else {
            context.terminal.note(&format!("The chat rests. Go on: telecoder message {} \"…\"", session.id));
            return Ok(ExitCode::SUCCESS);
        };
        let new = NewMessage { content, queue: None, failing_logs: None };
        client.send_message(&session.id, &new, None).await?;
    }
}
