//! Step: the session's workspace, from mirror, base and layer.

use super::{Step, Stopwatch};
use crate::worker::desk::Change;
use crate::worker::failure::WorkError;
use crate::worker::work::Work;
use async_trait::async_trait;
use telecoder_model::event::{EventBody, StepState};
use telecoder_model::policy::WorkspaceRule;
use telecoder_model::port::git::PreparedWorkspace;
use telecoder_model::port::sandbox::Access;
use telecoder_model::refs::Revision;
use telecoder_model::session::FailureKind;

const NAME: &str = "prepare_workspace";

pub(super) struct PrepareWorkspace;

#[async_trait]
impl Step for PrepareWorkspace {
    async fn run(&self, work: &mut Work) -> Result<(), WorkError> {
        if work.desk.run.workspace.is_some() {
            return Ok(());
        }
        let watch = Stopwatch::start(work);
        let prepared = prepare(work).await?;
        record(work, prepared, watch.millis()).await
    }
}

/// What is told with the claim: a first clone may take minutes, and whoever follows shall know what it waits for.
pub(crate) fn announcement(work: &Work) -> Option<EventBody> {
    let wanted = work.desk.run.workspace.is_none() && work.desk.session.repository.is_some();
    wanted.then(|| EventBody::Step {
        step: NAME.to_owned(),
        state: StepState::Started,
        detail: None,
        duration_ms: None,
    })
}

/// Writable for the agent unless the policy says read-only.
pub(super) fn access(work: &Work) -> Access {
    match work.desk.session.policy.workspace {
        WorkspaceRule::ReadOnly => Access::ReadOnly,
        WorkspaceRule::ThrowAway | WorkspaceRule::Keep => Access::ReadWrite,
    }
}

async fn prepare(work: &mut Work) -> Result<PreparedWorkspace, WorkError> {
    let session = &work.desk.session;
    // A session that goes on stays on the commit that it began with.
    let base = match &session.base_commit {
        Some(commit) => Some(Revision::Commit(commit.clone())),
        None => session.base.clone(),
    };
    let workspaces = &work.desk.engine.ports().workspaces;
    workspaces
        .prepare(&session.id, session.repository.as_ref(), base.as_ref(), access(work))
        .await
        .map_err(|error| WorkError::port(FailureKind::SetupError, &error))
}

async fn record(work: &mut Work, prepared: PreparedWorkspace, millis: u64) -> Result<(), WorkError> {
    let mut change = Change::default();
    let detail = prepared.base_commit.as_ref().map(|commit| match &prepared.base_branch {
        Some(branch) => format!("{branch} at {}", commit.short()),
        None => commit.short().to_owned(),
    });
    work.desk.note_step(NAME, StepState::Finished, detail, Some(millis));
    let first = work.desk.session.base_commit.is_none();
    if let (true, Some(commit)) = (first, &prepared.base_commit) {
        change.events.push(EventBody::Git {
            action: "base".to_owned(),
            commit: commit.clone(),
            branch: prepared.base_branch.as_ref().map(ToString::to_string),
            diff: None,
        });
    }
    work.desk.run.workspace = Some(prepared.clone());
    work.desk
        .update(change, |session| {
            if first {
                session.base_commit.clone_from(&prepared.base_commit);
                // What began at no branch is for none: a tag is not one that a pull request could ask for.
                let start = prepared.base_branch.clone().map(Revision::Name);
                let start = start.or_else(|| prepared.base_commit.clone().map(Revision::Commit));
                session.base = start.or(session.base.take());
            }
        })
        .await
}
