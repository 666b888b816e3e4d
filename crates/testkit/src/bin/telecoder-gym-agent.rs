//! The scripted agent as a program (dev layer): speaks ACP on standard input and output.

use std::io::Write;
use std::process::ExitCode;
use telecoder_testkit::gym;

const USAGE: &str =
    "usage: telecoder-gym-agent [--start '{\"initialize\":[…],\"new\":[…],\"load\":[…]}'] | --version";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let result = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => gym::run(None),
        ["--start", script] => gym::run(Some(script)),
        ["--version"] => writeln!(std::io::stdout(), "telecoder-gym-agent {}", env!("CARGO_PKG_VERSION"))
            .map_err(|error| error.to_string()),
        _ if gym::later_child(&words) => Ok(()),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // Nobody is left to tell if standard error is closed.
            drop(writeln!(std::io::stderr(), "{problem}"));
            ExitCode::from(2)
        }
    }
}
