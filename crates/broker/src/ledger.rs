//! One announced model call (layer 1).
//!
//! Invariant: its end is told exactly once. `close` consumes the entry, and whatever goes on between is in a task of its
//! own, which no connection's end cancels.

use std::sync::Arc;
use telecoder_model::PortError;
use telecoder_model::port::gateway::{CallSink, CallStart, Provider};
use telecoder_model::usage::{CallEnd, ModelCall, Usage};
use tokio::time::Instant;

/// The longest reason in a call's record, in characters.
const MAX_REASON: usize = 400;

/// A call that was announced and has not ended.
pub(crate) struct Entry {
    sink: Arc<dyn CallSink>,
    number: u64,
    provider: Provider,
    model: Option<String>,
    begun: Instant,
}

/// How a call ended, without what was known before.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) end: CallEnd,
    pub(crate) status: Option<u16>,
    pub(crate) error: Option<String>,
    pub(crate) usage: Usage,
}

impl Ending {
    pub(crate) fn without_answer(end: CallEnd, error: impl Into<String>) -> Self {
        Self {
            end,
            status: None,
            error: Some(error.into()),
            usage: Usage::default(),
        }
    }
}

impl Entry {
    /// Announces a call. An error is the sink's refusal.
    pub(crate) async fn open(
        sink: Arc<dyn CallSink>,
        provider: Provider,
        model: Option<String>,
    ) -> Result<Self, PortError> {
        let start = CallStart {
            provider,
            model: model.clone(),
        };
        let number = sink.started(start).await?;
        Ok(Self {
            sink,
            number,
            provider,
            model,
            begun: Instant::now(),
        })
    }

    /// Tells the end.
    pub(crate) async fn close(self, ending: Ending) {
        let mut usage = ending.usage;
        usage.calls = 1;
        usage.duration_ms = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let call = ModelCall {
            number: self.number,
            provider: self.provider.as_str().to_owned(),
            model: self.model,
            end: ending.end,
            status: ending.status,
            error: ending.error.map(|error| plain(&error)),
            usage,
        };
        self.sink.ended(call).await;
    }
}

/// A reason on one line and of bounded length.
fn plain(text: &str) -> String {
    let mut out: String = text
        .chars()
        .take(MAX_REASON)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(MAX_REASON).is_some() {
        out.push('…');
    }
    out
}
