//! `token create|list|revoke`.

use super::Context;
use crate::arguments::TokenCommand;
use crate::exit::{Failure, Outcome};
use crate::table::{self, Cell};
use crate::terminal::{DIM, Output};
use std::process::ExitCode;
use telecoder_api::Client;
use telecoder_api::token::{NewToken, Token};

/// Runs a command on tokens.
pub(crate) async fn run(context: &Context, command: TokenCommand) -> Outcome {
    let client = context.client()?;
    match command {
        TokenCommand::Create { name, scope, user, expires } => {
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
            let head = ["id", "name", "user", "scope", "state", "expires"];
            table::show(context.terminal, &head, rows.into_iter().map(row).collect())?;
        }
        TokenCommand::Revoke { id } => {
            let id = find(&client, id).await?;
            client.revoke_token(&id).await?;
            context.terminal.line(&format!("Token {id} is revoked."))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn row(token: Token) -> Vec<Cell> {
    let state = if token.revoked_at.is_some() { Cell::new(DIM, "revoked") } else { "valid".into() };
    vec![
        token.id.into(),
        token.name.into(),
        token.user.into(),
        token.scope.to_string().into(),
        state,
        token.expires_at.unwrap_or_else(|| "never".to_owned()).into(),
    ]
}

/// A token's id by a unique prefix; anything else is left to the server.
async fn find(client: &Client, id: String) -> Result<String, Failure> {
    let mut found = client.tokens().await?;
    found.retain(|token| token.id.starts_with(&id));
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only.id),
        (Some(_), false) => Err(Failure::usage(format!("several tokens begin with `{id}`"))
            .hint("give more characters of the id: `telecoder token list` shows them")),
        (None, _) => Ok(id),
    }
}
