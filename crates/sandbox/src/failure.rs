//! Failures of system calls as port errors (layer 1).

use std::io;
use telecoder_model::PortError;

/// Names what failed: `.map_err(failed("cannot mount /proc"))`.
pub(crate) fn failed<E: Into<io::Error>>(what: impl Into<String>) -> impl FnOnce(E) -> PortError {
    move |error| PortError::io(what, error.into())
}
