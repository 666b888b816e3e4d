//! The last step, whatever the end: the sandbox goes, the job ends. A chat at rest keeps its sandbox until it has been idle
//! long enough.

use crate::worker::desk::Change;
use crate::worker::failure::WorkError;
use crate::worker::work::Work;
use std::sync::Arc;
use telecoder_model::policy::WorkspaceRule;
use telecoder_model::port::store::Write;
use telecoder_model::session::{FailureKind, Move, Status};

/// Releases what the session holds.
pub(crate) async fn run(work: &mut Work) -> Result<(), WorkError> {
    work.desk.clear_up();
    let idle = work.desk.session.status == Status::Idle;
    if idle && !idle_is_over(work) {
        work.pump = None;
        work.attachment = None;
        let not_before = work.desk.session.updated_at.plus(work.desk.engine.options().chat_idle);
        let writes = vec![Write::Enqueue { not_before }, Write::EndJob];
        return work.desk.commit(Change { writes, ..Change::default() }).await;
    }
    work.pump = None;
    work.attachment = None;
    if let Some(reference) = work.desk.run.sandbox.clone() {
        let driver = Arc::clone(&work.desk.engine.ports().driver);
        if let Err(error) = driver.destroy(&reference).await {
            // The sweep goes on trying; the session's work has ended all the same.
            tracing::warn!(sandbox = %reference, error = %error.chain(), "a sandbox could not be removed");
            work.desk.run.leftover.push(reference);
        }
    }
    let run = &mut work.desk.run;
    let writes =
        run.agent.take().map(|agent| Write::DropInputs { process: agent.process, up_to: agent.next_input });
    run.sandbox = None;
    run.asked.clear();
    run.progress_try = 0;
    if work.desk.session.policy.workspace == WorkspaceRule::ThrowAway && run.workspace.take().is_some() {
        let workspaces = Arc::clone(&work.desk.engine.ports().workspaces);
        let thrown = workspaces.discard(&work.desk.session.id).await;
        thrown.map_err(|error| WorkError::port(FailureKind::GitError, &error))?;
    }
    let mut change = Change { writes: writes.into_iter().collect(), ..Change::default() };
    change.writes.push(Write::EndJob);
    if idle {
        return work.desk.go(Move::Hibernate, None, change, |_| {}).await;
    }
    work.desk.commit(change).await
}

fn idle_is_over(work: &Work) -> bool {
    let options = work.desk.engine.options();
    work.desk.engine.now().since(work.desk.session.updated_at) >= options.chat_idle
}
