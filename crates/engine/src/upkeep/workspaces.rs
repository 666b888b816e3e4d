//! Workspaces after their time, and files of sessions that do not exist (layer 1).

use crate::engine::Engine;
use std::sync::PoisonError;
use telecoder_model::event::{EventBody, StepState};
use telecoder_model::id::SessionId;
use telecoder_model::port::bus::Topic;
use telecoder_model::port::store::{Commit, Hold, Versioned, Write};
use telecoder_model::port::upkeep::KeptSession;
use telecoder_model::session::Session;
use telecoder_model::{ErrorClass, PortError};

/// The step's name in events.
pub(crate) const NAME: &str = "remove_workspace";

pub(super) async fn run(engine: &Engine) -> Result<(), PortError> {
    let kept = engine.ports().upkeep.kept().await?;
    forget_others(engine, &kept);
    for KeptSession { session: id, workspace } in kept {
        let done = match engine.ports().store.session(&id).await? {
            None => orphan(engine, &id).await,
            Some(found) if workspace => old(engine, found).await,
            Some(_) => Ok(()),
        };
        if let Err(error) = done {
            tracing::warn!(session = %id, error = %error.chain(), "its files are left to the next pass");
        }
    }
    Ok(())
}

/// Strangers whose files are gone are no longer remembered.
fn forget_others(engine: &Engine, kept: &[KeptSession]) {
    let mut strangers = engine.upkeep().strangers.lock().unwrap_or_else(PoisonError::into_inner);
    strangers.retain(|id, _| kept.iter().any(|kept| kept.session == *id));
}

/// Removes files that no session knows, once they were seen long enough: a database that was put aside by mistake may come
/// back.
async fn orphan(engine: &Engine, id: &SessionId) -> Result<(), PortError> {
    let now = engine.ports().clock.monotonic();
    let seen = {
        let mut strangers = engine.upkeep().strangers.lock().unwrap_or_else(PoisonError::into_inner);
        *strangers.entry(id.clone()).or_insert(now)
    };
    if now.saturating_sub(seen) < engine.options().orphan_patience {
        return Ok(());
    }
    let _files = engine.upkeep().files.lock().await;
    if engine.ports().store.session(id).await?.is_some() {
        return Ok(());
    }
    tracing::info!(session = %id, "files that no session knows are removed");
    engine.ports().workspaces.remove(id).await
}

async fn old(engine: &Engine, found: Versioned<Session>) -> Result<(), PortError> {
    let age = engine.now().since(found.value.updated_at);
    if found.value.workspace_removed_at.is_some() || age >= engine.options().workspace_retention {
        put_away(engine, found).await?;
    }
    Ok(())
}

/// Removes the workspace of a session that has ended, unless something still works with it; gives whether it is gone. That it
/// goes is recorded first, against the version that was read, so that a message that came meanwhile keeps it.
pub(super) async fn put_away(engine: &Engine, found: Versioned<Session>) -> Result<bool, PortError> {
    let Versioned { value: mut session, version, .. } = found;
    let id = session.id.clone();
    if session.workspace_removed_at.is_none() {
        match engine.ports().store.hold(&id).await? {
            Some(Hold::Active | Hold::Job | Hold::Publishing) => return Ok(false),
            Some(Hold::Decision | Hold::Pull(_)) | None => {}
        }
        let now = engine.now();
        session.workspace_removed_at = Some(now);
        let mut commit = Commit::new(id.clone(), now);
        commit.expect = Some(version);
        commit.events.push(EventBody::Step {
            step: NAME.to_owned(),
            state: StepState::Finished,
            detail: Some("the change and the log are kept".to_owned()),
            duration_ms: None,
        });
        commit.writes.push(Write::Session(Box::new(session)));
        match engine.ports().store.commit(commit).await {
            Ok(_) => {}
            Err(error) if error.class == ErrorClass::Conflict => return Ok(false),
            Err(error) => return Err(error),
        }
        engine.ports().bus.wake(&Topic::Session(id.clone()));
    }
    let _files = engine.upkeep().files.lock().await;
    engine.ports().upkeep.put_away(&id).await?;
    Ok(true)
}
