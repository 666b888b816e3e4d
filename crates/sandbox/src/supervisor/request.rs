//! What an attached server may ask (layer 1).
//!
//! Invariant: a request that was understood is carried out to its end, whether or not anybody still waits for the
//! answer; the one exception is following, which is all answer.

use super::Supervisor;
use super::process::Process;
use crate::mux::Stream;
use crate::protocol::{
    MAX_CHUNK, MAX_REQUEST, Reply, Request, piece, read_bytes, read_header, write_frame, write_header,
};
use std::io;
use std::rc::Rc;
use telecoder_model::PortError;
use telecoder_model::id::ProcessId;
use telecoder_model::port::sandbox::{MAX_LINE, OutputStream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The most bytes that are read from the journal before others have their turn.
const TURN: u64 = 1 << 20;

/// Carries out the request of one stream. A stream that breaks has nobody left to be told.
pub(super) async fn answer(supervisor: Rc<Supervisor>, mut stream: Stream) {
    drop(respond(&supervisor, &mut stream).await);
}

async fn respond(supervisor: &Supervisor, stream: &mut Stream) -> io::Result<()> {
    let result = match read_header(stream, MAX_REQUEST).await? {
        Request::Attach { .. } => Err(PortError::conflict("this connection is attached already")),
        Request::Status => Ok(Reply::Status { status: supervisor.status() }),
        Request::Start { process } => supervisor.start(&process).await.map(|()| Reply::Done),
        Request::WriteLine { process, number, length } => {
            // The bytes are read first and few lines are held at once: each may be large.
            let Ok(_place) = supervisor.lines.acquire().await else {
                return Ok(());
            };
            match line_length(length) {
                Ok(length) => {
                    let line = read_bytes(stream, length).await?;
                    write_line(supervisor, &process, number, line).await.map(|()| Reply::Done)
                }
                Err(error) => Err(error),
            }
        }
        Request::Follow { process, stream: output, from } => {
            match supervisor.processes.find(&process).and_then(|found| check(found, output, from)) {
                Ok(process) => return follow(&process, output, from, stream).await,
                Err(error) => Err(error),
            }
        }
        Request::Acknowledge { process, stream: output, before } => supervisor
            .processes
            .find(&process)
            .map(|process| process.output(output).acknowledge(before))
            .map(|()| Reply::Done),
        Request::Signal { process, signal } => match supervisor.processes.find(&process) {
            Ok(process) => process.signal(signal).await.map(|()| Reply::Done),
            Err(error) => Err(error),
        },
    };
    let reply = result.unwrap_or_else(|error| Reply::Failed(error.into()));
    write_header(stream, &reply).await?;
    stream.shutdown().await
}

fn line_length(length: u32) -> Result<usize, PortError> {
    usize::try_from(length)
        .ok()
        .filter(|length| *length <= MAX_LINE)
        .ok_or_else(|| PortError::full(format!("an input line may have {MAX_LINE} bytes")))
}

async fn write_line(
    supervisor: &Supervisor,
    process: &ProcessId,
    number: u64,
    line: Vec<u8>,
) -> Result<(), PortError> {
    if line.contains(&b'\n') {
        return Err(PortError::permanent("an input line holds a line end"));
    }
    supervisor.processes.find(process)?.write_line(number, line).await
}

fn check(process: Rc<Process>, stream: OutputStream, from: u64) -> Result<Rc<Process>, PortError> {
    let (start, end) = process.output(stream).range();
    if (start..=end).contains(&from) {
        Ok(process)
    } else {
        Err(PortError::conflict(format!("offset {from} is not in the journal, which holds {start} to {end}")))
    }
}

async fn follow(process: &Process, which: OutputStream, from: u64, stream: &mut Stream) -> io::Result<()> {
    write_header(stream, &Reply::Done).await?;
    let output = process.output(which);
    let mut progress = output.progress();
    let mut at = from;
    loop {
        let now = *progress.borrow_and_update();
        let turn = now.end.min(at + TURN);
        while at < turn {
            let bytes = output.read(at, MAX_CHUNK)?;
            if bytes.is_empty() {
                // Acknowledged from elsewhere while it was followed.
                return Err(io::ErrorKind::InvalidData.into());
            }
            stream.write_u8(piece::CHUNK).await?;
            write_frame(stream, &bytes).await?;
            at += bytes.len() as u64;
        }
        stream.flush().await?;
        if at < now.end {
            tokio::task::yield_now().await;
        } else if now.closed {
            break;
        } else {
            let mut nothing = [0];
            tokio::select! {
                changed = progress.changed() => changed.map_err(io::Error::other)?,
                // A follower sends nothing; an end means that it no longer follows.
                _ = stream.read(&mut nothing) => return Ok(()),
            }
        }
    }
    let mut exit = process.exit();
    let exit = exit.wait_for(Option::is_some).await.map_err(io::Error::other)?.clone();
    let exit = serde_json::to_vec(&exit)?;
    stream.write_u8(piece::EXIT).await?;
    write_frame(stream, &exit).await?;
    stream.flush().await?;
    stream.shutdown().await
}
