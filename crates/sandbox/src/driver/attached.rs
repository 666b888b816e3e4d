//! An attached sandbox (layer 1): the server's end of the protocol.
//!
//! Invariant: everything that comes from the supervisor is hostile input. Lengths are bounded, waits for the
//! attachment and for openings have limits, and what is not of the protocol ends the stream it came on.

use crate::mux::{self, Opener, Side, Stream};
use crate::protocol::{
    MAX_CHUNK, MAX_OPENING, MAX_REPLY, Opening, Reply, Request, VERSION, piece, read_frame, read_header,
    write_header,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use std::io;
use std::time::Duration;
use telecoder_model::PortError;
use telecoder_model::id::ProcessId;
use telecoder_model::port::sandbox::{
    Inbound, MAX_LINE, OutputStream, ProcessExit, ProcessOutput, ProcessSpec, Sandbox, SandboxRef,
    SandboxStatus, TreeSignal,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::{Mutex, mpsc};

/// How long a supervisor may take to answer an attachment.
const ATTACH_WAIT: Duration = Duration::from_secs(10);
/// How long a connection from inside may take to say for which listener it is.
const OPENING_WAIT: Duration = Duration::from_secs(10);
/// The most connections from inside that wait to be accepted.
const MAX_INBOUND: usize = 256;
/// The longest name of a listener, in bytes.
const MAX_NAME: usize = 64;

/// A sandbox of the local driver, attached.
#[derive(Debug)]
pub(crate) struct LocalSandbox {
    reference: SandboxRef,
    opener: Opener,
    inbound: Mutex<mpsc::Receiver<Inbound>>,
}

impl LocalSandbox {
    /// Attaches by way of a connected socket.
    pub(crate) async fn attach(reference: SandboxRef, socket: UnixStream) -> Result<Self, PortError> {
        let (arrived, inbound) = mpsc::channel(MAX_INBOUND);
        let (opener, driving) = mux::connect(socket, Side::Driver, move |stream| {
            tokio::spawn(receive(stream, arrived.clone()));
        });
        tokio::spawn(driving);
        let sandbox = Self { reference, opener, inbound: Mutex::new(inbound) };
        let attached = sandbox.ask(&Request::Attach { version: VERSION });
        match tokio::time::timeout(ATTACH_WAIT, attached).await {
            Ok(Ok(Reply::Attached { .. })) => Ok(sandbox),
            Ok(Ok(other @ (Reply::Status { .. } | Reply::Done | Reply::Failed(_)))) => {
                Err(sandbox.unexpected(other))
            }
            Ok(Err(error)) => Err(error),
            Err(_) => {
                Err(PortError::transient(format!("the supervisor of {} does not answer", sandbox.reference)))
            }
        }
    }

    fn detached(&self) -> PortError {
        PortError::transient(format!("the sandbox {} is gone or detached", self.reference))
    }

    fn broken(&self, error: io::Error) -> PortError {
        self.detached().because(error)
    }

    fn unexpected(&self, reply: Reply) -> PortError {
        match reply {
            Reply::Failed(failure) => failure.into(),
            Reply::Attached { .. } | Reply::Status { .. } | Reply::Done => {
                PortError::permanent(format!("the supervisor of {} answered something else", self.reference))
            }
        }
    }

    async fn open(&self, request: &Request, then: &[u8]) -> Result<Stream, PortError> {
        let mut stream = self.opener.open().await.ok_or_else(|| self.detached())?;
        write_header(&mut stream, request).await.map_err(|error| self.broken(error))?;
        stream.write_all(then).await.map_err(|error| self.broken(error))?;
        stream.flush().await.map_err(|error| self.broken(error))?;
        Ok(stream)
    }

    async fn ask(&self, request: &Request) -> Result<Reply, PortError> {
        self.ask_with(request, &[]).await
    }

    async fn ask_with(&self, request: &Request, then: &[u8]) -> Result<Reply, PortError> {
        let mut stream = self.open(request, then).await?;
        read_header(&mut stream, MAX_REPLY).await.map_err(|error| self.broken(error))
    }

    async fn tell(&self, request: &Request, then: &[u8]) -> Result<(), PortError> {
        match self.ask_with(request, then).await? {
            Reply::Done => Ok(()),
            other @ (Reply::Attached { .. } | Reply::Status { .. } | Reply::Failed(_)) => {
                Err(self.unexpected(other))
            }
        }
    }
}

async fn receive(mut stream: Stream, arrived: mpsc::Sender<Inbound>) {
    let opening = tokio::time::timeout(OPENING_WAIT, read_header::<Opening>(&mut stream, MAX_OPENING)).await;
    let Ok(Ok(Opening { listener })) = opening else {
        return;
    };
    if listener.len() <= MAX_NAME {
        // A connection that finds the queue full is reset.
        drop(arrived.try_send(Inbound { listener, stream: Box::new(stream) }));
    }
}

#[async_trait]
impl Sandbox for LocalSandbox {
    fn reference(&self) -> &SandboxRef {
        &self.reference
    }

    async fn status(&self) -> Result<SandboxStatus, PortError> {
        match self.ask(&Request::Status).await? {
            Reply::Status { status } => Ok(status),
            other @ (Reply::Attached { .. } | Reply::Done | Reply::Failed(_)) => Err(self.unexpected(other)),
        }
    }

    async fn start(&self, process: &ProcessSpec) -> Result<(), PortError> {
        self.tell(&Request::Start { process: process.clone() }, &[]).await
    }

    async fn write_line(&self, process: &ProcessId, number: u64, line: Bytes) -> Result<(), PortError> {
        let length = u32::try_from(line.len())
            .ok()
            .filter(|_| line.len() <= MAX_LINE)
            .ok_or_else(|| PortError::full(format!("an input line may have {MAX_LINE} bytes")))?;
        self.tell(&Request::WriteLine { process: process.clone(), number, length }, &line).await
    }

    async fn follow(
        &self,
        process: &ProcessId,
        stream: OutputStream,
        from: u64,
    ) -> Result<BoxStream<'static, Result<ProcessOutput, PortError>>, PortError> {
        let mut opened = self.open(&Request::Follow { process: process.clone(), stream, from }, &[]).await?;
        match read_header(&mut opened, MAX_REPLY).await.map_err(|error| self.broken(error))? {
            Reply::Done => Ok(pieces(opened, from, self.reference.clone()).boxed()),
            other @ (Reply::Attached { .. } | Reply::Status { .. } | Reply::Failed(_)) => {
                Err(self.unexpected(other))
            }
        }
    }

    async fn acknowledge(
        &self,
        process: &ProcessId,
        stream: OutputStream,
        before: u64,
    ) -> Result<(), PortError> {
        self.tell(&Request::Acknowledge { process: process.clone(), stream, before }, &[]).await
    }

    async fn signal(&self, process: &ProcessId, signal: TreeSignal) -> Result<(), PortError> {
        self.tell(&Request::Signal { process: process.clone(), signal }, &[]).await
    }

    async fn accept(&self) -> Result<Inbound, PortError> {
        self.inbound.lock().await.recv().await.ok_or_else(|| self.detached())
    }
}

/// Reads what follows a follow request: pieces, an exit, and nothing more.
fn pieces(
    stream: Stream,
    from: u64,
    reference: SandboxRef,
) -> impl futures::Stream<Item = Result<ProcessOutput, PortError>> + Send {
    futures::stream::unfold(Some((stream, from)), move |state| {
        let reference = reference.clone();
        async move {
            let (mut stream, at) = state?;
            match read_piece(&mut stream, at).await {
                Ok(ProcessOutput::Chunk { end, bytes }) => {
                    Some((Ok(ProcessOutput::Chunk { end, bytes }), Some((stream, end))))
                }
                Ok(ProcessOutput::Exit(exit)) => Some((Ok(ProcessOutput::Exit(exit)), None)),
                Err(error) => {
                    let what = format!("the output of {reference} broke off at offset {at}");
                    Some((Err(PortError::transient(what).because(error)), None))
                }
            }
        }
    })
}

async fn read_piece(stream: &mut (impl AsyncRead + Unpin), at: u64) -> io::Result<ProcessOutput> {
    let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    match stream.read_u8().await? {
        piece::CHUNK => {
            let bytes = read_frame(stream, MAX_CHUNK).await?;
            let end = at.checked_add(bytes.len() as u64).ok_or_else(|| invalid("the offset overflows"))?;
            Ok(ProcessOutput::Chunk { end, bytes: bytes.into() })
        }
        piece::EXIT => {
            let exit: ProcessExit = serde_json::from_slice(&read_frame(stream, MAX_OPENING).await?)?;
            Ok(ProcessOutput::Exit(exit))
        }
        _ => Err(invalid("a piece of an unknown kind")),
    }
}

/// Reads pieces to their end, for [`crate::frames`].
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) async fn read_pieces(mut from: &[u8]) {
    let mut at = 0;
    while let Ok(ProcessOutput::Chunk { end, bytes }) = read_piece(&mut from, at).await {
        assert_eq!(end - at, bytes.len() as u64, "an offset follows from what has come");
        at = end;
    }
}

/// Asks everything that can be asked, for [`crate::frames`].
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) async fn use_all(sandbox: &LocalSandbox) {
    let Ok(process) = "agent-1".parse::<ProcessId>() else { return };
    drop(sandbox.status().await);
    drop(sandbox.write_line(&process, 1, Bytes::from_static(b"{}")).await);
    if let Ok(mut output) = sandbox.follow(&process, OutputStream::Stdout, u64::MAX - 3).await {
        while let Some(Ok(ProcessOutput::Chunk { .. })) = output.next().await {}
    }
    drop(sandbox.accept().await);
}
