//! One announced model call (layer 1).
//!
//! Invariant: its end is told exactly once. `close` consumes the entry; what goes on between is in a task of its own,
//! which no connection's end cancels; and an entry that is lost for any other reason tells that it broke.

use std::sync::Arc;
use telecoder_model::PortError;
use telecoder_model::port::gateway::{CallSink, CallStart, Provider};
use telecoder_model::usage::{CallEnd, ModelCall, Usage};
use tokio::runtime::Handle;
use tokio::time::Instant;

/// The longest reason in a call's record, in characters.
const MAX_REASON: usize = 400;

/// A call that was announced and has not ended.
pub(crate) struct Entry(Option<Open>);

struct Open {
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
        Self { end, status: None, error: Some(error.into()), usage: Usage::default() }
    }
}

impl Entry {
    /// Announces a call. An error is the sink's refusal.
    pub(crate) async fn open(
        sink: Arc<dyn CallSink>,
        provider: Provider,
        model: Option<String>,
    ) -> Result<Self, PortError> {
        let start = CallStart { provider, model: model.clone() };
        let number = sink.started(start).await?;
        Ok(Self(Some(Open { sink, number, provider, model, begun: Instant::now() })))
    }

    /// Tells the end.
    pub(crate) async fn close(mut self, ending: Ending) {
        if let Some(open) = self.0.take() {
            open.close(ending).await;
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if let (Some(open), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            tracing::error!(number = open.number, "a model call was lost on the server");
            let lost = Ending::without_answer(CallEnd::Broken, "the call was lost on the server");
            runtime.spawn(open.close(lost));
        }
    }
}

impl Open {
    async fn close(self, ending: Ending) {
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
    let mut out: String =
        text.chars().take(MAX_REASON).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(MAX_REASON).is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc;

    struct Told(mpsc::UnboundedSender<ModelCall>);

    #[async_trait::async_trait]
    impl CallSink for Told {
        async fn started(&self, _: CallStart) -> Result<u64, PortError> {
            Ok(7)
        }
        async fn ended(&self, call: ModelCall) {
            self.0.send(call).unwrap();
        }
    }

    #[tokio::test]
    async fn an_entry_that_is_lost_tells_that_it_broke_and_a_closed_one_tells_once() {
        let (sender, mut told) = mpsc::unbounded_channel();
        let sink: Arc<dyn CallSink> = Arc::new(Told(sender));
        let open = || Entry::open(Arc::clone(&sink), Provider::Openai, None);
        drop(open().await.unwrap());
        let lost = told.recv().await.unwrap();
        assert_eq!((lost.number, lost.end), (7, CallEnd::Broken));
        let long = format!("a\nb{}", "é".repeat(500));
        open().await.unwrap().close(Ending::without_answer(CallEnd::Refused, long)).await;
        let error = told.recv().await.unwrap().error.unwrap();
        assert!(error.starts_with("a bé") && error.ends_with('…') && error.chars().count() == MAX_REASON + 1);
        drop(sink);
        assert_eq!(told.recv().await, None);
    }
}
