//! The scripted model as a program (dev layer): prints `listening on http://…` on its first line and serves until it
//! is killed.

use std::io::Write;
use std::process::ExitCode;
use telecoder_testkit::scripted_model::{Options, Script, ScriptedModel};

const USAGE: &str =
    "usage: telecoder-scripted-model [--listen 127.0.0.1:0] [--key KEY] [--script '{\"steps\":[…]}']

  --listen ADDRESS  where to listen; port 0 takes a free one
  --key KEY         the key that every request must carry; without it any key will do
  --script JSON     what to play in conversations that carry no SCRIPT{…} of their own";

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // Nobody is left to tell if standard error is closed.
            drop(writeln!(std::io::stderr(), "{problem}"));
            ExitCode::from(2)
        }
    }
}

fn run(arguments: impl Iterator<Item = String>) -> Result<(), String> {
    let model =
        ScriptedModel::try_start(options(arguments)?).map_err(|error| format!("cannot listen: {error}"))?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "listening on {}", model.base_url())
        .and_then(|()| stdout.flush())
        .map_err(|error| format!("cannot write to standard output: {error}"))?;
    model.join();
    Ok(())
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options::default();
    while let Some(name) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{name} needs a value\n{USAGE}"));
        match name.as_str() {
            "--listen" => options.listen = value()?.parse().map_err(|error| format!("--listen: {error}"))?,
            "--key" => options.expected_key = Some(value()?),
            "--script" => {
                options.fallback = Some(Script::parse(&value()?).map_err(|error| error.to_string())?)
            }
            _ => return Err(USAGE.to_owned()),
        }
    }
    Ok(options)
}
