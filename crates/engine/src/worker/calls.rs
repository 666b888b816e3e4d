//! How a worker hears of its session's model calls (layer 1): the gateway's tasks tell, the worker's loop records.

use super::drain::{Ends, OpenCalls};
use async_trait::async_trait;
use std::sync::Arc;
use telecoder_model::PortError;
use telecoder_model::port::gateway::{CallSink, CallStart};
use telecoder_model::usage::ModelCall;
use tokio::sync::{mpsc, oneshot};

/// Calls that may wait to be recorded.
const CAPACITY: usize = 64;

/// What the gateway tells.
#[derive(Debug)]
pub(crate) enum CallNews {
    /// A call is about to begin; it goes out once the number is given back.
    Started(CallStart, oneshot::Sender<Result<u64, PortError>>),
    /// A call ended; it counts as under way until this is recorded.
    Ended(ModelCall, Ends),
}

/// The gateway's side.
#[derive(Debug, Clone)]
pub(crate) struct Calls {
    sender: mpsc::Sender<CallNews>,
    open: Arc<OpenCalls>,
}

/// Makes both sides.
pub(crate) fn channel(open: Arc<OpenCalls>) -> (Calls, mpsc::Receiver<CallNews>) {
    let (sender, receiver) = mpsc::channel(CAPACITY);
    (Calls { sender, open }, receiver)
}

#[async_trait]
impl CallSink for Calls {
    async fn started(&self, call: CallStart) -> Result<u64, PortError> {
        let begun = self.open.begin().await;
        let (answer, number) = oneshot::channel();
        let gone = || PortError::transient("the session is not at work");
        self.sender.send(CallNews::Started(call, answer)).await.map_err(|_| gone())?;
        let number = number.await.map_err(|_| gone())??;
        begun.go_on();
        Ok(number)
    }
    async fn ended(&self, call: ModelCall) {
        // Where nobody listens any more, the restarted worker counts the open call as broken.
        drop(self.sender.send(CallNews::Ended(call, self.open.ends())).await);
    }
}
