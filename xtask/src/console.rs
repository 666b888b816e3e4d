//! Development tool: what a verb prints. Progress goes to standard error, so that standard output stays usable.
//!
//! A line that cannot be written (a closed pipe) is dropped: a verb's result never depends on who reads it.

use std::io::Write;

/// Announces the next piece of work.
pub(crate) fn heading(text: &str) {
    write(&format!("\n==> {text}"));
}

/// Tells one fact about the work under way.
pub(crate) fn note(text: &str) {
    write(&format!("    {text}"));
}

/// Prints a line as it stands.
pub(crate) fn line(text: &str) {
    write(text);
}

/// Prints why the verb failed.
pub(crate) fn error(text: &str) {
    write(&format!("error: {text}"));
}

/// Prints a result to standard output.
pub(crate) fn result(text: &str) {
    drop(writeln!(std::io::stdout().lock(), "{text}"));
}

fn write(text: &str) {
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}
