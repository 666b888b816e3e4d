//! The loop between an agent's process and the log (layer 1). One occurrence at a time: what an agent's lines decide is one
//! transaction with the offset up to which they were read and the lines that answer them; only then the answers are written.

use super::attachment::Attachment;
use super::calls::CallNews;
use super::desk::{Change, Desk};
use super::failure::WorkError;
use bytes::{Buf, Bytes, BytesMut};
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use std::time::Duration;
use telecoder_model::PortError;
use telecoder_model::event::EventBody;
use telecoder_model::port::agent::{Action, Conversation};
use telecoder_model::port::bus::Subscription;
use telecoder_model::port::sandbox::{MAX_LINE, OutputStream, ProcessExit, ProcessOutput};
use telecoder_model::session::FailureKind;

/// Bytes of ready output that one transaction takes at most.
const MAX_BATCH: usize = 1 << 20;
/// Bytes of standard error that are kept in the log.
const MAX_STDERR: u64 = 64 * 1024;

type Output = BoxStream<'static, Result<ProcessOutput, PortError>>;

/// What happened in one round of the loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tick {
    /// Something was recorded.
    Progress,
    /// There may be news for the session: messages, answers.
    News,
    /// The time given is over.
    Timeout,
}

/// An agent's process with its conversation.
pub(crate) struct Pump {
    attachment: Attachment,
    conversation: Box<dyn Conversation>,
    stdout: Output,
    stderr: Option<Output>,
    partial: BytesMut,
    news: Box<dyn Subscription>,
    /// How the process ended, once it has and its output is read.
    pub(crate) exit: Option<ProcessExit>,
    /// The last words on standard error, for failures.
    pub(crate) stderr_tail: String,
    /// Why the agent answered a prompt with an error.
    pub(crate) turn_failed: Option<String>,
    /// Nothing more is told (after a stop).
    muted: bool,
}

enum Occurrence {
    Stdout(Option<Result<ProcessOutput, PortError>>),
    Stderr(Option<Result<ProcessOutput, PortError>>),
    Call(CallNews),
    News,
    Timeout,
}

impl Pump {
    /// Follows the agent's process from where it was read up to, and repeats the lines that it may not have got.
    pub(crate) async fn attach(
        desk: &mut Desk,
        attachment: Attachment,
        conversation: Box<dyn Conversation>,
    ) -> Result<Self, WorkError> {
        let Some(agent) = desk.run.agent.clone() else {
            return Err(WorkError::failed(FailureKind::Internal, "no agent was started"));
        };
        let news = desk.engine.subscribe(&desk.session.id);
        let sandbox = &attachment.sandbox;
        let stdout = sandbox
            .follow(&agent.process, OutputStream::Stdout, agent.stdout)
            .await
            .map_err(|error| broken(&error))?;
        let stderr = sandbox
            .follow(&agent.process, OutputStream::Stderr, agent.stderr)
            .await
            .map_err(|error| broken(&error))?;
        let mut pump = Self {
            attachment,
            conversation,
            stdout,
            stderr: Some(stderr),
            partial: BytesMut::new(),
            news,
            exit: None,
            stderr_tail: String::new(),
            turn_failed: None,
            muted: false,
        };
        pump.repeat_inputs(desk).await?;
        Ok(pump)
    }

    async fn repeat_inputs(&mut self, desk: &Desk) -> Result<(), WorkError> {
        let Some(agent) = &desk.run.agent else {
            return Ok(());
        };
        let status = self.attachment.sandbox.status().await.map_err(|error| broken(&error))?;
        let written = status.processes.iter().find(|p| p.id == agent.process).map_or(0, |p| p.last_input);
        for (number, line) in desk.inputs(&agent.process, written).await? {
            self.attachment
                .sandbox
                .write_line(&agent.process, number, line)
                .await
                .map_err(|error| broken(&error))?;
        }
        Ok(())
    }

    /// The sandbox.
    pub(crate) fn sandbox(&self) -> &std::sync::Arc<dyn telecoder_model::port::sandbox::Sandbox> {
        &self.attachment.sandbox
    }

    /// Passes answers of people on to the agent.
    pub(crate) async fn pass_answers(&mut self, desk: &mut Desk) -> Result<(), WorkError> {
        let Some((actions, step)) = super::actions::answers(desk, self.conversation.as_mut()).await? else {
            return Ok(());
        };
        if let Some(step) = step {
            desk.go(step, None, Change::default(), |_| {}).await?;
        }
        self.apply(desk, actions, Change::default()).await
    }

    /// The conversation, to wish for something; pass the actions to [`Self::apply`].
    pub(crate) fn conversation(&mut self) -> &mut dyn Conversation {
        self.conversation.as_mut()
    }

    /// From now on nothing of the agent is told any more.
    pub(crate) fn mute(&mut self) {
        self.muted = true;
    }

    /// Gives the attachment back.
    pub(crate) fn into_attachment(self) -> Attachment {
        self.attachment
    }

    /// Waits for one occurrence, at most for `wait`, and records what follows from it.
    pub(crate) async fn tick(&mut self, desk: &mut Desk, wait: Duration) -> Result<Tick, WorkError> {
        match self.next(desk, wait).await {
            Occurrence::Stdout(item) => self.on_stdout(desk, item).await,
            Occurrence::Stderr(item) => {
                self.on_stderr(desk, item);
                Ok(Tick::Progress)
            }
            Occurrence::Call(call) => {
                super::metering::record(desk, call, self.muted).await?;
                Ok(Tick::Progress)
            }
            Occurrence::News => Ok(Tick::News),
            Occurrence::Timeout => Ok(Tick::Timeout),
        }
    }

    async fn next(&mut self, desk: &Desk, wait: Duration) -> Occurrence {
        let clock = &desk.engine.ports().clock;
        let exited = self.exit.is_some();
        let stderr = async {
            match &mut self.stderr {
                Some(stream) => stream.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            Some(call) = self.attachment.calls.recv() => Occurrence::Call(call),
            item = stderr => Occurrence::Stderr(item),
            item = self.stdout.next(), if !exited => Occurrence::Stdout(item),
            () = self.news.changed() => Occurrence::News,
            () = clock.sleep(wait) => Occurrence::Timeout,
        }
    }

    async fn on_stdout(
        &mut self,
        desk: &mut Desk,
        item: Option<Result<ProcessOutput, PortError>>,
    ) -> Result<Tick, WorkError> {
        let mut item = item;
        loop {
            match item {
                Some(Ok(ProcessOutput::Chunk { bytes, .. })) => self.partial.extend_from_slice(&bytes),
                Some(Ok(ProcessOutput::Exit(exit))) => {
                    self.exit = Some(exit);
                    break;
                }
                Some(Err(error)) => return Err(broken(&error)),
                None => {
                    return Err(WorkError::failed(
                        FailureKind::SandboxError,
                        "the agent's output ended without its exit",
                    ));
                }
            }
            if self.partial.len() >= MAX_BATCH {
                break;
            }
            // What is ready already goes into the same transaction.
            match self.stdout.next().now_or_never() {
                Some(more) => item = more,
                None => break,
            }
        }
        let (actions, read) = self.receive()?;
        if read == 0 {
            return Ok(Tick::Progress);
        }
        if let Some(agent) = &mut desk.run.agent {
            agent.stdout = agent.stdout.saturating_add(read);
        }
        self.apply(desk, actions, Change::default()).await?;
        if let Some(agent) = &desk.run.agent {
            let done =
                self.attachment.sandbox.acknowledge(&agent.process, OutputStream::Stdout, agent.stdout).await;
            done.map_err(|error| broken(&error))?;
        }
        Ok(Tick::Progress)
    }

    /// Takes the complete lines out of the buffer; gives what follows from them and their length.
    fn receive(&mut self) -> Result<(Vec<Action>, u64), WorkError> {
        let mut actions = Vec::new();
        let mut read = 0_u64;
        while let Some(end) = self.partial.iter().position(|byte| *byte == b'\n') {
            let mut line = self.partial.split_to(end.saturating_add(1)).freeze();
            read = read.saturating_add(u64::try_from(line.len()).unwrap_or(0));
            line.truncate(end);
            if line.is_empty() {
                continue;
            }
            actions.extend(self.conversation.receive(&line));
        }
        if self.partial.remaining() > MAX_LINE {
            return Err(WorkError::failed(
                FailureKind::AgentError,
                format!("the agent wrote a line of more than {} MiB", MAX_LINE >> 20),
            ));
        }
        Ok((actions, read))
    }

    fn on_stderr(&mut self, desk: &mut Desk, item: Option<Result<ProcessOutput, PortError>>) {
        let Some(Ok(ProcessOutput::Chunk { end, bytes })) = item else {
            self.stderr = None;
            return;
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        self.stderr_tail.push_str(&text);
        let excess = self.stderr_tail.len().saturating_sub(2000);
        if let Some((cut, _)) = self.stderr_tail.char_indices().find(|(at, _)| *at >= excess) {
            self.stderr_tail.drain(..cut);
        }
        if let Some(agent) = &mut desk.run.agent {
            agent.stderr = end;
        }
        let room = MAX_STDERR.saturating_sub(desk.run.stderr_kept);
        if room > 0 && !self.muted {
            let kept: String = text.chars().take(usize::try_from(room).unwrap_or(0)).collect();
            desk.run.stderr_kept =
                desk.run.stderr_kept.saturating_add(u64::try_from(kept.len()).unwrap_or(room));
            desk.note(EventBody::Output { stream: "stderr".to_owned(), text: kept, blob: None });
        }
    }

    /// Records what follows from actions, together with a change, and then writes the lines that they send.
    pub(crate) async fn apply(
        &mut self,
        desk: &mut Desk,
        actions: Vec<Action>,
        change: Change,
    ) -> Result<(), WorkError> {
        let mut change = change;
        let decided = super::actions::decide(desk, self.conversation.as_mut(), actions, &mut change)?;
        if let Some(reason) = decided.turn_failed {
            self.turn_failed = Some(reason);
        }
        if self.muted {
            change.events.clear();
        }
        desk.run.conversation = Some(self.conversation.state());
        let lines = desk.input(&mut change, decided.lines);
        match decided.asked {
            Some(step) if !self.muted => desk.go(step, None, change, |_| {}).await?,
            Some(_) | None => desk.commit(change).await?,
        }
        for id in decided.cancelled {
            super::actions::cancel(desk, &id).await;
        }
        if let Some(broken) = decided.broken {
            return Err(broken);
        }
        self.send(desk, lines).await
    }

    async fn send(&mut self, desk: &Desk, lines: Vec<(u64, Bytes)>) -> Result<(), WorkError> {
        let Some(agent) = &desk.run.agent else {
            return Ok(());
        };
        for (number, line) in lines {
            let written = self.attachment.sandbox.write_line(&agent.process, number, line).await;
            // A process that has ended reads nothing more; its exit is told by its output's end.
            if let Err(error) = written {
                if self.exit.is_some() || error.class == telecoder_model::ErrorClass::NotFound {
                    return Ok(());
                }
                return Err(broken(&error));
            }
        }
        Ok(())
    }
}

fn broken(error: &PortError) -> WorkError {
    WorkError::port(FailureKind::SandboxError, error)
}
