//! The isolation proof (layer 1): tries on this host what a sandbox must hold against.
//!
//! The driver makes a throw-away sandbox beside canaries that it plants on the host (a secret file, another session's
//! folder, sockets of every kind), runs `telecoder supervise probe` in it and reads one line per attempt. What the
//! probe says is believed only this far: an attempt that was not reported did not hold.

mod calls;
mod canary;
mod files;
mod kernel;
mod network;
mod probe;
mod processes;

pub(crate) use canary::{Canaries, Planted, stands, sweep};
pub(crate) use probe::{Finding, all, run};

/// What came of an attempt: how the sandbox held, or how it did not.
type Outcome = Result<String, String>;

/// One attempt: in words, and what does it.
struct Attempt {
    words: String,
    try_it: Box<dyn FnOnce(&Canaries) -> Outcome>,
}

fn attempt(words: impl Into<String>, try_it: impl FnOnce(&Canaries) -> Outcome + 'static) -> Attempt {
    Attempt { words: words.into(), try_it: Box::new(try_it) }
}

/// Holds if an operation failed.
fn must_fail<T>(result: std::io::Result<T>) -> Outcome {
    match result {
        Ok(_) => Err("it succeeded".to_owned()),
        Err(error) => Ok(error.to_string()),
    }
}

/// Holds if two texts are equal.
fn must_equal(found: &str, expected: &str) -> Outcome {
    if found == expected {
        Ok(found.to_owned())
    } else {
        Err(format!("found {found:?}, expected {expected:?}"))
    }
}
