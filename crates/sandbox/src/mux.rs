//! One byte stream as many (layer 1): a yamux connection, driven by one future.
//!
//! Invariants: the number of streams and the memory that the far side can claim are bounded; when the connection
//! ends, `gone` is set before any of its streams reports the end.

use futures::future::poll_fn;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use tokio::net::UnixStream;
use tokio::sync::{mpsc, oneshot};
use tokio_util::compat::{Compat, FuturesAsyncReadCompatExt, TokioAsyncReadCompatExt};

/// The most streams at once, both ways together.
const MAX_STREAMS: usize = 512;
/// What the far side may have under way unread, over all streams: the protocol's least, 256 KiB each.
const MAX_WINDOW: usize = MAX_STREAMS * (256 << 10);

/// One of the streams.
pub(crate) type Stream = Compat<yamux::Stream>;

/// Which side of a connection this is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Side {
    /// The server's.
    Driver,
    /// The sandbox's.
    Supervisor,
}

/// Opens streams on a connection. The connection ends when its last opener is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Opener {
    wanted: mpsc::Sender<oneshot::Sender<Stream>>,
    gone: Arc<AtomicBool>,
}

impl Opener {
    /// Opens a stream; `None` if the connection has ended.
    pub(crate) async fn open(&self) -> Option<Stream> {
        let (answer, stream) = oneshot::channel();
        self.wanted.send(answer).await.ok()?;
        stream.await.ok()
    }

    /// Waits until the connection has ended.
    pub(crate) async fn ended(&self) {
        self.wanted.closed().await;
    }

    /// Whether the connection has ended.
    pub(crate) fn gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }
}

/// Makes a connection of a socket. The future drives it to its end; streams of the far side go to `inbound`.
pub(crate) fn connect(
    socket: UnixStream,
    side: Side,
    inbound: impl FnMut(Stream) + Send + 'static,
) -> (Opener, impl Future<Output = ()> + Send + 'static) {
    let mut config = yamux::Config::default();
    config.set_max_num_streams(MAX_STREAMS);
    config.set_max_connection_receive_window(Some(MAX_WINDOW));
    config.set_split_send_size(64 << 10);
    let mode = match side {
        Side::Driver => yamux::Mode::Client,
        Side::Supervisor => yamux::Mode::Server,
    };
    let connection = yamux::Connection::new(socket.compat(), config, mode);
    let (wanted, requests) = mpsc::channel(16);
    let gone = Arc::new(AtomicBool::new(false));
    let opener = Opener { wanted, gone: Arc::clone(&gone) };
    (opener, drive(connection, requests, gone, inbound))
}

async fn drive(
    connection: yamux::Connection<Compat<UnixStream>>,
    mut requests: mpsc::Receiver<oneshot::Sender<Stream>>,
    gone: Arc<AtomicBool>,
    mut inbound: impl FnMut(Stream),
) {
    let mut connection = connection;
    // Dropped before the connection, also when this future is: who reads a stream's end asks then whether the
    // connection is gone.
    let set_gone = SetGone(gone);
    let mut wanted: Option<oneshot::Sender<Stream>> = None;
    poll_fn(|context| {
        loop {
            if wanted.is_none() {
                match requests.poll_recv(context) {
                    Poll::Ready(Some(answer)) => wanted = Some(answer),
                    Poll::Ready(None) => break,
                    Poll::Pending => {}
                }
            }
            if wanted.is_some() {
                match connection.poll_new_outbound(context) {
                    Poll::Ready(Ok(stream)) => {
                        if let Some(answer) = wanted.take() {
                            // A caller that no longer waits drops the stream, which resets it.
                            drop(answer.send(stream.compat()));
                        }
                        continue;
                    }
                    Poll::Ready(Err(_)) => break,
                    Poll::Pending => {}
                }
            }
            match connection.poll_next_inbound(context) {
                Poll::Ready(Some(Ok(stream))) => inbound(stream.compat()),
                Poll::Ready(Some(Err(_)) | None) => break,
                Poll::Pending => return Poll::Pending,
            }
        }
        set_gone.0.store(true, Ordering::Release);
        Poll::Ready(())
    })
    .await;
}

struct SetGone(Arc<AtomicBool>);

impl Drop for SetGone {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}
