//! `config setup`: asks for what most people set, one line each. Enter keeps what is there; a key that its provider refuses is
//! asked for again and never written.

use super::Context;
use crate::exit::Failure;
use crate::terminal::Terminal;
use crate::words::clean;
use std::io::{BufRead, IsTerminal};
use telecoder::model::port::gateway::Provider;
use telecoder::{ErrorClass, Given, check_key, config_rows, write_setting};

/// How often a value that cannot be used is asked for.
const TRIES: u32 = 3;

/// What is asked for, in this order.
const QUESTIONS: &[Question] = &[
    Question { key: "anthropic_api_key", secret: true, provider: Some(Provider::Anthropic) },
    Question { key: "openai_api_key", secret: true, provider: Some(Provider::Openai) },
    Question { key: "gemini_api_key", secret: true, provider: Some(Provider::Gemini) },
    Question { key: "github_token", secret: true, provider: None },
    Question { key: "default_agent", secret: false, provider: None },
];

struct Question {
    key: &'static str,
    secret: bool,
    /// Who can say whether the key works.
    provider: Option<Provider>,
}

/// Asks, checks and writes.
pub(crate) async fn setup(context: &Context, given: &Given) -> Result<(), Failure> {
    let terminal = context.terminal;
    let rows = config_rows(given)?;
    let mut written = None;
    for question in QUESTIONS {
        let row = rows.iter().find(|row| row.key == question.key);
        let now = row.and_then(|row| row.value.as_deref()).map_or_else(|| "not set".to_owned(), clean);
        let source = row.filter(|row| row.value.is_some()).map(|row| format!(" from {}", clean(&row.source)));
        terminal.line(&format!("{}: {now}{}", question.key, source.unwrap_or_default()))?;
        for tries in 1..=TRIES {
            let Some(value) = answer(terminal, question)? else { break };
            let (usable, said) = verdict(given, question, &value).await;
            if let Some(said) = said {
                terminal.line(&format!("  {said}"))?;
            }
            if usable {
                written = Some(write_setting(given, question.key, &value)?);
                if row.is_some_and(|row| row.source.starts_with("environment")) {
                    terminal.line("  It counts once the environment does not say otherwise.")?;
                }
                break;
            }
            let then = if tries < TRIES { "Try again, or Enter to keep." } else { "It was left as it is." };
            terminal.line(&format!("  {then}"))?;
        }
    }
    terminal.line(&match written {
        Some(path) => {
            format!("Written to {}. A running server takes it over when it is started again.", path.display())
        }
        None => "Nothing was changed.".to_owned(),
    })
}

/// One line; `None` keeps what is there, and so does the end of the input. What is typed for a secret is not shown.
fn answer(terminal: Terminal, question: &Question) -> Result<Option<String>, Failure> {
    const ASK: &str = "  new value (Enter keeps it): ";
    let line = if question.secret && std::io::stdin().is_terminal() {
        rpassword::prompt_password(ASK)?
    } else {
        terminal.prompt(ASK)?;
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        line
    };
    Ok(Some(line.trim().to_owned()).filter(|value| !value.is_empty()))
}

/// Whether a value may be written, and what its check found, in a sentence.
async fn verdict(given: &Given, question: &Question, value: &str) -> (bool, Option<String>) {
    let Some(provider) = question.provider else {
        return (true, None);
    };
    match check_key(given, provider, value).await {
        Ok(()) => (true, Some("The key works.".to_owned())),
        // Without a network the key may be right all the same.
        Err(error) if error.class == ErrorClass::Transient => {
            (true, Some(sentence(&format!("The key could not be checked: {}", error.chain()))))
        }
        Err(error) => (false, Some(sentence(&error.chain()))),
    }
}

fn sentence(text: &str) -> String {
    format!("{}.", clean(text).trim_end_matches('.'))
}
