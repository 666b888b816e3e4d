//! A call sink that keeps what it hears.

use async_trait::async_trait;
use std::sync::{Arc, Mutex};
use telecoder_model::PortError;
use telecoder_model::port::gateway::{CallSink, CallStart};
use telecoder_model::usage::ModelCall;
use tokio::sync::{Notify, watch};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    Started(CallStart),
    Ended(ModelCall),
}

/// Keeps starts and ends in order. Durations are set to zero, so that records can be compared.
pub(crate) struct Recorder {
    heard: Mutex<Vec<Heard>>,
    ends: watch::Sender<usize>,
    refuse: Mutex<Option<PortError>>,
    /// When set, an end is recorded only once the test lets it.
    pub(crate) hold_ends: Mutex<Option<Arc<Notify>>>,
}

impl Recorder {
    pub(crate) fn new() -> Arc<Self> {
        Self::with(None)
    }
    pub(crate) fn refusing(error: PortError) -> Arc<Self> {
        Self::with(Some(error))
    }
    fn with(refuse: Option<PortError>) -> Arc<Self> {
        Arc::new(Self {
            heard: Mutex::default(),
            ends: watch::channel(0).0,
            refuse: Mutex::new(refuse),
            hold_ends: Mutex::default(),
        })
    }
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }
    pub(crate) fn ended(&self) -> Vec<ModelCall> {
        let ended = |heard| match heard {
            Heard::Ended(call) => Some(call),
            Heard::Started(_) => None,
        };
        self.heard().into_iter().filter_map(ended).collect()
    }
    /// Waits until a number of calls have ended, and gives the last.
    pub(crate) async fn wait(&self, count: usize) -> ModelCall {
        self.ends.subscribe().wait_for(|ends| *ends >= count).await.unwrap();
        let calls = self.ended();
        assert_eq!(calls.len(), count, "{calls:#?}");
        calls.into_iter().next_back().unwrap()
    }
}

#[async_trait]
impl CallSink for Recorder {
    async fn started(&self, call: CallStart) -> Result<u64, PortError> {
        if let Some(error) = self.refuse.lock().unwrap().take() {
            return Err(error);
        }
        let mut heard = self.heard.lock().unwrap();
        heard.push(Heard::Started(call));
        Ok(heard.iter().filter(|heard| matches!(heard, Heard::Started(_))).count() as u64)
    }
    async fn ended(&self, mut call: ModelCall) {
        let gate = self.hold_ends.lock().unwrap().clone();
        if let Some(gate) = gate {
            gate.notified().await;
        }
        call.usage.duration_ms = 0;
        self.heard.lock().unwrap().push(Heard::Ended(call));
        self.ends.send_modify(|ends| *ends += 1);
    }
}
