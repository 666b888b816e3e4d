//! `approvals`, `approve`, `deny`.

use super::Context;
use crate::arguments::AnswerArguments;
use crate::exit::{Failure, Outcome};
use crate::table;
use crate::terminal::Output;
use crate::words::clean;
use std::process::ExitCode;
use telecoder_api::Client;
use telecoder_api::approval::{Approval, ApprovalAnswer, Decision};

/// Lists what waits.
pub(crate) async fn list(context: &Context, id: Option<&str>) -> Outcome {
    let client = context.client()?;
    let session = match id {
        Some(id) => Some(client.session(id).await?.id),
        None => None,
    };
    let mut rows = client.approvals().await?;
    rows.retain(|approval| session.as_ref().is_none_or(|id| *id == approval.session_id));
    if context.terminal.listing() == Output::Json {
        context.terminal.json(&rows)?;
    } else if rows.is_empty() {
        context.terminal.note("Nothing waits for you.");
    } else {
        let cells = rows
            .into_iter()
            .map(|a| vec![a.id.into(), a.session_id.into(), a.kind.to_string().into(), a.title.into()])
            .collect();
        table::show(context.terminal, &["id", "session", "kind", "title"], cells)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Approves or refuses.
pub(crate) async fn answer(context: &Context, options: AnswerArguments, approve: bool) -> Outcome {
    let client = context.client()?;
    let id = find(&client, &options.id).await?;
    let decision = if approve { Decision::Approve } else { Decision::Deny };
    let answer = ApprovalAnswer { decision, note: options.why, answer: None };
    let done = client.answer_approval(&id, &answer).await?;
    if context.terminal.telling() == Output::Json {
        context.terminal.json(&done)?;
    } else {
        context.terminal.line(&format!("{}: {}", done.state, clean(&done.title)))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// An approval by its own id, or by its session's where that waits for one thing only.
async fn find(client: &Client, id: &str) -> Result<String, Failure> {
    let mut mine: Vec<Approval> = client.approvals().await?;
    mine.retain(|approval| approval.id.starts_with(id) || approval.session_id.starts_with(id));
    match (mine.pop(), mine.is_empty()) {
        (Some(only), true) => Ok(only.id),
        (Some(_), false) => Err(Failure::usage(format!("`{id}` stands for several approvals"))
            .hint("name one: `telecoder approvals` shows them")),
        // One that does not wait any more: the server says what became of it.
        (None, _) if id.starts_with("d-") => Ok(id.to_owned()),
        (None, _) => {
            let session = client.session(id).await?;
            Err(Failure::failed(format!("session {} ({}) waits for no approval", session.id, session.status))
                .hint("`telecoder approvals` shows what waits"))
        }
    }
}
