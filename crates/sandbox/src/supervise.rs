//! Entry of `telecoder supervise …` (layer 1), the hidden subcommand behind every sandbox.
//!
//! It must be the first thing that a program's `main` does: the launcher makes user namespaces, which only a process
//! with a single thread may do.

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs what follows `supervise` on the command line: `launch`, `exec` or `probe`. It reads no environment and
/// writes nothing to standard output but what a probe finds.
pub fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let mut args = args;
    match args.next().as_ref().and_then(|word| word.to_str()) {
        Some("launch") => crate::launcher::launch(),
        Some("exec") => crate::launcher::exec(),
        Some("probe") => crate::proof::run(),
        Some(_) | None => ExitCode::from(64),
    }
}
