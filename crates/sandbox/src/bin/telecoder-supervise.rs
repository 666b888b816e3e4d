//! The supervisor alone (layer 1), so that this crate's tests need no command line program.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args_os();
    let (Some(_), Some(word)) = (args.next(), args.next()) else {
        return ExitCode::from(64);
    };
    if word == "supervise" { telecoder_sandbox::supervise::main(args) } else { ExitCode::from(64) }
}
