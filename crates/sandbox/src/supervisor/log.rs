//! The supervisor's own log (layer 1): the file `log` in the run folder, which is its standard error.
//!
//! Invariant: bounded, since what is logged may be caused from inside. It never holds output, input or environment.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The most bytes that one supervisor logs.
const LIMIT: usize = 256 << 10;

static WRITTEN: AtomicUsize = AtomicUsize::new(0);

/// Writes one line, unless the log is full.
pub(super) fn line(text: &str) {
    if WRITTEN.fetch_add(text.len() + 1, Ordering::Relaxed) < LIMIT {
        // A log that cannot be written must not end the sandbox.
        drop(writeln!(std::io::stderr(), "{text}"));
    }
}
