//! `serve` and `stop-server`.

use super::Context;
use crate::arguments::{DataArguments, ServeArguments};
use crate::connect::{Place, server_file};
use crate::exit::{Failure, Outcome};
use crate::terminal::Terminal;
use std::process::ExitCode;
use telecoder::{Builder, Config, Given};

/// Runs the server until SIGINT or SIGTERM.
pub(crate) async fn serve(options: ServeArguments) -> Outcome {
    if options.detached {
        telecoder::leave_terminal()?;
    }
    let given = Given::from_process()
        .flag("listen", options.listen)
        .flag("data_dir", options.data_dir.map(|dir| dir.display().to_string()));
    let config = Config::read(&given)?;
    telecoder::init_log(&given);
    let terminal = Terminal::new(None);
    for warning in &config.warnings {
        terminal.note(&format!("warning: {warning}"));
    }
    let app = Builder::new(config).build().await?;
    terminal.line(&format!("TeleCoder {} listens on {}", env!("CARGO_PKG_VERSION"), app.url()))?;
    terminal.line(&format!("Data folder: {}", app.data_dir().display()))?;
    if let Some(token) = app.first_token() {
        terminal.line(&format!("Token (shown once; also in {}/token): {token}", app.data_dir().display()))?;
    }
    for hint in app.hints().await {
        terminal.note(&format!("note: {hint}"));
    }
    app.run(telecoder::interrupted()).await?;
    Ok(ExitCode::SUCCESS)
}

/// Stops the server of this host.
pub(crate) fn stop(context: &Context, options: &DataArguments) -> Outcome {
    let place = Place::find(None, options.data_dir.as_deref())?;
    let Some(file) = server_file(&place.data_dir) else {
        return Err(Failure::unreachable(format!("no server runs on {}", place.data_dir.display())));
    };
    if telecoder::end_server(&place.data_dir, file.pid)? {
        context.terminal.line(&format!(
            "Stopped the server (pid {}). Its sessions go on when it is started again.",
            file.pid
        ))?;
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::unreachable(format!(
        "no server runs on {} (its file is left over)",
        place.data_dir.display()
    )))
}
