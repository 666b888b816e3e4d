//! Step: the agent's process and its conversation. The process is recorded before it is started; one that is there is
//! followed from where it was read up to.

use super::create_sandbox::launch;
use super::{Step, Stopwatch};
use crate::worker::actions::{asked_move, cancel, decide};
use crate::worker::desk::Change;
use crate::worker::failure::WorkError;
use crate::worker::pump::{Pump, Tick};
use crate::worker::run_state::AgentRun;
use crate::worker::work::Work;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use telecoder_model::event::StepState;
use telecoder_model::fail_point;
use telecoder_model::id::ProcessId;
use telecoder_model::port::agent::{Action, Conversation, Launch};
use telecoder_model::port::sandbox::{HOME_DIR, ProcessExit, ProcessSpec, Sandbox, WORKSPACE_DIR};
use telecoder_model::session::FailureKind;

const NAME: &str = "start_agent";

pub(super) struct StartAgent;

#[async_trait]
impl Step for StartAgent {
    async fn run(&self, work: &mut Work) -> Result<(), WorkError> {
        if let Some(ended) = work.pump.take_if(|pump| pump.exit.is_some()) {
            // It ended between two turns: a new process loads the conversation.
            work.attachment = Some(ended.into_attachment());
            work.desk.run.agent = None;
        }
        if work.pump.is_some() {
            return Ok(());
        }
        let watch = Stopwatch::start(work);
        let Some(sandbox) = work.sandbox() else {
            return Err(WorkError::failed(FailureKind::Internal, "there is no sandbox"));
        };
        ensure_process(work, &sandbox).await?;
        let Some(attachment) = work.attachment.take() else {
            return Err(WorkError::failed(FailureKind::Internal, "the sandbox is not attached"));
        };
        let conversation = conversation(work)?;
        work.pump = Some(Pump::attach(&mut work.desk, attachment, conversation).await?);
        until_ready(work).await?;
        if let Some(agent) = work.desk.run.agent.as_mut().filter(|agent| !agent.told) {
            agent.told = true;
            work.desk.note_step(NAME, StepState::Finished, None, Some(watch.millis()));
        }
        Ok(())
    }
}

/// Makes sure that the recorded process runs.
async fn ensure_process(work: &mut Work, sandbox: &Arc<dyn Sandbox>) -> Result<(), WorkError> {
    let known = match &work.desk.run.agent {
        Some(agent) => {
            let status = sandbox.status().await.map_err(|error| broken(&error))?;
            let process = status.processes.into_iter().find(|process| process.id == agent.process);
            if process.is_some_and(|process| process.exit.is_some()) {
                // It ended while nobody looked, between two turns: a new one loads the conversation.
                if between_turns(work) { None } else { work.desk.run.agent.clone() }
            } else {
                work.desk.run.agent.clone()
            }
        }
        None => None,
    };
    let launch = launch(work).await?;
    let process = match known {
        Some(agent) => agent.process,
        None => record(work, &launch).await?,
    };
    let spec = spec(work, process, launch);
    fail_point::reach("agent.start.before");
    sandbox.start(&spec).await.map_err(|error| broken(&error))?;
    fail_point::reach("agent.start.after");
    Ok(())
}

fn between_turns(work: &Work) -> bool {
    work.desk.run.turn.as_ref().is_none_or(|turn| turn.over)
}

/// Records a new process, and the lines that open its conversation; they are written once it is followed.
async fn record(work: &mut Work, launch: &Launch) -> Result<ProcessId, WorkError> {
    let number = work.desk.run.launches.saturating_add(1);
    let process: ProcessId = format!("agent-{number}")
        .parse()
        .map_err(|_| WorkError::failed(FailureKind::Internal, "no process name could be formed"))?;
    let agent =
        AgentRun { process: process.clone(), stdout: 0, stderr: 0, next_input: 1, ready: false, told: false };
    work.desk.run.launches = number;
    work.desk.run.agent = Some(agent);
    work.desk.run.conversation.get_or_insert_with(|| launch.conversation.clone());
    let mut conversation = conversation(work)?;
    let mut actions = conversation.open();
    // Nobody waits any more for what an earlier process has asked.
    actions.extend(work.desk.run.asked.keys().cloned().map(Action::Unask));
    let mut change = Change::default();
    let decided = decide(&mut work.desk, conversation.as_mut(), actions, &mut change)?;
    work.desk.run.conversation = Some(conversation.state());
    work.desk.input(&mut change, decided.lines);
    match asked_move(&work.desk) {
        Some(step) => work.desk.go(step, None, change, |_| {}).await?,
        None => work.desk.commit(change).await?,
    }
    for id in decided.cancelled {
        cancel(&work.desk, &id).await;
    }
    Ok(process)
}

/// The conversation as it was recorded last.
fn conversation(work: &Work) -> Result<Box<dyn Conversation>, WorkError> {
    let state = work.desk.run.conversation.clone().unwrap_or_default();
    let conversation = work.desk.engine.ports().agents.conversation(&state);
    conversation.map_err(|error| WorkError::port(FailureKind::AgentError, &error))
}

fn spec(work: &Work, id: ProcessId, launch: Launch) -> ProcessSpec {
    let options = work.desk.engine.options();
    let mut env: BTreeMap<String, String> = options.toolchain_env.clone();
    for (name, value) in
        [("HOME", HOME_DIR), ("LANG", "C.UTF-8"), ("USER", "agent"), ("TERM", "dumb"), ("TMPDIR", "/tmp")]
    {
        env.insert(name.to_owned(), value.to_owned());
    }
    env.extend(launch.env);
    let path = match env.get("PATH") {
        Some(own) => format!("{own}:{}", options.path),
        None => options.path.clone(),
    };
    env.insert("PATH".to_owned(), path);
    ProcessSpec { id, argv: launch.argv, env, cwd: PathBuf::from(WORKSPACE_DIR) }
}

async fn until_ready(work: &mut Work) -> Result<(), WorkError> {
    let clock = Arc::clone(&work.desk.engine.ports().clock);
    let limit = work.desk.engine.options().startup_timeout;
    let until = clock.monotonic().saturating_add(limit);
    let Some(pump) = &mut work.pump else { return Ok(()) };
    while !work.desk.run.agent.as_ref().is_some_and(|agent| agent.ready) {
        if let Some(exit) = &pump.exit {
            let message = format!("the agent ended before it was ready: {}", ending(exit, pump.last_words()));
            return Err(WorkError::failed(FailureKind::AgentError, message));
        }
        let left = until.saturating_sub(clock.monotonic());
        if left.is_zero() {
            let message = format!("the agent was not ready within {} s", limit.as_secs());
            return Err(WorkError::failed(FailureKind::Timeout, message));
        }
        match pump.tick(&mut work.desk, left).await? {
            Tick::Progress | Tick::Timeout => {}
            Tick::News => work.desk.refresh().await?,
        }
    }
    Ok(())
}

/// How a process ended, in words, with its last words on standard error.
pub(super) fn ending(exit: &ProcessExit, stderr: &str) -> String {
    let mut text = match (exit.code, exit.signal) {
        (Some(code), _) => format!("it exited with code {code}"),
        (None, Some(signal)) => format!("signal {signal} ended it"),
        (None, None) => "it ended".to_owned(),
    };
    if exit.out_of_memory {
        text.push_str(", because the sandbox's memory was full");
    }
    let said = stderr.trim();
    if !said.is_empty() {
        text.push_str("; it said: ");
        text.push_str(&telecoder_model::text::harmless(said));
    }
    text
}

fn broken(error: &telecoder_model::PortError) -> WorkError {
    WorkError::port(FailureKind::SandboxError, error)
}
