//! `token create|list|revoke`.

use super::Context;
use crate::arguments::TokenCommand;
use crate::exit::{Failure, Outcome};
use crate::table::table;
use crate::terminal::Output;
use std::process::ExitCode;
use telecoder_api::token::NewToken;

/// Runs a command on tokens.
pub(crate) async fn run(context: &Context, command: TokenCommand) -> Outcome {
    let client = context.client()?;
    match command {
        TokenCommand::Create { name, scope, user, expires } => {
            let scope =
                scope.parse().map_err(|error: telecoder_api::WordError| Failure::usage(error.to_string()))?;
            let created = client.create_token(&NewToken { name, scope, user, expires_at: expires }).await?;
            if context.terminal.telling() == Output::Json {
                context.terminal.json(&created)?;
            } else {
                context.terminal.note(&format!(
                    "Token {} with scope {}; it is shown only now:",
                    created.token.id, created.token.scope
                ));
                context.terminal.line(&created.secret)?;
            }
        }
        TokenCommand::List => {
            let rows = client.tokens().await?;
            if context.terminal.listing() == Output::Json {
                context.terminal.json(&rows)?;
                return Ok(ExitCode::SUCCESS);
            }
            let cells = rows
                .into_iter()
                .map(|token| {
                    let state = if token.revoked_at.is_some() { "revoked" } else { "valid" };
                    vec![
                        token.id,
                        token.name,
                        token.user,
                        token.scope.to_string(),
                        state.to_owned(),
                        token.expires_at.unwrap_or_default(),
                    ]
                })
                .collect();
            context.terminal.line(&table(&["id", "name", "user", "scope", "state", "expires"], cells))?;
        }
        TokenCommand::Revoke { id } => {
            client.revoke_token(&id).await?;
            context.terminal.line(&format!("Token {id} is revoked."))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
