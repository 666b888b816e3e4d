//! The supervisor's socket (layer 1): who may attach.
//!
//! Invariants: a peer that is visible in the sandbox's own process namespace is refused; one connection is attached at
//! a time, and a newer one replaces it.

use super::{Supervisor, log, request};
use crate::mux::{self, Opener, Side, Stream};
use crate::protocol::{MAX_REQUEST, Reply, Request, VERSION, read_header, write_header};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use telecoder_model::PortError;
use tokio::io::AsyncWriteExt;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinHandle, spawn_local};

/// The most connections that are not attached yet.
const MAX_STRANGERS: usize = 16;
/// How long a connection may take to attach.
const ATTACH_WAIT: Duration = Duration::from_secs(10);
/// How long to wait after an accept that failed (no descriptor left, say).
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// An attached server.
#[derive(Debug, Clone)]
pub(super) struct Attachment {
    /// Opens streams to it.
    pub(super) opener: Opener,
    /// Counts attachments.
    pub(super) number: u64,
}

type Streams = mpsc::UnboundedReceiver<Stream>;

/// Accepts connections for ever.
pub(super) async fn listen(supervisor: Rc<Supervisor>, socket: UnixListener) {
    let strangers = Arc::new(Semaphore::new(MAX_STRANGERS));
    while let Ok(place) = Arc::clone(&strangers).acquire_owned().await {
        match socket.accept().await {
            Ok((peer, _)) if is_outside(&peer) => {
                let supervisor = Rc::clone(&supervisor);
                spawn_local(async move {
                    let (driving, opener, mut streams) = connect(peer);
                    if let Some(number) = greet(&supervisor, opener, &mut streams).await {
                        drop(place);
                        serve(&supervisor, number, streams).await;
                    }
                    driving.abort();
                });
            }
            Ok(_) => log::line("a process of the sandbox itself tried to attach"),
            Err(_) => tokio::time::sleep(ACCEPT_RETRY).await,
        }
    }
}

/// Whether a peer stands outside of the sandbox: its pid has no number in the sandbox's process namespace. Which of
/// the host's users may connect at all is the business of the run folder's permissions.
fn is_outside(peer: &UnixStream) -> bool {
    peer.peer_cred().is_ok_and(|peer| peer.pid() == Some(0))
}

fn connect(peer: UnixStream) -> (JoinHandle<()>, Opener, Streams) {
    // Bounded by the number of streams that a connection may have.
    let (arrived, streams) = mpsc::unbounded_channel();
    let (opener, driving) = mux::connect(peer, Side::Supervisor, move |stream| drop(arrived.send(stream)));
    (spawn_local(driving), opener, streams)
}

/// Waits for the request to attach; only then does the connection count. Returns its number.
async fn greet(supervisor: &Supervisor, opener: Opener, streams: &mut Streams) -> Option<u64> {
    let attached = async {
        let mut first = streams.recv().await?;
        let reply = match read_header(&mut first, MAX_REQUEST).await.ok()? {
            Request::Attach { version } if version == VERSION => {
                Reply::Attached { version, incarnation: supervisor.incarnation.clone() }
            }
            Request::Attach { version } => Reply::Failed(wrong_version(version).into()),
            Request::Status
            | Request::Start { .. }
            | Request::WriteLine { .. }
            | Request::Follow { .. }
            | Request::Acknowledge { .. }
            | Request::Signal { .. } => Reply::Failed(PortError::denied("attach first").into()),
        };
        let number = match &reply {
            Reply::Attached { .. } => Some(supervisor.attach(opener)),
            Reply::Status { .. } | Reply::Done | Reply::Failed(_) => None,
        };
        write_header(&mut first, &reply).await.ok()?;
        first.shutdown().await.ok()?;
        number
    };
    tokio::time::timeout(ATTACH_WAIT, attached).await.ok()?
}

fn wrong_version(version: u32) -> PortError {
    PortError::permanent(format!("the sandbox speaks version {VERSION} of the protocol, not {version}"))
        .remedy("end the sandbox, or run the server that made it")
}

/// Answers requests until the connection ends or another one replaces it.
async fn serve(supervisor: &Rc<Supervisor>, number: u64, mut streams: Streams) {
    let mut attached = supervisor.attached();
    let replaced = attached.wait_for(|now| now.as_ref().is_none_or(|now| now.number != number));
    tokio::select! {
        _ = replaced => {}
        () = async {
            while let Some(stream) = streams.recv().await {
                spawn_local(request::answer(Rc::clone(supervisor), stream));
            }
        } => {}
    }
    supervisor.detach(number);
}
