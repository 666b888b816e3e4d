//! What a driver and a supervisor say to each other (layer 1).
//!
//! One byte stream carries a multiplexed connection ([`crate::mux`]). The driver opens one stream per request: a
//! header frame, raw bytes where the request has them, then a header frame back. The supervisor opens one stream per
//! connection to a listener: one [`Opening`] frame, then the connection's bytes.
//!
//! A frame is a big-endian `u32` length and that many bytes; headers are JSON. Invariants: every length is bounded
//! before anything is allocated for it; a field that one side does not know is ignored, so that a newer server can
//! attach to an older supervisor of the same [`VERSION`].

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io;
use telecoder_model::error::{ErrorClass, PortError};
use telecoder_model::id::ProcessId;
use telecoder_model::port::sandbox::{OutputStream, ProcessSpec, SandboxStatus, TreeSignal};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The version of this protocol. Another version cannot be attached to.
pub(crate) const VERSION: u32 = 1;
/// The longest header frame of a request, in bytes: an environment may be large.
pub(crate) const MAX_REQUEST: usize = 4 << 20;
/// The longest header frame of a reply, in bytes: a status names every process.
pub(crate) const MAX_REPLY: usize = 1 << 20;
/// The longest header frame that opens a connection from inside, in bytes.
pub(crate) const MAX_OPENING: usize = 4 << 10;
/// The longest message and remedy of a failure that the far side tells, in characters.
const MAX_WORDS: usize = 2000;
/// The longest chunk of output in one frame, in bytes.
pub(crate) const MAX_CHUNK: usize = 64 << 10;

/// What a driver asks.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub(crate) enum Request {
    /// Is the first request of a connection: from here on this connection is the attached one.
    Attach { version: u32 },
    /// Asks for the state.
    Status,
    /// Starts a process.
    Start { process: ProcessSpec },
    /// Writes the line of `length` bytes that follows the header.
    WriteLine { process: ProcessId, number: u64, length: u32 },
    /// Follows an output stream: after [`Reply::Done`] come [`Piece`]s.
    Follow { process: ProcessId, stream: OutputStream, from: u64 },
    /// Forgets output.
    Acknowledge { process: ProcessId, stream: OutputStream, before: u64 },
    /// Signals a tree.
    Signal { process: ProcessId, signal: TreeSignal },
}

/// What a supervisor answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub(crate) enum Reply {
    /// The connection is attached.
    Attached { version: u32, incarnation: String },
    /// The state.
    Status { status: SandboxStatus },
    /// It was done.
    Done,
    /// It was not done.
    Failed(Failure),
}

/// A port error on the wire.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Failure {
    class: ErrorClass,
    what: String,
    remedy: Option<String>,
}

impl From<PortError> for Failure {
    fn from(error: PortError) -> Self {
        Self { class: error.class, what: error.chain(), remedy: error.remedy }
    }
}

impl From<Failure> for PortError {
    fn from(failure: Failure) -> Self {
        let cut = |text: String| text.chars().take(MAX_WORDS).collect::<String>();
        let error = PortError::new(failure.class, cut(failure.what));
        match failure.remedy {
            Some(remedy) => error.remedy(cut(remedy)),
            None => error,
        }
    }
}

/// What a supervisor says about a connection that it passes out.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Opening {
    /// The listener's name.
    pub(crate) listener: String,
}

/// The first byte of each frame behind [`Request::Follow`].
pub(crate) mod piece {
    /// Output bytes follow.
    pub(crate) const CHUNK: u8 = 1;
    /// How the process ended follows, as JSON.
    pub(crate) const EXIT: u8 = 2;
}

fn invalid(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

/// Reads a frame of at most `limit` bytes. Memory grows with what arrives, not with what is announced.
pub(crate) async fn read_frame(from: &mut (impl AsyncRead + Unpin), limit: usize) -> io::Result<Vec<u8>> {
    let announced = from.read_u32().await?;
    let length = usize::try_from(announced).map_err(|_| invalid("a frame's length does not fit"))?;
    if length > limit {
        return Err(invalid(format!("a frame of {length} bytes exceeds the limit of {limit}")));
    }
    read_bytes(from, length).await
}

/// Reads exactly `length` bytes, which the caller has checked against a bound.
pub(crate) async fn read_bytes(from: &mut (impl AsyncRead + Unpin), length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(length.min(MAX_CHUNK));
    let read = from.take(u64::try_from(length).unwrap_or(u64::MAX)).read_to_end(&mut bytes).await?;
    if read < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}

/// Writes a frame without flushing.
pub(crate) async fn write_frame(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(|_| invalid("a frame is too long"))?;
    to.write_u32(length).await?;
    to.write_all(bytes).await
}

/// Reads a header.
pub(crate) async fn read_header<T: DeserializeOwned>(
    from: &mut (impl AsyncRead + Unpin),
    limit: usize,
) -> io::Result<T> {
    let bytes = read_frame(from, limit).await?;
    serde_json::from_slice(&bytes).map_err(|error| invalid(format!("a header cannot be read: {error}")))
}

/// Writes a header and flushes it.
pub(crate) async fn write_header<T: Serialize>(
    to: &mut (impl AsyncWrite + Unpin),
    header: &T,
) -> io::Result<()> {
    let bytes = serde_json::to_vec(header).map_err(|error| invalid(error.to_string()))?;
    write_frame(to, &bytes).await?;
    to.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bytes: &[u8], limit: usize) -> String {
        let mut from = bytes;
        match read_frame(&mut from, limit).await {
            Ok(frame) => format!("{frame:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_frame_is_bounded_and_whole() {
        assert_eq!(read(&[0, 0, 0, 2, 7, 8], 2).await, "[7, 8]");
        assert_eq!(read(&[0, 0, 0, 0], 0).await, "[]");
        assert_eq!(read(&[0, 0, 0, 3, 7, 8], 4).await, "unexpected end of file");
        assert_eq!(read(&[0, 0], 4).await, "unexpected end of file");
        assert_eq!(
            read(&[255, 255, 255, 255], 1024).await,
            "a frame of 4294967295 bytes exceeds the limit of 1024"
        );
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_header_ignores_what_it_does_not_know_and_refuses_nonsense() {
        let mut frame = Vec::new();
        write_frame(&mut frame, br#"{"reply":"done","later":1}"#).await.unwrap();
        assert!(matches!(read_header::<Reply>(&mut frame.as_slice(), 100).await.unwrap(), Reply::Done));
        let mut frame = Vec::new();
        write_frame(&mut frame, br#"{"reply":"#).await.unwrap();
        assert!(read_header::<Reply>(&mut frame.as_slice(), 100).await.is_err());
    }
}
