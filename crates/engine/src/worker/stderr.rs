//! An agent's standard error on its way to the log (layer 1).
//!
//! It is told by whole lines, however the agent's writes are cut into pieces: a line that is not whole yet counts as not read, so
//! that a server that starts anew reads it again from its beginning.

use super::desk::{Change, Desk};
use super::failure::WorkError;
use super::pump::answered;
use futures::StreamExt;
use futures::stream::BoxStream;
use std::sync::Arc;
use telecoder_model::PortError;
use telecoder_model::event::EventBody;
use telecoder_model::id::ProcessId;
use telecoder_model::port::sandbox::{OutputStream, ProcessOutput, Sandbox};

/// Bytes of standard error that are kept in the log.
const MAX_KEPT: u64 = 64 * 1024;
/// Bytes after which it is recorded how far standard error was read, so that the supervisor may forget them.
const BATCH: u64 = 1 << 20;
/// Bytes of a line after which it is told in pieces.
const MAX_PARTIAL: usize = 8 * 1024;
/// Bytes of the last words that are kept for failures.
const MAX_TAIL: usize = 2000;

/// The stream, and what of it is no whole line yet.
pub(super) struct Stderr {
    sandbox: Arc<dyn Sandbox>,
    process: ProcessId,
    stream: Option<BoxStream<'static, Result<ProcessOutput, PortError>>>,
    partial: Vec<u8>,
    /// Up to where the supervisor may have forgotten.
    acknowledged: u64,
    tail: String,
}

impl Stderr {
    /// Follows a process from an offset.
    pub(super) async fn follow(
        desk: &Desk,
        sandbox: Arc<dyn Sandbox>,
        process: &ProcessId,
        from: u64,
    ) -> Result<Self, WorkError> {
        let stream = answered(desk, sandbox.follow(process, OutputStream::Stderr, from)).await?;
        Ok(Self {
            sandbox,
            process: process.clone(),
            stream: Some(stream),
            partial: Vec::new(),
            acknowledged: from,
            tail: String::new(),
        })
    }

    /// The next piece. Once the stream has ended, never.
    pub(super) async fn next(&mut self) -> Option<Result<ProcessOutput, PortError>> {
        match &mut self.stream {
            Some(stream) => stream.next().await,
            None => std::future::pending().await,
        }
    }

    /// The last words, for failures.
    pub(super) fn tail(&self) -> &str {
        &self.tail
    }

    /// Takes what was read; tells nothing where `muted`.
    pub(super) async fn take(
        &mut self,
        desk: &mut Desk,
        item: Option<Result<ProcessOutput, PortError>>,
        muted: bool,
    ) -> Result<(), WorkError> {
        let Some(Ok(ProcessOutput::Chunk { end, bytes })) = item else {
            self.stream = None;
            let rest = std::mem::take(&mut self.partial);
            self.tell(desk, &rest, muted);
            if let Some(agent) = &mut desk.run.agent {
                agent.stderr = agent.stderr.saturating_add(len(&rest));
            }
            return Ok(());
        };
        self.partial.extend_from_slice(&bytes);
        let rest = self.partial.split_off(whole(&self.partial));
        let told = std::mem::replace(&mut self.partial, rest);
        self.tell(desk, &told, muted);
        let read = end.saturating_sub(len(&self.partial));
        if let Some(agent) = &mut desk.run.agent {
            agent.stderr = read;
        }
        // What is not acknowledged stops the agent in the end, on both of its streams.
        if read.saturating_sub(self.acknowledged) >= BATCH {
            desk.commit(Change::default()).await?;
            self.acknowledged = read;
            answered(desk, self.sandbox.acknowledge(&self.process, OutputStream::Stderr, read)).await?;
        }
        Ok(())
    }

    /// Takes all that is left of a process that has ended.
    pub(super) async fn finish(&mut self, desk: &mut Desk, muted: bool) -> Result<(), WorkError> {
        while let Some(stream) = &mut self.stream {
            let item = answered(desk, async { Ok(stream.next().await) }).await?;
            self.take(desk, item, muted).await?;
        }
        Ok(())
    }

    fn tell(&mut self, desk: &mut Desk, bytes: &[u8], muted: bool) {
        if bytes.is_empty() {
            return;
        }
        let text = String::from_utf8_lossy(bytes).into_owned();
        self.tail.push_str(&text);
        let excess = self.tail.len().saturating_sub(MAX_TAIL);
        self.tail.drain(..self.tail.ceil_char_boundary(excess));
        let room = usize::try_from(MAX_KEPT.saturating_sub(desk.run.stderr_kept)).unwrap_or(0);
        let mut kept = text;
        kept.truncate(kept.floor_char_boundary(room));
        if !kept.is_empty() && !muted {
            desk.run.stderr_kept = desk.run.stderr_kept.saturating_add(len(kept.as_bytes()));
            desk.note(EventBody::Output { stream: "stderr".to_owned(), text: kept, blob: None });
        }
    }
}

/// How much of what was read can be told: whole lines, or of a very long one all whole characters.
fn whole(bytes: &[u8]) -> usize {
    match memchr::memrchr(b'\n', bytes) {
        Some(end) => end.saturating_add(1),
        None if bytes.len() > MAX_PARTIAL => bytes.len().saturating_sub(cut_character(bytes)),
        None => 0,
    }
}

/// Bytes at the end that are the beginning of a character.
fn cut_character(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Ok(_) => 0,
        // Of bytes that are no UTF-8 elsewhere too, it does not matter where they are cut.
        Err(error) if error.error_len().is_some() => 0,
        Err(error) => bytes.len().saturating_sub(error.valid_up_to()),
    }
}

fn len(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{MAX_PARTIAL, whole};

    #[test]
    fn only_whole_lines_are_told() {
        assert_eq!(whole(b""), 0);
        assert_eq!(whole(b"half"), 0);
        assert_eq!(whole(b"one\nhalf"), 4);
        assert_eq!(whole(b"one\n"), 4);
    }

    #[test]
    fn a_very_long_line_is_cut_between_characters() {
        let mut long = vec![b'x'; MAX_PARTIAL];
        assert_eq!(whole(&long), 0);
        long.push(b'x');
        assert_eq!(whole(&long), long.len());
        long.extend_from_slice(&"€".as_bytes()[..2]);
        assert_eq!(whole(&long), long.len() - 2);
        long.push(0xFF);
        assert_eq!(whole(&long), long.len(), "what never becomes a character is not waited for");
    }
}
