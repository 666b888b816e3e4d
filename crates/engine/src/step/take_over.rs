//! Step: what the agent changed becomes a commit of the session. Where nothing was written there is no git process; under a
//! throw-away layer the paths are told and nothing is taken.

use super::{Step, Stopwatch, create_sandbox};
use crate::worker::desk::Change;
use crate::worker::failure::WorkError;
use crate::worker::work::Work;
use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use std::sync::Arc;
use std::time::Duration;
use telecoder_model::PortError;
use telecoder_model::event::{EventBody, StepState};
use telecoder_model::fail_point;
use telecoder_model::policy::WorkspaceRule;
use telecoder_model::port::git::CommitRequest;
use telecoder_model::port::sandbox::{OutputStream, ProcessOutput, Sandbox};
use telecoder_model::refs::ObjectId;
use telecoder_model::session::{FailureKind, Status};

const NAME: &str = "take_over";
/// Discarded paths that an event names.
const MAX_PATHS: usize = 200;
/// How long an export may take.
const EXPORT_TIME: Duration = Duration::from_secs(10 * 60);

pub(super) struct TakeOver;

#[async_trait]
impl Step for TakeOver {
    async fn run(&self, work: &mut Work) -> Result<(), WorkError> {
        run(work).await
    }
}

/// Takes the change over.
pub(crate) async fn run(work: &mut Work) -> Result<(), WorkError> {
    if work.desk.run.workspace.is_none() {
        return Ok(());
    }
    match work.desk.session.policy.workspace {
        WorkspaceRule::ReadOnly => Ok(()),
        WorkspaceRule::ThrowAway => tell_discarded(work).await,
        WorkspaceRule::Keep => keep(work).await,
    }
}

async fn tell_discarded(work: &mut Work) -> Result<(), WorkError> {
    let ports = work.desk.engine.ports();
    let layer = ports.workspaces.layer(&work.desk.session.id).await.map_err(|error| git(&error))?;
    if layer.total > 0 {
        work.desk.note(EventBody::FileChange {
            paths: layer.paths.into_iter().take(MAX_PATHS).collect(),
            total: layer.total,
            action: "discarded".to_owned(),
        });
    }
    Ok(())
}

async fn keep(work: &mut Work) -> Result<(), WorkError> {
    let watch = Stopwatch::start(work);
    let id = work.desk.session.id.clone();
    let layer = work.desk.engine.ports().workspaces.layer(&id).await.map_err(|error| git(&error))?;
    if layer.total == 0 && !layer.git_touched && work.desk.session.head.is_none() {
        return Ok(());
    }
    let tree = export(work).await?;
    let words = super::outcome::last_words(work).await?;
    let session = &work.desk.session;
    let request = CommitRequest {
        tree,
        parent: session.head.clone().or_else(|| session.base_commit.clone()),
        message: message(work, &words),
        author: session.requester.clone(),
        at: work.desk.engine.now(),
    };
    let workspaces = Arc::clone(&work.desk.engine.ports().workspaces);
    let head = workspaces.commit(&id, &request).await.map_err(|error| git(&error))?;
    record(work, head, watch.millis()).await
}

async fn record(work: &mut Work, head: ObjectId, millis: u64) -> Result<(), WorkError> {
    let base = work.desk.session.base_commit.clone();
    if Some(&head) == base.as_ref() || Some(&head) == work.desk.session.head.as_ref() {
        return Ok(());
    }
    let diffs = Arc::clone(&work.desk.engine.ports().diffs);
    let summary =
        diffs.summary(&work.desk.session.id, base.as_ref(), &head).await.map_err(|error| git(&error))?;
    let stat = summary.stat;
    work.summary = Some(summary);
    let stopped = work.desk.session.status == Status::Stopped;
    if !stopped {
        work.desk.note_step(NAME, StepState::Finished, None, Some(millis));
    }
    let event = EventBody::Git {
        // After a stop the partial change is only kept: it can be looked at, and nothing more is done with it.
        action: if stopped { "keep" } else { "commit" }.to_owned(),
        commit: head.clone(),
        branch: Some(work.desk.session.branch.to_string()),
        diff: Some(stat),
    };
    work.desk
        .update(Change::events(vec![event]), |session| {
            session.head = Some(head.clone());
            session.diff = Some(stat);
        })
        .await
}

/// The commit's message: the subject that the session's title gives, and a trailer that names the session.
fn message(work: &Work, words: &str) -> String {
    let session = &work.desk.session;
    let subject = match &session.title {
        Some(title) => telecoder_model::text::title(title),
        None if words.trim().is_empty() => telecoder_model::text::title(&session.prompt),
        None => {
            telecoder_model::outcome::derive(
                words,
                &[],
                telecoder_model::session::DiffStat::default(),
                Vec::new(),
            )
            .headline
        }
    };
    format!("{subject}\n\nTeleCoder-Session: {}\n", session.id)
}

/// Exports from the sandbox that is there. Where that is dead, or so full of processes that none can be started, a fresh one
/// takes its place, which sees the same layer and nothing else.
async fn export(work: &mut Work) -> Result<ObjectId, WorkError> {
    if work.sandbox().is_none() {
        create_sandbox::reattach(work).await;
    }
    if let Some(sandbox) = work.sandbox() {
        match export_from(work, &sandbox).await {
            Err(WorkError::Failed(failed)) if failed.kind == FailureKind::SandboxError => {
                tracing::info!(session = %work.desk.session.id, error = failed.message, "the export needs a fresh sandbox");
            }
            other => return other,
        }
    }
    let sandbox = create_sandbox::for_export(work).await?;
    let tree = export_from(work, &sandbox).await?;
    drop(sandbox);
    create_sandbox::discard(work).await?;
    Ok(tree)
}

/// Runs the export inside a sandbox and takes its output in.
async fn export_from(work: &mut Work, sandbox: &Arc<dyn Sandbox>) -> Result<ObjectId, WorkError> {
    work.desk.run.exports = work.desk.run.exports.saturating_add(1);
    // A name that was used may stand for output that was read in part.
    work.desk.commit(Change::default()).await?;
    let session = &work.desk.session;
    let workspaces = Arc::clone(&work.desk.engine.ports().workspaces);
    let spec = workspaces
        .export(&session.id, session.base_commit.as_ref(), work.desk.run.exports)
        .map_err(|error| git(&error))?;
    sandbox.start(&spec).await.map_err(|error| WorkError::port(FailureKind::SandboxError, &error))?;
    fail_point::reach("export.start.after");
    let output = sandbox
        .follow(&spec.id, OutputStream::Stdout, 0)
        .await
        .map_err(|error| WorkError::port(FailureKind::SandboxError, &error))?;
    let output = acknowledged(Arc::clone(sandbox), spec.id.clone(), output);
    let clock = work.desk.engine.ports().clock.clone();
    match super::within(clock, EXPORT_TIME, workspaces.import(&session.id, output)).await {
        Some(tree) => tree.map_err(|error| git(&error)),
        None => Err(WorkError::failed(
            FailureKind::GitError,
            format!("the export of the workspace took longer than {} s", EXPORT_TIME.as_secs()),
        )),
    }
}

/// The bytes of an export; the supervisor may forget what was read, and an exit other than 0 is an error.
fn acknowledged(
    sandbox: Arc<dyn Sandbox>,
    process: telecoder_model::id::ProcessId,
    output: BoxStream<'static, Result<ProcessOutput, PortError>>,
) -> BoxStream<'static, Result<Bytes, PortError>> {
    output
        .filter_map(move |item| {
            let (sandbox, process) = (Arc::clone(&sandbox), process.clone());
            async move {
                match item {
                    Ok(ProcessOutput::Chunk { end, bytes }) => {
                        let done = sandbox.acknowledge(&process, OutputStream::Stdout, end).await;
                        Some(done.map(|()| bytes))
                    }
                    Ok(ProcessOutput::Exit(exit)) if exit.success() => None,
                    Ok(ProcessOutput::Exit(exit)) => Some(Err(PortError::permanent(format!(
                        "the export of the workspace failed inside the sandbox ({})",
                        super::start_agent::ending(&exit, ""),
                    )))),
                    Err(error) => Some(Err(error)),
                }
            }
        })
        .boxed()
}

fn git(error: &PortError) -> WorkError {
    WorkError::port(FailureKind::GitError, error)
}
