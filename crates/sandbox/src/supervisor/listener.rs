//! Ports on the sandbox's loopback whose connections are passed out to the server (layer 1).
//!
//! When the server goes away, a connection whose answer has begun is closed at once: half an answer cannot be
//! continued by another server. One that had no answer byte yet, and whose program has not ended its side, is held, and
//! replayed from its first byte to the next server that attaches; a server that goes may let go of it a moment before.
//! Invariants: at most [`MAX_CONNECTIONS`] at once over all listeners; see [`super::replay`]
//! for how much of them is kept.

use super::Supervisor;
use super::attach::Attachment;
use super::log;
use super::replay::Replay;
use crate::mux::Stream;
use crate::protocol::{Opening, write_header};
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;

/// The most connections at once.
const MAX_CONNECTIONS: usize = 256;
/// How much is passed on at once.
const READ: usize = 16 << 10;
/// How long a program may go on sending when the server has ended a connection.
const LINGER: Duration = Duration::from_secs(2);
/// How long after it let go of a connection without an answer a server may go, for the connection to be replayed.
const GOING: Duration = Duration::from_secs(2);
/// How long to wait after an accept that failed.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// How many places there are: every listener holds one for the connection that it waits for.
pub(super) fn places(listeners: usize) -> usize {
    MAX_CONNECTIONS + listeners.saturating_sub(1)
}

/// Accepts connections for ever. Those that find no place wait in the kernel's queue of the port.
pub(super) async fn listen(supervisor: Rc<Supervisor>, name: String, socket: TcpListener) {
    while let Ok(place) = Arc::clone(&supervisor.connections).acquire_owned().await {
        match socket.accept().await {
            Ok((connection, _)) => {
                let (supervisor, name) = (Rc::clone(&supervisor), name.clone());
                spawn_local(async move {
                    carry(&supervisor, connection, &name).await;
                    drop(place);
                });
            }
            Err(error) => {
                log::line(&format!("cannot accept a connection: {error}"));
                tokio::time::sleep(ACCEPT_RETRY).await;
            }
        }
    }
}

/// Carries one connection to its end, over as many servers as it takes.
async fn carry(supervisor: &Supervisor, mut connection: TcpStream, name: &str) {
    let replay = Replay::new(&supervisor.kept);
    let mut attached = supervisor.attached();
    let mut last = 0;
    loop {
        let next = attached.wait_for(|now| now.as_ref().is_some_and(|now| now.number > last));
        let attachment = tokio::select! {
            next = next => match next.as_deref() {
                Ok(Some(attachment)) => attachment.clone(),
                Ok(None) | Err(_) => return,
            },
            () = give_up(&mut connection, &replay) => return,
        };
        last = attachment.number;
        if let Some(stream) = attachment.opener.open().await {
            match exchange(&mut connection, stream, name, &replay, &attachment).await {
                Outcome::Over => return,
                Outcome::Unanswered => {}
            }
        }
        if !replay.possible() {
            return;
        }
    }
}

/// Reads on while no server is attached; returns when the program has gone or sends too much.
async fn give_up(connection: &mut TcpStream, replay: &Replay) {
    let mut buffer = vec![0; READ];
    while let Ok(read @ 1..) = connection.read(&mut buffer).await {
        replay.keep(buffer.get(..read).unwrap_or_default());
        if !replay.possible() {
            return;
        }
    }
}

/// What became of a connection.
enum Outcome {
    /// It has ended.
    Over,
    /// The server went away before the first byte of an answer.
    Unanswered,
}

/// What ended one direction.
#[derive(PartialEq, Eq)]
enum Ended {
    Program,
    Server,
}

async fn exchange(
    connection: &mut TcpStream,
    stream: Stream,
    name: &str,
    replay: &Replay,
    attachment: &Attachment,
) -> Outcome {
    {
        let (from_program, mut to_program) = connection.split();
        let (from_server, to_server) = tokio::io::split(stream);
        let mut out = pin!(pass_out(from_program, to_server, name, replay));
        let mut out_ended = false;
        let mut back = pin!(pass_back(from_server, &mut to_program, replay, attachment));
        let ended = tokio::select! {
            ended = &mut back => ended,
            ended = &mut out => {
                out_ended = true;
                match ended {
                    Ok(()) | Err(Ended::Server) => back.as_mut().await,
                    Err(Ended::Program) => Ended::Program,
                }
            }
        };
        if ended == Ended::Program {
            return Outcome::Over;
        }
        if attachment.opener.gone() {
            return if replay.possible() { Outcome::Unanswered } else { Outcome::Over };
        }
        if !out_ended {
            // The server has said all, but may be listening still.
            drop(tokio::time::timeout(LINGER, out).await);
        }
    }
    drop(tokio::time::timeout(LINGER, linger(connection)).await);
    Outcome::Over
}

/// Reads what the program still sends. To close before would take from it what it has not read of the answer.
async fn linger(connection: &mut TcpStream) {
    let mut buffer = vec![0; READ];
    while let Ok(1..) = connection.read(&mut buffer).await {}
}

/// From the program to the server: first what another server did not answer.
async fn pass_out(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    name: &str,
    replay: &Replay,
) -> Result<(), Ended> {
    let lost = |_: io::Error| Ended::Server;
    write_header(&mut to, &Opening { listener: name.to_owned() }).await.map_err(lost)?;
    to.write_all(&replay.bytes()).await.map_err(lost)?;
    let mut buffer = vec![0; READ];
    loop {
        let read = from.read(&mut buffer).await.map_err(|_| Ended::Program)?;
        if read == 0 {
            // Most likely the program has gone, and for it nobody is to be asked again.
            replay.forget();
            return to.shutdown().await.map_err(lost);
        }
        let bytes = buffer.get(..read).unwrap_or_default();
        replay.keep(bytes);
        to.write_all(bytes).await.map_err(lost)?;
        to.flush().await.map_err(lost)?;
    }
}

/// From the server to the program, the end included; returns who ended it.
async fn pass_back(
    mut from: impl AsyncRead + Unpin,
    to: &mut (impl AsyncWrite + Unpin),
    replay: &Replay,
    attachment: &Attachment,
) -> Ended {
    let mut buffer = vec![0; READ];
    loop {
        let Ok(read @ 1..) = from.read(&mut buffer).await else {
            if replay.possible() {
                drop(tokio::time::timeout(GOING, attachment.opener.ended()).await);
            }
            // Not for a server that is gone: another may be asked.
            if !attachment.opener.gone() {
                to.shutdown().await.ok();
            }
            return Ended::Server;
        };
        replay.forget();
        if to.write_all(buffer.get(..read).unwrap_or_default()).await.is_err() {
            return Ended::Program;
        }
    }
}
