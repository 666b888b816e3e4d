//! The fake forge as a program (dev layer): prints `listening on http://…` on its first line and serves until it is
//! killed. Orders come by `POST /_control`, or from a file at the start.

use std::io::Write;
use std::process::ExitCode;
use telecoder_testkit::fake_forge::{FakeForge, Options};

const USAGE: &str = "usage: telecoder-fake-forge [--listen 127.0.0.1:0] [--seed FILE]

  --listen ADDRESS  where to listen; port 0 takes a free one
  --seed FILE       JSON: a list of orders to obey before the first line is printed";

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

fn run(mut arguments: impl Iterator<Item = String>) -> Result<(), String> {
    let mut options = Options::default();
    let mut orders = Vec::new();
    while let Some(name) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{name} needs a value\n{USAGE}"));
        match name.as_str() {
            "--listen" => options.listen = value()?.parse().map_err(|error| format!("--listen: {error}"))?,
            "--seed" => {
                let path = value()?;
                let text = std::fs::read(&path).map_err(|error| format!("{path}: {error}"))?;
                orders = serde_json::from_slice::<Vec<serde_json::Value>>(&text)
                    .map_err(|error| format!("{path}: {error}"))?;
            }
            _ => return Err(USAGE.to_owned()),
        }
    }
    let forge = FakeForge::try_start(&options).map_err(|error| format!("cannot listen: {error}"))?;
    for order in &orders {
        forge.order(order)?;
    }
    let mut stdout = std::io::stdout();
    writeln!(stdout, "listening on {}", forge.base_url())
        .and_then(|()| stdout.flush())
        .map_err(|error| format!("cannot write to standard output: {error}"))?;
    forge.join();
    Ok(())
}
