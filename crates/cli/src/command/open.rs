//! `open`: the web UI in a browser, signed in where the server asks for that.
//!
//! Invariant: the code that signs in stands on this terminal and in a file that only its owner reads, never among the arguments
//! of a program, where other users of the host could see it and be faster.

use super::Context;
use crate::arguments::OpenArguments;
use crate::exit::{Failure, Outcome};
use crate::terminal::Output;
use serde_json::json;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

/// Prints where the UI is, and opens it where there is a desktop.
pub(crate) async fn open(context: &Context, options: &OpenArguments) -> Outcome {
    let place = context.place()?;
    let client = place.client()?;
    let base = client.base_url().trim_end_matches('/');
    let page = match &options.id {
        Some(id) => format!("/sessions/{}", client.session(id).await?.id),
        None => "/".to_owned(),
    };
    let needs_code = client.health().await?.token_required;
    let url = if needs_code {
        let link = client.create_sign_in_link().await?;
        let to = if page == "/" { String::new() } else { format!("&to={page}") };
        format!("{base}{}{to}", link.path)
    } else {
        format!("{base}{page}")
    };
    let terminal = context.terminal;
    if terminal.telling() == Output::Json {
        terminal.json(&json!({ "url": url, "once": needs_code }))?;
        return Ok(ExitCode::SUCCESS);
    }
    terminal.line(&url)?;
    if needs_code {
        terminal.note("The link signs one browser in, once, within five minutes.");
    }
    if terminal.is_terminal() && !options.no_browser && has_desktop() {
        let target =
            if needs_code { signing_in(&place.data_dir, &url)?.into_os_string() } else { url.into() };
        if let Err(error) = start_browser(target) {
            terminal.note(&format!("no browser could be started ({error}); open the address yourself"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn has_desktop() -> bool {
    let env = telecoder::Given::from_process().env;
    cfg!(target_os = "macos") || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| env.contains_key(*name))
}

/// A page that leads to the link, for this user only; it takes the place of an earlier one.
fn signing_in(data_dir: &Path, url: &str) -> Result<PathBuf, Failure> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data_dir)?;
    let path = data_dir.join("open.html");
    match std::fs::remove_file(&path) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    // An address that was parsed as one holds neither quotes nor brackets.
    let page = format!(
        "<!doctype html><meta http-equiv=\"refresh\" content=\"0;url={}\"><title>TeleCoder</title>\n",
        url.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
    );
    file.write_all(page.as_bytes())?;
    Ok(path)
}

fn start_browser(target: OsString) -> std::io::Result<()> {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    #[expect(clippy::disallowed_methods, reason = "the command line may start the desktop's browser")]
    let mut command = std::process::Command::new(program);
    command.arg(target).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().map(drop)
}
