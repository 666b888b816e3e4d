//! The probe (layer 1): `telecoder supervise probe`, run inside a throw-away sandbox.
//!
//! It reads the canaries as one line of JSON and writes one line of JSON per attempt. It must be harmless wherever it
//! is run: every system call is made with arguments that do nothing even if it is let through.

use super::{Attempt, Canaries, calls, files, kernel, network, processes};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Write};
use std::process::ExitCode;

/// The result of one attempt, as the probe writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Finding {
    /// What was tried.
    pub(crate) attempt: String,
    /// Whether the sandbox held.
    pub(crate) held: bool,
    /// What happened.
    pub(crate) detail: String,
}

/// Every attempt, in order.
fn attempts(canaries: &Canaries) -> Vec<Attempt> {
    let mut all = files::all(canaries);
    all.extend(processes::all());
    all.extend(calls::all());
    all.extend(network::all(canaries));
    all.extend(kernel::all());
    all
}

/// The words of every attempt, in order.
pub(crate) fn all(canaries: &Canaries) -> Vec<String> {
    attempts(canaries).into_iter().map(|attempt| attempt.words).collect()
}

/// Runs every attempt.
pub(crate) fn run() -> ExitCode {
    match probe() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn probe() -> std::io::Result<()> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let canaries: Canaries = serde_json::from_str(&line)?;
    let mut out = std::io::stdout().lock();
    for attempt in attempts(&canaries) {
        let (held, detail) = match (attempt.try_it)(&canaries) {
            Ok(detail) => (true, detail),
            Err(detail) => (false, detail),
        };
        let finding = Finding { attempt: attempt.words, held, detail };
        serde_json::to_writer(&mut out, &finding)?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
    Ok(())
}
