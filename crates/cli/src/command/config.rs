//! `config [show|set|path|setup]`.

use super::{Context, config_setup, words};
use crate::arguments::ConfigCommand;
use crate::exit::{Failure, Outcome};
use crate::table::{self, Cell};
use crate::terminal::{DIM, Output};
use serde_json::json;
use std::process::ExitCode;
use telecoder::{Given, Row, config_file, config_rows, write_setting};

/// Runs a command on the configuration; without one it shows it.
pub(crate) async fn run(context: &Context, command: Option<ConfigCommand>) -> Outcome {
    let given = Given::from_process();
    match command {
        None | Some(ConfigCommand::Show) => show(context, &given)?,
        Some(ConfigCommand::Path) => {
            let path = config_file(&given).ok_or_else(|| Failure::failed("HOME is not set"))?;
            context.terminal.line(&path.display().to_string())?;
        }
        Some(ConfigCommand::Setup) => config_setup::setup(context, &given).await?,
        Some(ConfigCommand::Set { key, value }) => {
            let value = words(&[value])?;
            let path = write_setting(&given, &key, value.trim())?;
            context.terminal.line(&format!(
                "Set {key} in {}. A running server takes it over when it is started again.",
                path.display()
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show(context: &Context, given: &Given) -> Result<(), Failure> {
    let rows = config_rows(given)?;
    if context.terminal.listing() == Output::Json {
        let values: Vec<_> = rows
            .into_iter()
            .map(|row| {
                let Row { key, env, value, source, about } = row;
                json!({"key": key, "env": env, "value": value, "source": source, "about": about})
            })
            .collect();
        return context.terminal.json(&values);
    }
    let cells = rows
        .into_iter()
        .map(|row| {
            let value = row.value.map_or_else(|| Cell::new(DIM, "–"), Cell::from);
            let from = if row.source == "default" { Cell::new(DIM, "default") } else { row.source.into() };
            vec![row.key.into(), value, from]
        })
        .collect();
    table::show(context.terminal, &["setting", "value", "from"], cells)
}
