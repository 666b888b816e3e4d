//! Step: the sandbox. Its reference is stored before anything is made; one that is there already is attached to.

use super::{Step, Stopwatch, prepare_workspace, within};
use crate::worker::attachment::Attachment;
use crate::worker::desk::Change;
use crate::worker::failure::WorkError;
use crate::worker::work::Work;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use telecoder_model::event::StepState;
use telecoder_model::port::agent::{Launch, LaunchRequest};
use telecoder_model::port::gateway::Provider;
use telecoder_model::port::sandbox::{Limits, Listener, Sandbox, SandboxRef, SandboxSpec};
use telecoder_model::session::{FailureKind, Mode};

/// The step's name in events.
pub(crate) const NAME: &str = "create_sandbox";
/// Beyond the policy's time, for start-up, export and a grace.
const SPARE: Duration = Duration::from_secs(15 * 60);
/// How long a chat's sandbox may live.
const CHAT_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
/// Without any attached server for this long, a sandbox ends by itself.
const UNATTENDED: Duration = Duration::from_secs(60 * 60);

pub(super) struct CreateSandbox;

#[async_trait]
impl Step for CreateSandbox {
    async fn run(&self, work: &mut Work) -> Result<(), WorkError> {
        if work.sandbox().is_some() {
            return Ok(());
        }
        let watch = Stopwatch::start(work);
        let found = find(work).await?;
        let sandbox = match found {
            Some(sandbox) => sandbox,
            None => create(work).await?,
        };
        work.attachment = Some(Attachment::new(&work.desk.engine, sandbox));
        // It is told once, in the same transaction as this mark, also where the first worker died before that.
        if !work.desk.run.sandbox_told {
            work.desk.run.sandbox_told = true;
            work.desk.note_step(NAME, StepState::Finished, None, Some(watch.millis()));
        }
        Ok(())
    }
}

/// Attaches to the sandbox that an earlier worker made; clears up what is left of a dead one.
async fn find(work: &mut Work) -> Result<Option<Arc<dyn Sandbox>>, WorkError> {
    let Some(reference) = work.desk.run.sandbox.clone() else {
        return Ok(None);
    };
    let driver = Arc::clone(&work.desk.engine.ports().driver);
    let opened = driver.open(&reference).await.map_err(|error| broken(&error))?;
    if opened.is_some() {
        return Ok(opened);
    }
    discard(work).await?;
    Ok(None)
}

/// Attaches to the sandbox that an earlier worker made, where it lives, to end what is at work in it.
pub(crate) async fn reattach(work: &mut Work) {
    let Some(reference) = work.desk.run.sandbox.clone() else { return };
    match work.desk.engine.ports().driver.open(&reference).await {
        Ok(Some(sandbox)) => work.attachment = Some(Attachment::new(&work.desk.engine, sandbox)),
        Ok(None) => {}
        Err(error) => {
            tracing::info!(sandbox = %reference, error = %error.chain(), "it cannot be attached to")
        }
    }
}

/// Ends the session's sandbox, of which nothing must be left before another one has the same layer.
pub(crate) async fn discard(work: &mut Work) -> Result<(), WorkError> {
    work.pump = None;
    work.attachment = None;
    if let Some(reference) = work.desk.run.sandbox.clone() {
        let driver = Arc::clone(&work.desk.engine.ports().driver);
        driver.destroy(&reference).await.map_err(|error| broken(&error))?;
    }
    forget(work);
    Ok(())
}

/// The processes of a sandbox that is gone are gone with it; what was prompted must be prompted again.
fn forget(work: &mut Work) {
    let run = &mut work.desk.run;
    run.sandbox = None;
    run.agent = None;
    if let Some(turn) = &mut run.turn {
        turn.prompted = false;
        turn.open_calls.clear();
        turn.open_tools.clear();
    }
}

async fn create(work: &mut Work) -> Result<Arc<dyn Sandbox>, WorkError> {
    work.desk.engine.clone().prove().await.map_err(|error| broken(&error))?;
    let launch = launch(work).await?;
    let spec = spec(work, launch)?;
    make(work, spec).await
}

/// Makes a fresh sandbox on the session's layer, from which nothing leads out, in place of the one that was there.
pub(super) async fn for_export(work: &mut Work) -> Result<Arc<dyn Sandbox>, WorkError> {
    discard(work).await?;
    let nothing = Launch {
        argv: Vec::new(),
        env: BTreeMap::new(),
        read_only: Vec::new(),
        home: Vec::new(),
        providers: Vec::new(),
        conversation: serde_json::Value::Null,
    };
    let spec = SandboxSpec { listeners: Vec::new(), lifetime: SPARE, ..spec(work, nothing)? };
    make(work, spec).await
}

async fn make(work: &mut Work, spec: SandboxSpec) -> Result<Arc<dyn Sandbox>, WorkError> {
    let driver = Arc::clone(&work.desk.engine.ports().driver);
    // Never two sandboxes on one layer.
    while let Some(leftover) = work.desk.run.leftover.last().cloned() {
        driver.destroy(&leftover).await.map_err(|error| broken(&error))?;
        work.desk.run.leftover.pop();
    }
    let reference = SandboxRef {
        session: work.desk.session.id.clone(),
        attempt: work.desk.run.sandboxes.saturating_add(1),
        nonce: work.desk.engine.ports().ids.word(8),
    };
    work.desk.run.sandboxes = reference.attempt;
    work.desk.run.sandbox = Some(reference.clone());
    work.desk.run.sandbox_told = false;
    work.desk.run.agent = None;
    work.desk.commit(Change::default()).await?;
    let limit = work.desk.engine.options().startup_timeout;
    match within(work.desk.engine.ports().clock.clone(), limit, driver.create(&reference, &spec)).await {
        Some(made) => made.map_err(|error| broken(&error)),
        None => Err(WorkError::failed(
            FailureKind::Timeout,
            format!("the sandbox was not ready within {} s", limit.as_secs()),
        )),
    }
}

/// How the session's agent is started.
pub(super) async fn launch(work: &mut Work) -> Result<Launch, WorkError> {
    let session = &work.desk.session;
    let request = LaunchRequest {
        agent: session.agent.clone(),
        model: session.model.clone(),
        policy: session.policy.clone(),
        providers: work.desk.engine.ready_providers(),
    };
    let agents = &work.desk.engine.ports().agents;
    agents.launch(&request).await.map_err(|error| WorkError::port(FailureKind::AgentError, &error))
}

fn spec(work: &Work, launch: Launch) -> Result<SandboxSpec, WorkError> {
    let options = work.desk.engine.options();
    let session = &work.desk.session;
    let policy = &session.policy;
    let Some(workspace) = &work.desk.run.workspace else {
        return Err(WorkError::failed(FailureKind::Internal, "there is no workspace"));
    };
    let mut read_only = options.toolchains.clone();
    read_only.extend(launch.read_only);
    Ok(SandboxSpec {
        workspace: workspace.source.clone(),
        access: prepare_workspace::access(work),
        home: options.sessions_dir.join(session.id.as_str()).join("home"),
        home_files: launch.home,
        read_only,
        limits: Limits {
            memory_bytes: policy.memory_bytes,
            cpu_millis: policy.cpu_millis,
            processes: policy.processes,
            ..Limits::default()
        },
        listeners: Provider::ALL
            .into_iter()
            .map(|provider| Listener { name: provider.listener().to_owned(), port: provider.port() })
            .collect(),
        lifetime: match session.mode {
            Mode::Task => policy.time().saturating_add(SPARE),
            Mode::Chat => CHAT_LIFETIME,
        },
        unattended: UNATTENDED,
    })
}

fn broken(error: &telecoder_model::PortError) -> WorkError {
    WorkError::port(FailureKind::SandboxError, error)
}
