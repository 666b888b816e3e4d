//! `approvals`, `approve`, `deny`.

use super::Context;
use crate::arguments::AnswerArguments;
use crate::exit::{Failure, Outcome};
use crate::table::table;
use crate::terminal::Output;
use crate::words::clean;
use std::process::ExitCode;
use telecoder_api::approval::{Approval, ApprovalAnswer, Decision};

/// Lists what waits.
pub(crate) async fn list(context: &Context, id: Option<&str>) -> Outcome {
    let mut rows = context.client()?.approvals().await?;
    if let Some(id) = id {
        rows.retain(|approval| approval.session_id.starts_with(id));
    }
    if context.terminal.listing() == Output::Json {
        context.terminal.json(&rows)?;
    } else if rows.is_empty() {
        context.terminal.line("Nothing waits for you.")?;
    } else {
        let cells = rows.into_iter().map(|a| vec![a.id, a.session_id, a.kind.to_string(), a.title]).collect();
        context.terminal.line(&table(&["id", "session", "kind", "title"], cells))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Approves or refuses.
pub(crate) async fn answer(context: &Context, options: AnswerArguments, approve: bool) -> Outcome {
    let client = context.client()?;
    let id = find(client.approvals().await?, &options.id)?;
    let decision = if approve { Decision::Approve } else { Decision::Deny };
    let answer = ApprovalAnswer { decision, note: options.why, answer: None };
    let done = client.answer_approval(&id, &answer).await?;
    context.terminal.line(&format!("{}: {}", done.state, clean(&done.title)))?;
    Ok(ExitCode::SUCCESS)
}

/// An approval by its own id, or by its session's where that waits for one thing only.
fn find(all: Vec<Approval>, id: &str) -> Result<String, Failure> {
    if id.starts_with("d-") {
        return Ok(id.to_owned());
    }
    let mut mine: Vec<Approval> =
        all.into_iter().filter(|approval| approval.session_id.starts_with(id)).collect();
    match (mine.pop(), mine.is_empty()) {
        (Some(only), true) => Ok(only.id),
        (Some(_), false) => Err(Failure::usage(format!("session `{id}` waits for several approvals"))
            .hint("name one: telecoder approvals lists them")),
        (None, _) => Err(Failure::failed(format!("nothing of `{id}` waits for an approval"))
            .hint("telecoder approvals shows what waits")),
    }
}
