//! `serve` and `stop-server`.

use super::Context;
use crate::arguments::{FolderArguments, ServeArguments};
use crate::connect::{Place, no_server, server_file};
use crate::exit::{Failure, Outcome};
use crate::terminal::Terminal;
use std::process::ExitCode;
use std::time::Duration;
use telecoder::{Builder, Config, Given};

/// How long a server may take to end: it lets running model calls finish.
const STOP_WAIT: Duration = Duration::from_secs(30);
/// The time between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// Runs the server until SIGINT or SIGTERM.
pub(crate) async fn serve(options: ServeArguments) -> Outcome {
    if options.detached {
        telecoder::leave_terminal()?;
    }
    let mut given = Given::from_process();
    // Whoever starts a server out of sight has read its settings.
    if !options.detached {
        given = given.env_file_of(std::env::current_dir()?);
    }
    let given = given
        .flag("listen", options.listen)
        .flag("data_dir", options.data_dir.map(|dir| dir.display().to_string()));
    let config = Config::read(&given)?;
    telecoder::init_log(&given);
    telecoder::arm_fail_points(&given);
    let terminal = Terminal::new(None);
    for warning in &config.warnings {
        terminal.note(&format!("warning: {warning}"));
    }
    let app = Builder::new(config).build().await?;
    terminal.line(&format!("TeleCoder {} listens on {}", env!("CARGO_PKG_VERSION"), app.url()))?;
    terminal.line(&format!("Data folder: {}", app.data_dir().display()))?;
    // The output of a detached server is a log, and no secret belongs there.
    if let Some(token) = app.first_token().filter(|_| !options.detached) {
        terminal.line(&format!("Token (shown once; also in {}/token): {token}", app.data_dir().display()))?;
    }
    for hint in app.hints().await {
        terminal.note(&format!("note: {hint}"));
    }
    app.run(telecoder::interrupted()).await?;
    Ok(ExitCode::SUCCESS)
}

/// Stops the server of this host, and waits until it has ended.
pub(crate) async fn stop(context: &Context, options: &FolderArguments) -> Outcome {
    let place = Place::find(None, options.data_dir.as_deref())?;
    let Some(file) = server_file(&place.data_dir).filter(|_| place.runs) else {
        return Err(no_server(&place.data_dir));
    };
    if !telecoder::end_server(&place.data_dir, file.pid)? {
        return Err(no_server(&place.data_dir));
    }
    let until = tokio::time::Instant::now() + STOP_WAIT;
    while telecoder::server_runs(&place.data_dir) {
        if tokio::time::Instant::now() >= until {
            return Err(Failure::failed(format!(
                "the server (pid {}) was told to end and has not yet",
                file.pid
            ))
            .hint("wait a little, or end it by force: kill -9; its sessions go on at the next start"));
        }
        tokio::time::sleep(LOOK).await;
    }
    context.terminal.line(&format!(
        "Stopped the server (pid {}). Its sessions go on when it is started again.",
        file.pid
    ))?;
    Ok(ExitCode::SUCCESS)
}
