//! The server's log (layer 3): lines on standard error, filtered by `TELECODER_LOG`.

use crate::config::{Given, Values, setting::by_key};
use tracing_subscriber::EnvFilter;

/// Begins to log. A filter that cannot be read means `info`.
pub fn init(given: &Given) {
    let wanted =
        Values::read(given).ok().and_then(|values| values.get(by_key("log")?)).map(|value| value.text);
    let filter =
        wanted.and_then(|text| EnvFilter::try_new(text).ok()).unwrap_or_else(|| EnvFilter::new("info"));
    // A second call, as tests make it, changes nothing.
    drop(
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .with_target(false)
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .try_init(),
    );
}
