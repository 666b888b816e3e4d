//! The supervisor's end of a process's keeper (layer 1): see `launcher::trampoline`.

use super::process::Pipes;
use super::reaper::Reaper;
use crate::failure::failed;
use crate::launcher::{ExecSpec, send_descriptor, tag};
use crate::protocol::{self, Failure};
use std::cell::Cell;
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as BlockingStream;
use std::process::{Command, Stdio};
use std::rc::Rc;
use telecoder_model::PortError;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{Mutex, watch};

/// The longest failure that a trampoline tells, in bytes.
const MAX_FAILURE: usize = 64 << 10;

/// Process 1 of a process's tree.
#[derive(Debug)]
pub(super) struct Keeper {
    pid: u32,
    reaper: Rc<Reaper>,
    told: Mutex<OwnedReadHalf>,
    /// The program's end, where it was told before the keeper was known.
    ended: Cell<Option<i32>>,
    ask: Mutex<OwnedWriteHalf>,
    answers: watch::Sender<u64>,
}

/// What a keeper tells.
#[derive(Debug)]
pub(super) enum Told {
    /// The program runs.
    Started,
    /// The program does not run.
    Failed(PortError),
    /// The program ended with this wait status.
    Ended(i32),
    /// The tree was signalled.
    Signalled,
}

enum Message {
    Keeper(u32),
    Told(Told),
}

/// Starts a program in a tree of its own. A program that cannot be executed is an error.
pub(super) async fn spawn(spec: &ExecSpec, reaper: &Rc<Reaper>) -> Result<(Keeper, Pipes), PortError> {
    let what = || failed("cannot make the streams of a process");
    let (ours, theirs) = BlockingStream::pair().map_err(what())?;
    let (input_theirs, input) = std::io::pipe().map_err(what())?;
    let (stdout, stdout_theirs) = std::io::pipe().map_err(what())?;
    let (stderr, stderr_theirs) = std::io::pipe().map_err(what())?;
    let streams = [theirs.into(), stdout_theirs.into(), stderr_theirs.into()];
    execute_trampoline(streams).map_err(failed("cannot start a process"))?;
    let lost = || failed::<std::io::Error>("a process ended before it began");
    send_descriptor(&ours, &input_theirs).map_err(lost())?;
    drop(input_theirs);
    ours.set_nonblocking(true).map_err(what())?;
    let (mut told, mut ask) = UnixStream::from_std(ours).map_err(what())?.into_split();
    let spec = serde_json::to_vec(spec).map_err(|error| PortError::permanent(error.to_string()))?;
    protocol::write_frame(&mut ask, &spec).await.map_err(lost())?;
    let (pid, ended) = await_start(&mut told).await?;
    reaper.watch(pid);
    let keeper = Keeper {
        pid,
        reaper: Rc::clone(reaper),
        told: Mutex::new(told),
        ended: Cell::new(ended),
        ask: Mutex::new(ask),
        answers: watch::Sender::new(0),
    };
    Ok((keeper, Pipes { input: input.into(), stdout: stdout.into(), stderr: stderr.into() }))
}

/// Waits for the keeper's pid and for the program's start, which come from two processes in either order: a short program
/// may even end, with the wait status that is given then, before its keeper is known.
async fn await_start(told: &mut (impl AsyncRead + Unpin)) -> Result<(u32, Option<i32>), PortError> {
    let mut pid = None;
    let mut started = false;
    let mut ended = None;
    loop {
        if let (Some(pid), true) = (pid, started) {
            return Ok((pid, ended));
        }
        match read_message(told).await {
            Some(Message::Keeper(keeper)) => pid = Some(keeper),
            Some(Message::Told(Told::Failed(error))) => return Err(error),
            Some(Message::Told(Told::Started)) => started = true,
            Some(Message::Told(Told::Ended(status))) if started => ended = Some(status),
            Some(Message::Told(Told::Ended(_) | Told::Signalled)) | None => {
                return Err(PortError::transient("a process ended before it began"));
            }
        }
    }
}

/// Executes this very program again; its path need not exist in the sandbox.
#[expect(clippy::disallowed_methods, reason = "the one place where a supervisor starts a process")]
fn execute_trampoline([control, stdout, stderr]: [OwnedFd; 3]) -> std::io::Result<()> {
    let words: [&OsStr; 2] = ["supervise".as_ref(), "exec".as_ref()];
    // The reaper collects it, whoever its parent is by then.
    drop(
        Command::new("/proc/self/exe")
            .args(words)
            .env_clear()
            .stdin(Stdio::from(control))
            .stdout(Stdio::from(stdout))
            .stderr(Stdio::from(stderr))
            .spawn()?,
    );
    Ok(())
}

async fn read_message(from: &mut (impl AsyncRead + Unpin)) -> Option<Message> {
    let kind = from.read_u8().await.ok()?;
    let value = from.read_i32().await.ok()?;
    Some(match kind {
        tag::KEEPER => Message::Keeper(u32::try_from(value).ok()?),
        tag::STARTED => Message::Told(Told::Started),
        tag::ENDED => Message::Told(Told::Ended(value)),
        tag::SIGNALLED => Message::Told(Told::Signalled),
        tag::FAILED => {
            let length = usize::try_from(value).ok().filter(|length| *length <= MAX_FAILURE)?;
            let text = protocol::read_bytes(from, length).await.ok()?;
            let failure: Failure = serde_json::from_slice(&text).ok()?;
            Message::Told(Told::Failed(failure.into()))
        }
        _ => return None,
    })
}

impl Keeper {
    /// Its pid in the sandbox.
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits for what it tells next; nothing once it is gone.
    pub(super) async fn hear(&self) -> Option<Told> {
        if let Some(status) = self.ended.take() {
            return Some(Told::Ended(status));
        }
        match read_message(&mut *self.told.lock().await).await? {
            Message::Told(told) => {
                if matches!(told, Told::Signalled) {
                    self.answers.send_modify(|answers| *answers += 1);
                }
                Some(told)
            }
            Message::Keeper(_) => None,
        }
    }

    /// Has the whole tree signalled and waits until it was. Someone must [`hear`](Self::hear) meanwhile.
    pub(super) async fn signal(&self, number: i32) -> std::io::Result<()> {
        let Ok(number) = u8::try_from(number) else {
            return Ok(());
        };
        // One at a time, so that the next answer is this one's.
        let mut ask = self.ask.lock().await;
        let mut answers = self.answers.subscribe();
        answers.mark_unchanged();
        ask.write_all(&[number]).await?;
        answers.changed().await.map_err(std::io::Error::other)
    }

    /// Ends the whole tree at once.
    pub(super) fn end(&self) {
        self.reaper.kill(self.pid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(tag: u8, value: i32) -> Vec<u8> {
        [&[tag], &value.to_be_bytes()[..]].concat()
    }

    #[tokio::test]
    async fn a_program_may_end_before_its_keeper_is_known() {
        let (keeper, started, ended) =
            (message(tag::KEEPER, 7), message(tag::STARTED, 0), message(tag::ENDED, 256));
        for (order, expected) in [
            ([&*keeper, &*started, &*ended], (7, None)),
            ([&*started, &*keeper, &*ended], (7, None)),
            ([&*started, &*ended, &*keeper], (7, Some(256))),
        ] {
            assert_eq!(await_start(&mut &*order.concat()).await.unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn what_is_not_told_in_full_did_not_begin() {
        let (keeper, started, ended) =
            (message(tag::KEEPER, 7), message(tag::STARTED, 0), message(tag::ENDED, 0));
        for told in
            [started.clone(), keeper.clone(), [keeper, ended].concat(), [started, vec![tag::KEEPER]].concat()]
        {
            let error = await_start(&mut &*told).await.unwrap_err();
            assert_eq!(error.to_string(), "a process ended before it began");
        }
    }
}
