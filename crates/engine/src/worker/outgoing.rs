//! Lines on their way to an agent's standard input (layer 1). They are written one after the other while the agent's output
//! is read: an agent that does not read its input must not keep its worker from anything else.
//!
//! Every line is in the store before it comes here, so that what is not written yet is repeated by the next worker.

use super::failure::WorkError;
use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use std::collections::VecDeque;
use std::sync::Arc;
use telecoder_model::fail_point;
use telecoder_model::id::ProcessId;
use telecoder_model::port::sandbox::{MAX_LINE, Sandbox};
use telecoder_model::session::FailureKind;
use telecoder_model::{ErrorClass, PortError};

/// Lines that may wait.
const MAX_LINES: usize = 4096;
/// Bytes that may wait, beside one line of any length.
const MAX_BYTES: usize = 4 << 20;

/// Lines that wait, and the one that is being written.
pub(crate) struct Outgoing {
    sandbox: Arc<dyn Sandbox>,
    process: ProcessId,
    waiting: VecDeque<(u64, Bytes)>,
    bytes: usize,
    writing: Option<BoxFuture<'static, Result<(), PortError>>>,
    /// The agent has closed its input or has ended: nothing more can be written.
    closed: bool,
}

/// What became of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// All that waited.
    All,
    /// The agent has closed its input or has ended.
    Closed,
}

impl Outgoing {
    /// Nothing yet, for a process.
    pub(crate) fn new(sandbox: Arc<dyn Sandbox>, process: ProcessId) -> Self {
        Self { sandbox, process, waiting: VecDeque::new(), bytes: 0, writing: None, closed: false }
    }

    /// Adds lines. An agent that makes us answer without reading the answers has gone too far.
    pub(crate) fn push(&mut self, lines: Vec<(u64, Bytes)>) -> Result<(), WorkError> {
        if self.closed {
            return Ok(());
        }
        for (number, line) in lines {
            self.bytes = self.bytes.saturating_add(line.len());
            self.waiting.push_back((number, line));
        }
        if self.waiting.len() > MAX_LINES || self.bytes > MAX_BYTES.saturating_add(MAX_LINE) {
            return Err(WorkError::failed(
                FailureKind::AgentError,
                format!("the agent does not read its input; {} lines wait for it", self.waiting.len()),
            ));
        }
        Ok(())
    }

    /// Whether a line is being written or waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.writing.is_none() && self.waiting.is_empty()
    }

    /// Writes what waits. Never ends where there is nothing; dropped in the middle, it goes on when it is called again.
    pub(crate) async fn write(&mut self) -> Result<Written, PortError> {
        if self.is_empty() {
            std::future::pending::<()>().await;
        }
        loop {
            if self.writing.is_none() {
                let Some((number, line)) = self.waiting.pop_front() else {
                    return Ok(Written::All);
                };
                self.bytes = self.bytes.saturating_sub(line.len());
                let (sandbox, process) = (Arc::clone(&self.sandbox), self.process.clone());
                let write = async move {
                    fail_point::reach("agent.line.before");
                    let written = sandbox.write_line(&process, number, line).await;
                    fail_point::reach("agent.line.after");
                    written
                };
                self.writing = Some(write.boxed());
            }
            let Some(writing) = &mut self.writing else { continue };
            let written = writing.await;
            self.writing = None;
            match written {
                Ok(()) => {}
                // Its exit is told by its output's end.
                Err(error) if matches!(error.class, ErrorClass::Conflict | ErrorClass::NotFound) => {
                    self.closed = true;
                    self.waiting.clear();
                    self.bytes = 0;
                    return Ok(Written::Closed);
                }
                Err(error) => return Err(error),
            }
        }
    }
}
