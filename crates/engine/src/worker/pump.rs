//! The loop between an agent's process and the log (layer 1). One occurrence at a time: what an agent's lines decide is one
//! transaction with the offset up to which they were read and the lines that answer them; only then the answers are written.

use super::attachment::Attachment;
use super::calls::CallNews;
use super::desk::{Change, Desk};
use super::failure::WorkError;
use super::lines::Lines;
use super::outgoing::{Outgoing, Written};
use super::stderr::Stderr;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use std::sync::Arc;
use std::time::Duration;
use telecoder_model::port::agent::{Action, Conversation};
use telecoder_model::port::bus::Subscription;
use telecoder_model::port::sandbox::{MAX_LINE, OutputStream, ProcessExit, ProcessOutput};
use telecoder_model::session::{FailureKind, Move, Session};
use telecoder_model::{PortError, fail_point};

/// Bytes of ready output that one transaction takes at most.
const MAX_BATCH: usize = 1 << 20;
/// Output goes before news until news have waited for so long.
const NEWS_PAUSE: Duration = Duration::from_millis(100);
/// How long an agent that has closed its input may take to end.
const EXIT_WAIT: Duration = Duration::from_secs(5);
/// How long a supervisor may take to answer what needs no waiting.
const ANSWER_WAIT: Duration = Duration::from_secs(30);

/// What a transaction changes of a session.
type Edit = dyn Fn(&mut Session) + Send + Sync;
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
    stderr: Stderr,
    /// Standard error has the next turn where both streams have something.
    stderr_next: bool,
    lines: Lines,
    outgoing: Outgoing,
    /// The agent has closed its input and must end by then.
    must_exit: Option<Duration>,
    news: Box<dyn Subscription>,
    /// When news were looked at last, by the monotonic clock.
    news_at: Duration,
    /// When the agent gave a sign of life last, by the monotonic clock.
    pub(crate) heard_at: Duration,
    /// How the process ended, once it has and its output is read.
    pub(crate) exit: Option<ProcessExit>,
    /// Why the agent answered a prompt with an error.
    pub(crate) turn_failed: Option<String>,
    /// Nothing more is told (after a stop).
    muted: bool,
}

enum Occurrence {
    Stdout(Option<Result<ProcessOutput, PortError>>),
    Stderr(Option<Result<ProcessOutput, PortError>>),
    Written(Result<Written, PortError>),
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
        let sandbox = Arc::clone(&attachment.sandbox);
        let stdout =
            answered(desk, sandbox.follow(&agent.process, OutputStream::Stdout, agent.stdout)).await?;
        let stderr = Stderr::follow(desk, Arc::clone(&sandbox), &agent.process, agent.stderr).await?;
        let now = desk.engine.ports().clock.monotonic();
        let mut pump = Self {
            attachment,
            conversation,
            stdout,
            stderr,
            stderr_next: false,
            lines: Lines::default(),
            outgoing: Outgoing::new(sandbox, agent.process),
            must_exit: None,
            news,
            news_at: now,
            heard_at: now,
            exit: None,
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
        let status = answered(desk, self.attachment.sandbox.status()).await?;
        let written = status.processes.iter().find(|p| p.id == agent.process).map_or(0, |p| p.last_input);
        self.outgoing.push(desk.inputs(&agent.process, written).await?)
    }

    /// The sandbox.
    pub(crate) fn sandbox(&self) -> &std::sync::Arc<dyn telecoder_model::port::sandbox::Sandbox> {
        &self.attachment.sandbox
    }

    /// Passes answers of people on to the agent.
    pub(crate) async fn pass_answers(&mut self, desk: &mut Desk) -> Result<(), WorkError> {
        let open = desk.run.asked.len();
        let actions = super::actions::answers(desk, self.conversation.as_mut()).await?;
        if desk.run.asked.len() == open {
            return Ok(());
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

    /// The agent's last words on standard error, for failures.
    pub(crate) fn last_words(&self) -> &str {
        self.stderr.tail()
    }

    /// Gives the attachment back.
    pub(crate) fn into_attachment(self) -> Attachment {
        self.attachment
    }

    /// Waits for one occurrence, at most for `wait`, and records what follows from it. An agent that always has something to
    /// say is no reason to wait longer: whoever has a deadline looks at the clock between two ticks.
    pub(crate) async fn tick(&mut self, desk: &mut Desk, wait: Duration) -> Result<Tick, WorkError> {
        let now = desk.engine.ports().clock.monotonic();
        let must_exit = self.must_exit.filter(|_| self.exit.is_none());
        if must_exit.is_some_and(|until| now >= until) {
            return Err(WorkError::failed(FailureKind::AgentError, "the agent has closed its input"));
        }
        let wait = must_exit.map_or(wait, |until| wait.min(until.saturating_sub(now)));
        let occurrence = self.next(desk, wait).await;
        let now = desk.engine.ports().clock.monotonic();
        match occurrence {
            Occurrence::Stdout(item) => {
                self.stderr_next = true;
                self.heard_at = now;
                self.on_stdout(desk, item).await
            }
            Occurrence::Stderr(item) => {
                self.stderr_next = false;
                self.heard_at = now;
                self.stderr.take(desk, item, self.muted).await?;
                Ok(Tick::Progress)
            }
            Occurrence::Call(call) => {
                self.heard_at = now;
                super::metering::record(desk, call, self.muted).await?;
                Ok(Tick::Progress)
            }
            Occurrence::Written(Ok(Written::All)) => Ok(Tick::Progress),
            Occurrence::Written(Ok(Written::Closed)) => {
                self.must_exit = Some(now.saturating_add(EXIT_WAIT));
                Ok(Tick::Progress)
            }
            Occurrence::Written(Err(error)) => Err(broken(&error)),
            Occurrence::News => {
                self.news_at = now;
                Ok(Tick::News)
            }
            Occurrence::Timeout => Ok(Tick::Timeout),
        }
    }

    async fn next(&mut self, desk: &Desk, wait: Duration) -> Occurrence {
        let clock = &desk.engine.ports().clock;
        let news_first = clock.monotonic().saturating_sub(self.news_at) >= NEWS_PAUSE;
        let exited = self.exit.is_some();
        let (calls, outgoing) = (&mut self.attachment.calls, &mut self.outgoing);
        let urgent = async {
            tokio::select! {
                biased;
                Some(call) = calls.recv() => Occurrence::Call(call),
                written = outgoing.write() => Occurrence::Written(written),
            }
        };
        let (stdout, stderr) = (&mut self.stdout, &mut self.stderr);
        let stdout = async {
            if exited { std::future::pending().await } else { Occurrence::Stdout(stdout.next().await) }
        };
        let stderr = stderr.next().map(Occurrence::Stderr);
        let stderr_next = self.stderr_next;
        let output = async {
            if stderr_next {
                tokio::select! { biased; item = stderr => item, item = stdout => item }
            } else {
                tokio::select! { biased; item = stdout => item, item = stderr => item }
            }
        };
        let news = self.news.changed().map(|()| Occurrence::News);
        let timeout = clock.sleep(wait).map(|()| Occurrence::Timeout);
        if news_first {
            tokio::select! { biased; o = urgent => o, o = news => o, o = output => o, o = timeout => o }
        } else {
            tokio::select! { biased; o = urgent => o, o = output => o, o = news => o, o = timeout => o }
        }
    }

    async fn on_stdout(
        &mut self,
        desk: &mut Desk,
        item: Option<Result<ProcessOutput, PortError>>,
    ) -> Result<Tick, WorkError> {
        let mut item = item;
        let mut too_long = false;
        loop {
            match item {
                Some(Ok(ProcessOutput::Chunk { bytes, .. })) => too_long = self.lines.push(&bytes).is_err(),
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
            if too_long || self.lines.len() >= MAX_BATCH {
                break;
            }
            // What is ready already goes into the same transaction.
            match self.stdout.next().now_or_never() {
                Some(more) => item = more,
                None => break,
            }
        }
        if self.exit.is_some() {
            self.stderr.finish(desk, self.muted).await?;
        }
        self.receive(desk).await?;
        if too_long {
            return Err(WorkError::failed(
                FailureKind::AgentError,
                format!("the agent wrote a line of more than {} MiB", MAX_LINE >> 20),
            ));
        }
        Ok(Tick::Progress)
    }

    /// Takes the whole lines and records what follows from them; then the supervisor may forget them.
    async fn receive(&mut self, desk: &mut Desk) -> Result<(), WorkError> {
        while let Some((lines, read)) = self.lines.take() {
            let mut actions = Vec::new();
            // One by one, so that each is given back as soon as it is understood.
            for line in lines.into_iter().filter(|line| !line.is_empty()) {
                actions.extend(self.conversation.receive(&line));
            }
            if let Some(agent) = &mut desk.run.agent {
                agent.stdout = agent.stdout.saturating_add(read);
            }
            desk.run.progress(desk.claim.tries);
            self.apply(desk, actions, Change::default()).await?;
            let (Some(agent), sandbox) = (&desk.run.agent, &self.attachment.sandbox) else { return Ok(()) };
            answered(desk, sandbox.acknowledge(&agent.process, OutputStream::Stdout, agent.stdout)).await?;
            fail_point::reach("agent.output.after");
        }
        Ok(())
    }

    /// Records what follows from actions, together with a change; the lines that they send are written from then on.
    pub(crate) async fn apply(
        &mut self,
        desk: &mut Desk,
        actions: Vec<Action>,
        change: Change,
    ) -> Result<(), WorkError> {
        self.apply_and_move(desk, actions, change, None, None).await
    }

    /// The same; the session's status moves with it, and whatever else of it `edit` changes.
    pub(crate) async fn apply_and_move(
        &mut self,
        desk: &mut Desk,
        actions: Vec<Action>,
        change: Change,
        step: Option<(Move, Option<String>)>,
        edit: Option<&Edit>,
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
        let asked = super::actions::asked_move(desk).filter(|_| !self.muted);
        let edited = |session: &mut Session| edit.into_iter().for_each(|edit| edit(session));
        match step.or(asked.map(|step| (step, None))) {
            Some((step, reason)) => desk.go(step, reason, change, edited).await?,
            None if edit.is_some() => desk.update(change, edited).await?,
            None => desk.commit(change).await?,
        }
        for id in decided.cancelled {
            super::actions::cancel(desk, &id).await;
        }
        if let Some(broken) = decided.broken {
            return Err(broken);
        }
        self.outgoing.push(lines)
    }
}

/// Waits for a supervisor's answer, within a bound: one that hangs is as good as dead.
pub(super) async fn answered<T>(
    desk: &Desk,
    answer: impl Future<Output = Result<T, PortError>>,
) -> Result<T, WorkError> {
    let clock = desk.engine.ports().clock.clone();
    match crate::step::within(clock, ANSWER_WAIT, answer).await {
        Some(answer) => answer.map_err(|error| broken(&error)),
        None => Err(WorkError::failed(
            FailureKind::SandboxError,
            format!("the sandbox's supervisor did not answer within {} s", ANSWER_WAIT.as_secs()),
        )),
    }
}

fn broken(error: &PortError) -> WorkError {
    WorkError::port(FailureKind::SandboxError, error)
}
